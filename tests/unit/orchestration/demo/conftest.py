from pathlib import Path

import duckdb
import pytest

from orchestration.demo import DemoDataMissingError, DemoReport, pos, prepare
from orchestration.demo.faults import FAULTS
from orchestration.demo.package_data import package_file


def _prepared(root: Path, **options) -> DemoReport:
    try:
        package_file("transactions")
    except DemoDataMissingError as error:
        pytest.skip(str(error))
    return prepare(root, **options)


@pytest.fixture(scope="session")
def small_package(tmp_path_factory) -> Path:
    """A package folder with 2,000 made-up baskets of two lines; needs nothing installed."""
    folder = tmp_path_factory.mktemp("package")
    con = duckdb.connect()
    con.execute(
        f"""copy (
            select
                1 + b % 40 as household_id, 300 + b % 3 as store_id, 31000000000 + b as basket_id,
                5000 + (b * p) % 90 as product_id, 1 + b % 2 as quantity,
                round(0.5 + (b * 7 + p) % 900 / 100, 2) as sales_value, 0.0 as retail_disc,
                0.0 as coupon_disc, 0.0 as coupon_match_disc, 1 as week,
                timestamp '2017-01-01 12:00' + to_hours((b * 4.35)::int) as transaction_timestamp
            from range(2000) as b(b), range(1, 3) as p(p)
        ) to '{folder}/transactions.parquet'"""
    )
    con.execute(
        f"copy (select range as product_id from range(5000, 5100)) to '{folder}/products.parquet'"
    )
    return folder


@pytest.fixture
def small(small_package, monkeypatch) -> None:
    """`prepare` reads the small package, and takes a tenth of the time."""
    monkeypatch.setattr(pos, "package_file", lambda name: small_package / f"{name}.parquet")


@pytest.fixture(scope="session")
def clean(tmp_path_factory) -> DemoReport:
    """The demo's landing folder without faults."""
    return _prepared(tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def faulty(tmp_path_factory) -> DemoReport:
    """The demo's landing folder with every fault planted."""
    return _prepared(tmp_path_factory.mktemp("faulty"), faults=tuple(FAULTS))


@pytest.fixture(scope="session")
def tables(clean) -> duckdb.DuckDBPyConnection:
    """The clean files as tables: lines, google, meta, conversions, refunds, leads, deals, costs."""
    con = duckdb.connect()
    for name, read in {
        "lines": "read_parquet('{}/pos/transactions_*.parquet')",
        "google": "read_csv('{}/google_ads/*.csv')",
        "meta": "read_json('{}/meta_ads/*.jsonl')",
        "conversions": "read_csv('{}/attribution/*.csv')",
        "refunds": "read_csv('{}/refunds/*.csv')",
        "leads": "read_csv('{}/crm/leads_*.csv')",
        "deals": "read_csv('{}/crm/deals_*.csv')",
        "costs": "read_csv('{}/finance/product_costs.csv')",
    }.items():
        con.execute(f"create table {name} as select * from {read.format(clean.landing)}")
    con.execute(
        """create table orders as
        select basket_id, timezone('America/New_York', timezone('UTC',
            any_value(transaction_timestamp)))::date as day, sum(sales_value) as amount
        from lines group by basket_id"""
    )
    con.execute(
        """create table ads as
        select date as day, campaign_id, 'search' as channel, impressions, clicks,
            cost_micros / 1e6 as cost, conversions from google
        union all by name
        select date_start as day, campaign_id::bigint as campaign_id,
            if(publisher_platform = 'facebook', 'social', 'display') as channel,
            impressions::bigint as impressions, inline_link_clicks::bigint as clicks,
            spend::double as cost, purchases::bigint as conversions from meta"""
    )
    return con
