"""The counts behind the verdicts on keys, against pandas on random rows."""

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from small_warehouse import Warehouse, dataset, kpi, project

from expectations.key_facts import write_key_facts

CLOCK = dt.date(2017, 3, 4)
DAYS = st.one_of(st.none(), st.dates(dt.date(2017, 3, 1), dt.date(2017, 3, 6)))
KEYS = st.sampled_from([1, 2, 3, 4, None])
facts = st.lists(st.tuples(DAYS, KEYS, st.sampled_from(["a", "b", None])), max_size=20)
customers = st.lists(KEYS, max_size=6)

JOINS = [{"model": "dim_customer", "on": {"customer": "id"}, "dimensions": ["region"]}]
SPECS = project(
    kpis=[kpi(grain=[[], ["region"]])],
    datasets=[dataset(key=["customer", "line"], joins=JOINS)],
)
SHOP = Warehouse(SPECS, CLOCK)
SHOP.con.execute("create table marts.fct_sales (day date, customer int, line varchar)")
SHOP.con.execute("create table marts.dim_customer (id int, region varchar)")
SHOP.con.execute("create temp table spec_clock as select date '2017-03-04' as as_of")


def _counted(sold: list, known: list) -> None:
    for table, rows in (("fct_sales", sold), ("dim_customer", [(key, "x") for key in known])):
        SHOP.con.execute(f"delete from marts.{table}")
        for row in rows:
            marks = ", ".join("?" * len(row))
            SHOP.con.execute(f"insert into marts.{table} values ({marks})", row)
    write_key_facts(SHOP.con, SPECS, ["revenue"])


def _seen(sold: list) -> pd.DataFrame:
    frame = pd.DataFrame(sold, columns=["day", "customer", "line"], dtype=object)
    return frame.loc[[day is not None and day <= CLOCK for day in frame["day"]]]


@settings(max_examples=60, deadline=None)
@given(facts, customers)
def test_rows_that_share_a_key_are_those_that_pandas_finds(sold, known):
    _counted(sold, known)
    seen = _seen(sold)
    # Compared as texts: to pandas, too, an empty part is then like another empty one.
    shared = seen[seen[["customer", "line"]].astype(str).duplicated(keep=False)]
    found = SHOP.con.execute("select business_date, row_count from duplicate_days").fetchall()
    assert dict(found) == shared.groupby("day").size().to_dict()


@settings(max_examples=60, deadline=None)
@given(facts, customers)
def test_rows_before_and_after_a_join_are_those_of_a_loop(sold, known):
    _counted(sold, known)
    expected: dict[dt.date, list[int]] = {}
    for day, customer, _ in _seen(sold).itertuples(index=False):
        matches = 0 if customer is None else known.count(customer)
        before, after, unmatched, doubled = expected.get(day, [0, 0, 0, 0])
        expected[day] = [
            before + 1, after + max(matches, 1), unmatched + (matches == 0), doubled + (matches > 1)
        ]  # fmt: skip
    found = SHOP.con.execute(
        "select business_date, rows_before, rows_after, unmatched, doubled from join_days"
    ).fetchall()
    assert {day: list(counts) for day, *counts in found} == expected


def test_keys_may_be_called_like_what_is_counted():
    """Two rows share the key (5, 7), on two days; 7 stands twice in the joined table."""
    joins = [{"model": "dim_shelf", "on": {"matches": "matches"}, "dimensions": ["region"]}]
    specs = project(
        kpis=[kpi(grain=[[], ["region"]])],
        datasets=[dataset(key=["business_date", "matches"], joins=joins)],
    )
    warehouse = Warehouse(specs, CLOCK)
    warehouse.con.execute(
        "create table marts.fct_sales as select * from (values (date '2017-03-01', 5, 7), "
        "(date '2017-03-02', 5, 7), (date '2017-03-02', 6, 7)) as t(day, business_date, matches)"
    )
    warehouse.con.execute(
        "create table marts.dim_shelf as select 7 as matches, 'n' as region union all select 7, 's'"
    )
    warehouse.con.execute("create temp table spec_clock as select date '2017-03-04' as as_of")
    write_key_facts(warehouse.con, specs, ["revenue"])
    counted = "select business_date, row_count, example from duplicate_days order by 1"
    assert warehouse.con.execute(counted).fetchall() == [
        (dt.date(2017, 3, 1), 1, "5, 7"),
        (dt.date(2017, 3, 2), 1, "5, 7"),
    ]
    joined = "select business_date, rows_before, rows_after, doubled from join_days order by 1"
    assert warehouse.con.execute(joined).fetchall() == [
        (dt.date(2017, 3, 1), 1, 2, 1),
        (dt.date(2017, 3, 2), 2, 4, 2),
    ]
