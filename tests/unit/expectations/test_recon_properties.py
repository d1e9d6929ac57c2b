"""Whatever a mart loses or makes up, the days that differ are those that plain Python finds."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from small_warehouse import DAY, Warehouse, dataset, project, source

from expectations.day_facts import write_day_facts
from expectations.missing import Preflight
from expectations.recon_facts import compare_amounts, write_recon_facts
from expectations.sql import write_temp

FIRST = dt.date(2017, 3, 1)
AS_OF = dt.date(2017, 3, 6)  # days 7 and 8 are after the clock
NOTHING_MISSING = Preflight({}, {}, {}, frozenset(), frozenset())

days = st.integers(0, 7).map(lambda n: FIRST + n * DAY)
cents = st.integers(-500, 500).map(lambda n: Decimal(n) / 100)
# id -> its rows by file: what b.csv says of an order holds.
orders = st.dictionaries(
    st.integers(1, 8),
    st.dictionaries(st.sampled_from(["a.csv", "b.csv"]), st.tuples(days, cents), min_size=1),
    min_size=1,
)
marts = st.lists(st.tuples(st.integers(1, 99), days, cents), max_size=3)  # rows made up


@settings(max_examples=60, deadline=None)
@given(
    raw=orders, lost=st.sets(st.integers(1, 8)), made_up=marts, tolerance=st.sampled_from([0, 1.5])
)
def test_days_and_amounts_that_differ_are_found_and_no_others(raw, lost, made_up, tolerance):
    held = {number: files[max(files)] for number, files in raw.items()}
    mart = [(n, *row) for n, row in held.items() if n not in lost] + made_up
    found = _differences(raw, mart, tolerance)

    raw_sum, mart_sum = _by_day(held.values()), _by_day(row[1:] for row in mart)
    raw_days = {day for day in raw_sum if day <= AS_OF}
    mart_days = {day for day in mart_sum if day <= AS_OF}
    seen = {d for row in raw.values() for d, _ in row.values() if d <= AS_OF}  # of all files
    beyond = {d for d in mart_days if seen and not min(seen) <= d <= max(seen)}
    apart = {
        day
        for day in raw_days | mart_days
        if abs(mart_sum.get(day, Decimal()) - raw_sum.get(day, Decimal())) > Decimal(str(tolerance))
    }
    assert found == {("rows", d) for d in (raw_days - mart_days) | beyond} | {
        ("sum of amount", d) for d in apart
    }


def _by_day(rows) -> dict[dt.date, Decimal]:
    sums: dict[dt.date, Decimal] = defaultdict(Decimal)
    for day, amount in rows:
        sums[day] += amount
    return sums


def _differences(raw, mart, tolerance) -> set[tuple[str, dt.date]]:
    amounts = {"raw": {"sum": "amount"}, "mart": {"sum": "amount"}, "tolerance": tolerance}
    columns = {
        "day": {"type": "date"},
        "id": {"type": "integer"},
        "amount": {"type": "decimal(9,2)"},
    }
    shop = Warehouse(
        project(
            kpis=[],
            sources=[source(columns=columns, key=["id"])],
            datasets=[dataset(key=["id"], reconcile={"measures": [amounts]})],
        ),
        AS_OF,
    )
    shop.fill_source(on=[], columns="day date, id integer, amount decimal(9,2)")
    for number, files in raw.items():
        for file, (day, amount) in files.items():
            shop.con.execute(
                "insert into raw.till by name select ? as day, ? as id, ?::decimal(9,2) as amount, "
                "? as _file",
                [day, number, str(amount), file],
            )
    shop.con.execute("create table marts.fct_sales (id integer, day date, amount decimal(9,2))")
    for number, day, amount in mart:
        shop.con.execute("insert into marts.fct_sales values (?, ?, ?)", [number, day, str(amount)])
    write_temp(shop.con, "spec_clock", "as_of date, history_from date", [(AS_OF, FIRST)])
    write_day_facts(shop.con, shop.project)
    assert compare_amounts(shop.con, shop.project, NOTHING_MISSING) == {}
    write_recon_facts(shop.con, shop.project)
    found = shop.con.execute("select what, first_day from recon").fetchall()
    shop.con.close()
    assert len(found) == len(set(found))
    return set(found)
