"""Generated files show the rates they were calibrated on; the real ones are left as they are."""

import pytest

# what is measured, the query, lowest and highest value that still fits
RATES = [
    ("spend of the year", "select sum(cost) from ads", 237_000, 241_000),
    ("search CPC", "select sum(cost) / sum(clicks) from ads where channel = 'search'", 0.34, 0.36),
    (
        "display CPM",
        "select sum(cost) / sum(impressions) * 1000 from ads where channel = 'display'",
        0.25,
        0.27,
    ),
    (
        "lowest search CTR",
        """select min(r) from (select sum(clicks) / sum(impressions) as r from ads
        where channel = 'search' group by campaign_id)""",
        0.02,
        0.04,
    ),
    (
        "highest search CTR",
        """select max(r) from (select sum(clicks) / sum(impressions) as r from ads
        where channel = 'search' group by campaign_id)""",
        0.02,
        0.04,
    ),
    (
        "lowest display CTR",
        """select min(r) from (select sum(clicks) / sum(impressions) as r from ads
        where channel = 'display' group by campaign_id)""",
        0.004,
        0.007,
    ),
    (
        "highest display CTR",
        """select max(r) from (select sum(clicks) / sum(impressions) as r from ads
        where channel = 'display' group by campaign_id)""",
        0.004,
        0.007,
    ),
    (
        "spend of Saturdays against Tuesdays",
        """select sum(cost) filter (isodow(day) = 6) / sum(cost) filter (isodow(day) = 2)
        from ads""",
        1.08,
        1.25,
    ),
    (
        "attributed revenue per spend",
        """select (select sum(amount) from orders inner join conversions using (basket_id))
        / (select sum(cost) from ads)""",
        3.0,
        5.0,
    ),
    (
        "refunded baskets",
        """select (select count(distinct basket_id) from refunds)
        / (select count(distinct basket_id) from lines)""",
        0.03,
        0.04,
    ),
    (
        "first day of a refund",
        "select min(refund_date - day) from refunds inner join orders using (basket_id)",
        1,
        1,
    ),
    (
        "last day of a refund",
        "select max(refund_date - day) from refunds inner join orders using (basket_id)",
        21,
        21,
    ),
    (
        "lead-to-deal rate",
        "select (select count(*) from deals) / (select count(*) from leads)",
        0.104,
        0.106,
    ),
    (
        "median days to win",
        "select median(won_on - created_on) from deals inner join leads using (lead_id)",
        14,
        14,
    ),
    (
        "cost share of sales",
        """select sum(quantity * unit_cost) / sum(sales_value)
        from lines inner join costs using (product_id)""",
        0.65,
        0.75,
    ),
]

# what would be wrong, and the query that counts it
WRONG = [
    (
        "a refund above its line",
        """select count(*) from (select basket_id, product_id, sum(amount) as back from refunds
        group by all) as r left join lines as l using (basket_id, product_id)
        where l.basket_id is null or r.back > l.sales_value + 1e-9""",
    ),
    ("a refund of nothing", "select count(*) from refunds where amount <= 0"),
    (
        "a refund of fuel",
        """select count(*) from refunds inner join lines using (basket_id, product_id)
        where quantity > 100""",
    ),
    ("a basket attributed twice", "select count(*) - count(distinct basket_id) from conversions"),
    (
        "a conversion on another day than its order",
        """select count(*) from conversions left join orders using (basket_id)
        where day is distinct from conversion_date or click_date > conversion_date""",
    ),
    (
        "a platform's conversions unlike the conversion export",
        """select count(*) from ads full join (select conversion_date as day, campaign_id,
        count(*) as n from conversions group by all) using (day, campaign_id)
        where coalesce(conversions, 0) <> coalesce(n, 0)""",
    ),
    ("more clicks than impressions", "select count(*) from ads where clicks > impressions"),
    ("a day without a campaign", "select 365 * 10 - count(*) from ads where impressions > 0"),
    ("a day without leads", "select 365 - count(distinct created_on) from leads"),
    (
        "a deal before its lead",
        """select count(*) from deals left join leads using (lead_id)
        where created_on is null or won_on < created_on""",
    ),
    ("a lead won twice", "select count(*) - count(distinct lead_id) from deals"),
    (
        "something dated after 2017",
        """select count(*) from (select refund_date as d from refunds union all select won_on
        from deals union all select conversion_date from conversions union all select day from ads
        union all select created_on from leads) where d > '2017-12-31' or d < '2017-01-01'""",
    ),
    (
        "a paid line without a unit cost",
        """select count(*) from lines anti join costs using (product_id)
        where sales_value > 0 and quantity > 0""",
    ),
]


def value(tables, query):
    return tables.execute(query).fetchone()[0]


@pytest.mark.parametrize(
    ("query", "low", "high"), [r[1:] for r in RATES], ids=[r[0] for r in RATES]
)
def test_a_rate_lies_where_it_was_calibrated(tables, query, low, high):
    assert low <= value(tables, query) <= high


@pytest.mark.parametrize("query", [w[1] for w in WRONG], ids=[w[0] for w in WRONG])
def test_it_never_happens_that(tables, query):
    assert value(tables, query) == 0


@pytest.mark.parametrize(
    "table", ["google", "meta", "conversions", "refunds", "leads", "deals", "costs"]
)
def test_every_generated_row_says_synthetic(tables, table):
    assert value(tables, f"select count(*) from {table} where synthetic is not true") == 0
    assert value(tables, f"select count(*) from {table}") > 0


def test_the_till_holds_the_packages_sales_to_the_cent(tables):
    sums = "select count(*), sum(sales_value::decimal(12, 2)), sum(quantity) from lines"
    lines, amount, quantity = tables.execute(sums).fetchone()
    assert (lines, str(amount), quantity) == (1_469_307, "4596039.58", 152_923_108)


def test_the_till_writes_one_file_per_utc_month(tables, clean):
    files = sorted(p.name for p in (clean.landing / "pos").glob("transactions_*"))
    months = [f"2017-{month:02d}" for month in range(1, 13)] + ["2018-01"]
    assert files == [f"transactions_{month}.parquet" for month in months]


def test_every_local_day_but_christmas_has_sales(tables):
    missing = tables.execute(
        """select d::date from generate_series(date '2017-01-01', date '2017-12-31', interval 1 day)
        as s(d) anti join orders on orders.day = d::date"""
    ).fetchall()
    assert [str(day) for (day,) in missing] == ["2017-12-25"]
