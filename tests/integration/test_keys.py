"""Keys that do not hold, on the shop: what is published, for which periods, and who is told."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.copies import kpi
from tests.shop import FEBRUARY, JANUARY, make_shop, monthly, published

pytestmark = pytest.mark.integration

CUSTOMERS = "landing/customers.csv"
KNOWN = "customer,region\nanna,north\nben,south\n"
SOURCE = """\
source: customers
title: {en: Customer list}
owner: ads_team
kind: files
path: landing/customers*.csv
format: csv
columns:
  customer: {type: text, required: true}
  region: {type: text}
key: [customer]
"""
JOIN = """\
dimensions: [channel]
joins:
  - {model: dim_customer, on: {customer: customer}, dimensions: [region], source: customers}
"""
COLUMNS = """\
  - name: dim_customer
    description: One row per customer.
    columns:
      - {name: customer, data_type: varchar}
      - {name: region, data_type: varchar}
"""


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file.name}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def shop_with_customers(root: Path, customers: str) -> Path:
    """The shop, its revenue also by the region of the customer."""
    make_shop(root)
    (root / CUSTOMERS).write_text(customers, encoding="utf-8")
    (root / "kpi_specs/sources/customers.yml").write_text(SOURCE, encoding="utf-8")
    marts = root / "dbt_project/models/marts"
    (marts / "dim_customer.sql").write_text(
        "select customer, region from {{ source('raw', 'customers') }}\n", encoding="utf-8"
    )
    _change(marts / "marts.yml", "  - name: fct_ads\n", COLUMNS + "  - name: fct_ads\n")
    sources = root / "dbt_project/models/staging/sources.yml"
    _change(sources, "{name: ads}", "{name: ads}, {name: customers}")
    orders = root / "kpi_specs/datasets/orders.yml"
    _change(orders, "dimensions: [channel]\n", JOIN)
    _change(orders, "sources: [orders]", "sources: [orders, customers]")
    revenue = root / "kpi_specs/kpis/sales/revenue.yml"
    _change(revenue, "grain: [[], [channel]]", "grain: [[], [channel], [region]]")
    return root


def run(root: Path) -> None:
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr


def incidents(root: Path) -> list[tuple[str, ...]]:
    found = json.loads(kpi(root, "alerts", "--json").stdout)["incidents"]
    return [(one["reason_code"], one["root"], one["owner"]) for one in found]


def test_a_customer_who_stands_twice_takes_the_periods_of_that_customer(tmp_path):
    # cem buys once, on 10 February for 20.00, and is listed in two regions.
    twice = KNOWN + "cem,north\ncem,south\n"
    root = shop_with_customers(tmp_path / "shop", twice)
    _change(root / FEBRUARY, "2024-02-10,anna,web", "2024-02-10,cem,web")
    run(root)

    # By hand: joined to the list as it is, February's 870.00 become 890.00.
    with duckdb.connect(str(root / "var/warehouse.duckdb"), read_only=True) as con:
        joined = con.execute(
            "select month(order_date), cast(sum(amount) as double) from marts.fct_orders "
            "join marts.dim_customer using (customer) group by all order by all"
        ).fetchall()
        assert joined == [(1, 930.0), (2, 890.0)]
        # What was computed multiplies nothing; it is withheld all the same.
        computed = con.execute(
            "select slice_value, value from kpi.kpi_revenue "
            "where period = '2024-02' and slice in ('total', 'region') order by all"
        ).fetchall()
        assert computed == [("(none)", 20.0), ("north", 560.0), ("south", 290.0), ("total", 870.0)]

    months = monthly(root, "revenue")
    both = "DUPLICATE_KEYS,JOIN_FANOUT"
    assert months["2024-01"] == (930.0, "final", "")
    assert months["2024-02"] == (None, "unmeasurable", both)
    assert monthly(root, "average_order_value")["2024-02"] == (15.0, "final", "")
    assert monthly(root, "revenue_growth")["2024-02"][2] == "UPSTREAM_UNMEASURABLE"
    slices = published(
        root,
        "select slice_value, value, data_status from kpi_values where kpi = 'revenue' "
        "and period = '2024-01' and slice = 'region' order by slice_value",
    )
    assert slices == [
        ("(none)", None, "unmeasurable"), ("north", 620.0, "final"), ("south", 310.0, "final"),
    ]  # fmt: skip
    lost = published(
        root,
        "select distinct period, reason from kpi_values where kpi = 'revenue' "
        f"and cadence = 'daily' and reason_codes = '{both}'",
    )
    assert lost == [
        (
            "2024-02-10",
            "1 of 2 rows of orders on the days that this value rests on meet more than one row of "
            "dim_customer (e.g. customer cem), where one is expected.",
        )
    ]
    assert ("DUPLICATE_KEYS", "model:dim_customer", "ads_team") in incidents(root)

    (root / CUSTOMERS).write_text(KNOWN + "cem,north\n", encoding="utf-8")
    run(root)
    assert monthly(root, "revenue")["2024-02"] == (870.0, "final", "")
    assert "DUPLICATE_KEYS" not in {code for code, _, _ in incidents(root)}


def test_a_customer_list_that_never_came_takes_only_what_is_sliced_by_it(tmp_path):
    root = shop_with_customers(tmp_path / "shop", KNOWN)
    (root / CUSTOMERS).unlink()
    orders = root / "kpi_specs/datasets/orders.yml"
    _change(orders, "sources: [orders, customers]", "sources: [orders]")
    run(root)
    assert monthly(root, "revenue")["2024-02"] == (None, "unmeasurable", "SOURCE_MISSING")
    assert monthly(root, "revenue_growth")["2024-02"] == (None, "unmeasurable", "SOURCE_MISSING")
    assert monthly(root, "average_order_value")["2024-02"] == (15.0, "final", "")
    assert monthly(root, "cost_per_order")["2024-01"] == (31 * 5 / 62, "final", "")
    assert incidents(root) == [("SOURCE_MISSING", "source:customers", "ads_team")]

    (root / CUSTOMERS).write_text(KNOWN, encoding="utf-8")
    run(root)
    assert monthly(root, "revenue")["2024-02"] == (870.0, "final", "")
    assert monthly(root, "average_order_value")["2024-02"] == (15.0, "final", "")


def shop_with_an_order_twice(root: Path) -> Path:
    """The shop's staging keeps one row of an order; here the mart takes what comes."""
    make_shop(root)
    staged = root / "dbt_project/models/staging/stg_orders__orders.sql"
    text = staged.read_text(encoding="utf-8")
    staged.write_text(text[: text.index("qualify")], encoding="utf-8")
    with (root / JANUARY).open("a", encoding="utf-8") as file:
        file.write("0,2024-01-01,anna,web,20.00\n")
    return root


def test_an_order_that_stands_twice_takes_its_month_and_no_other(tmp_path):
    root = shop_with_an_order_twice(tmp_path / "shop")
    run(root)
    for name, february in (("revenue", 870.0), ("average_order_value", 15.0)):
        months = monthly(root, name)
        assert months["2024-01"] == (None, "unmeasurable", "DUPLICATE_KEYS"), name
        assert months["2024-02"] == (february, "final", ""), name
    (reason,) = published(
        root,
        "select reason from kpi_values where kpi = 'revenue' and period = '2024-01' "
        "and slice = 'total'",
    )[0]
    assert reason == (
        "Every row of orders should have its own order_id; rows of the days that this value rests "
        "on which share it with another row: 2 (e.g. 0)."
    )
    assert incidents(root) == [("DUPLICATE_KEYS", "dataset:orders", "ops")]


def test_a_key_that_stands_twice_in_a_mart_and_in_one_that_is_made_from_it_is_one_alert(tmp_path):
    root = shop_with_an_order_twice(tmp_path / "shop")
    marts, specs = root / "dbt_project/models/marts", root / "kpi_specs"
    (marts / "fct_web_orders.sql").write_text(
        "select * from {{ ref('fct_orders') }} where channel = 'web'\n", encoding="utf-8"
    )
    described = (marts / "marts.yml").read_text(encoding="utf-8")
    of_orders = described[
        described.index("  - name: fct_orders") : described.index("  - name: fct_ads")
    ]
    with (marts / "marts.yml").open("a", encoding="utf-8") as file:
        file.write(of_orders.replace("fct_orders", "fct_web_orders"))
    for file in ("datasets/orders.yml", "kpis/sales/revenue.yml"):
        text = (specs / file).read_text(encoding="utf-8")
        for old in ("dataset: orders", "model: fct_orders", "kpi: revenue"):
            text = text.replace(old, old.replace("orders", "web_orders").replace("rev", "web_rev"))
        spec = specs / file
        spec.with_stem(f"web_{spec.stem}").write_text(text, encoding="utf-8")
    run(root)
    assert monthly(root, "web_revenue")["2024-01"] == (None, "unmeasurable", "DUPLICATE_KEYS")
    found = json.loads(kpi(root, "alerts", "--json").stdout)["incidents"]
    assert [(one["reason_code"], one["root"], one["owner"]) for one in found] == [
        ("DUPLICATE_KEYS", "dataset:orders", "ops")
    ]
    assert {"revenue", "web_revenue"} <= set(found[0]["kpis"])
