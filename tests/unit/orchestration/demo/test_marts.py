"""The demo's staging and marts on a few rows with every trap in them; results worked out by hand.

household 1: basket 11 (31 Dec 2016, 23:30 in New York), 12 (10 Mar), 13 (two lines, 10 Mar)
household 2: basket 21 (fuel), at the moment daylight saving starts
campaigns: 7 (search, restated later), 8 (social), 9 (orders, but no ad row)
"""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from kpi_specs.language import load_project
from kpi_specs.language.dbt_columns import declared_columns
from orchestration.ingest.audit import ensure_schemas
from orchestration.ingest.tables import ensure_table
from orchestration.paths import ProjectPaths
from orchestration.transform import run_models
from orchestration.transform.calendar import write_calendar
from tests.copies import REPOSITORY, copy_project

pytestmark = pytest.mark.integration

D = dt.date
FIRST, LATER = "2018-01-01 06:00", "2018-01-02 06:00"

# source -> columns, rows; the last three values of a row: file, line, load time
RAW = {
    "pos_transactions": (
        "household_id, store_id, basket_id, product_id, quantity, sales_value, retail_disc, "
        "coupon_disc, coupon_match_disc, transaction_timestamp",
        [
            (1, 31, 11, 501, 2, 4.00, 0.50, 0, 0, "2017-01-01 04:30", "a", 1, FIRST),
            (1, 31, 13, 501, 1, 2.00, 0, 0, 0, "2017-03-10 15:00", "a", 2, FIRST),
            (1, 31, 13, 502, 3, 9.99, 1.00, 0.75, 0.25, "2017-03-10 15:00", "a", 3, FIRST),
            (1, 32, 12, 501, 1, 2.00, 0, 0, 0, "2017-03-10 14:00", "a", 4, FIRST),
            (2, 33, 21, 900, 9500, 25.00, 0, 0, 0, "2017-03-12 06:59", "a", 5, FIRST),
            (1, 31, 11, 501, 2, 4.00, 0.50, 0, 0, "2017-01-01 04:30", "b", 1, FIRST),
        ],
    ),
    "products": (
        "product_id, department, brand",
        [(501, "GROCERY", "National", "p", 1, FIRST), (502, None, "Private", "p", 2, FIRST)],
    ),
    "product_costs": ("product_id, unit_cost, currency", [(501, 1.25, "USD", "c", 1, FIRST)]),
    "ad_google": (
        "date, campaign_id, campaign_name, advertising_channel_type, currency_code, impressions, "
        "clicks, cost_micros, conversions",
        [
            ("2017-03-10", 7, "Brand", "SEARCH", "USD", 100, 4, 1_230_000, 1, "g1", 1, LATER),
            ("2017-03-11", 7, "Brand", "SEARCH", "USD", 90, 3, None, 0, "g1", 2, FIRST),
            ("2017-03-10", 7, "Brand 2", "SEARCH", "USD", 100, 4, 1_500_000, 1, "g2", 1, FIRST),
        ],
    ),
    "ad_meta": (
        "date_start, campaign_id, campaign_name, publisher_platform, account_currency, "
        "impressions, inline_link_clicks, spend, purchases",
        [
            ("2017-03-10", 8, "Loyalty", "facebook", None, 50, 1, 0.70, 0, "m", 1, FIRST),
            ("2017-03-10", 6, "Flyer", "audience_network", "USD", 9, 0, 0.10, 0, "m", 2, FIRST),
        ],
    ),
    "ad_conversions": (
        "conversion_id, conversion_date, click_date, campaign_id, basket_id",
        [
            ("c1", "2017-03-10", "2017-03-08", 8, 13, "v", 1, FIRST),
            ("c2", "2017-03-10", "2017-03-09", 7, 13, "v", 2, FIRST),
            ("c3", "2017-03-12", "2017-03-12", 9, 21, "v", 3, FIRST),
        ],
    ),
    "refunds": (
        "refund_id, refund_date, basket_id, product_id, amount, reason",
        [
            ("r1", "2017-04-01", 13, 502, 3.33, None, "r", 1, FIRST),
            ("r2", "2017-04-01", 99, 501, 1.00, "damaged", "r", 2, FIRST),
        ],
    ),
    "crm_leads": (
        "lead_id, created_on, origin",
        [
            ("l1", "2017-01-05", "social", "l", 1, FIRST),
            ("l2", "2017-01-06", None, "l", 2, FIRST),
        ],
    ),
    "crm_deals": (
        "deal_id, lead_id, won_on, amount",
        [
            ("d1", "l1", "2017-02-01", 900, "d", 1, FIRST),
            ("d2", "l1", "2017-01-19", 500, "d", 2, FIRST),
        ],
    ),
    "customer_survey": ("response_id, responded_on, household_id, score", []),
}

CASES = {
    "an order at 23:30 in New York belongs to that day, one before the clock change to its own": (
        "select basket_id, order_date from fct_order_lines order by all",
        [
            (11, D(2016, 12, 31)),
            (12, D(2017, 3, 10)),
            (13, D(2017, 3, 10)),
            (13, D(2017, 3, 10)),
            (21, D(2017, 3, 12)),
        ],
    ),
    "a line delivered in two files counts once": (
        "select count(*), sum(gross_amount) from fct_order_lines",
        [(5, Decimal("42.99"))],
    ),
    "fuel has an amount but no units": (
        "select is_fuel, sum(unit_quantity), sum(gross_amount) from fct_order_lines group by all"
        " order by all",
        [(False, 7, Decimal("17.99")), (True, 0, Decimal("25.00"))],
    ),
    "list price is what the shelf said": (
        "select gross_amount, discount_amount, list_amount, coupon_amount from fct_order_lines"
        " where product_id = 502",
        [(Decimal("9.99"), Decimal("1.25"), Decimal("11.24"), Decimal("0.75"))],
    ),
    "a refund keeps its own date, also without its order": (
        "select refund_id, refund_date, order_date, days_to_refund, refund_reason"
        " from fct_refunds order by all",
        [
            ("r1", D(2017, 4, 1), D(2017, 3, 10), 22, "unknown"),
            ("r2", D(2017, 4, 1), None, None, "damaged"),
        ],
    ),
    "net sales are sales on the order's day less refunds on the refund's": (
        "select business_date, entry_type, sum(amount) from fct_net_sales group by all"
        " order by all",
        [
            (D(2016, 12, 31), "sale", Decimal("4.00")),
            (D(2017, 3, 10), "sale", Decimal("13.99")),
            (D(2017, 3, 12), "sale", Decimal("25.00")),
            (D(2017, 4, 1), "refund", Decimal("-4.33")),
        ],
    ),
    "a file of a later name restates, micros become money, and unknown cost stays unknown": (
        "select ad_date, channel, campaign, currency, impressions, clicks, spend"
        " from fct_ad_performance order by all",
        [
            (D(2017, 3, 10), "display", "Flyer", "USD", 9, 0, Decimal("0.1")),
            (D(2017, 3, 10), "search", "Brand 2", "USD", 100, 4, Decimal("1.5")),
            (D(2017, 3, 10), "social", "Loyalty", "unknown", 50, 1, Decimal("0.7")),
            (D(2017, 3, 11), "search", "Brand", "USD", 90, 3, None),
        ],
    ),
    "a basket that two campaigns claim counts once, for the last click": (
        "select basket_id, campaign_id, gross_amount from fct_attributed_orders order by all",
        [(13, 7, Decimal("11.99")), (21, 9, Decimal("25.00"))],
    ),
    "orders without an ad row count, at unknown cost": (
        "select ad_date, channel, campaign_id, ad_cost, attributed_orders, attributed_revenue"
        " from fct_ad_attribution order by 1, 3",
        [
            (D(2017, 3, 10), "display", 6, Decimal("0.1"), 0, Decimal("0")),
            (D(2017, 3, 10), "search", 7, Decimal("1.5"), 1, Decimal("11.99")),
            (D(2017, 3, 10), "social", 8, Decimal("0.7"), 0, Decimal("0")),
            (D(2017, 3, 11), "search", 7, None, 0, Decimal("0")),
            (D(2017, 3, 12), "unknown", 9, None, 1, Decimal("25.00")),
        ],
    ),
    "cost of goods is per line, and lines without a known cost are counted": (
        "select campaign_id, attributed_cost_of_goods, lines_without_cost from fct_ad_returns"
        " where attributed_orders > 0 order by all",
        [(7, Decimal("1.25"), 1), (9, Decimal("0"), 1)],
    ),
    "a campaign carries its newest name": (
        "select campaign_id, campaign, channel, first_ad_date, last_ad_date from dim_campaign"
        " where campaign_id = 7",
        [(7, "Brand", "search", D(2017, 3, 10), D(2017, 3, 11))],
    ),
    "a lead without an origin comes from somewhere unknown": (
        "select lead_id, created_on, origin from fct_leads order by all",
        [("l1", D(2017, 1, 5), "social"), ("l2", D(2017, 1, 6), "unknown")],
    ),
    "each deal knows when its lead began": (
        "select deal_id, origin, created_on, won_on from fct_deals order by all",
        [
            ("d1", "social", D(2017, 1, 5), D(2017, 2, 1)),
            ("d2", "social", D(2017, 1, 5), D(2017, 1, 19)),
        ],
    ),
    "a product without a department is in the catalogue all the same": (
        "select product_id, department, brand from dim_product order by all",
        [(501, "GROCERY", "National"), (502, None, "Private")],
    ),
    "the survey is empty, and there": ("select count(*) from fct_survey_responses", [(0,)]),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A copy of the demo project with the rows above in its raw tables, and its marts built."""
    folder = copy_project(REPOSITORY, tmp_path_factory.mktemp("marts"))
    project = load_project(folder).project
    assert project is not None
    paths = ProjectPaths(folder)
    paths.var.mkdir()
    with duckdb.connect(str(paths.warehouse)) as con:
        ensure_schemas(con)
        write_calendar(con, project, D(2018, 1, 1))
        for name, source in project.sources.items():
            ensure_table(con, source)
            columns, rows = RAW[name]
            for row in rows:
                con.execute(
                    f"insert into raw.{name} ({columns}, _file, _line, _loaded_at) "
                    f"values ({', '.join('?' * len(row))})",
                    row,
                )
    results = run_models(paths, select=["path:models/staging", "path:models/marts"])
    assert [r for r in results if r.status != "success"] == []
    return folder


@pytest.fixture(scope="module")
def marts(root):
    with duckdb.connect(str(ProjectPaths(root).warehouse), read_only=True) as con:
        con.execute("set schema = 'marts'")
        yield con


@pytest.mark.parametrize(("query", "rows"), CASES.values(), ids=CASES.keys())
def test_in_the_marts(marts, query, rows):
    assert marts.execute(query).fetchall() == rows


def test_the_declared_columns_are_those_of_the_warehouse(marts, root):
    declared, problems = declared_columns(root)
    built = marts.execute(
        "select table_name, column_name, lower(data_type) from information_schema.columns"
        " where table_schema in ('staging', 'marts')"
    ).fetchall()
    assert problems == []
    assert {(m, c, t) for m, columns in declared.items() for c, t in columns.items()} == set(built)


def test_no_dimension_is_ever_null(marts, root):
    project = load_project(root).project
    assert project is not None
    for dataset in project.datasets.values():
        for column in dataset.own_dimensions:
            query = f"select count(*) from {dataset.model} where {column} is null"
            assert marts.execute(query).fetchone() == (0,), f"{dataset.model}.{column}"
