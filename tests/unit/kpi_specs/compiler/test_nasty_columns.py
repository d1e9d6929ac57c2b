"""A mart's column may be called anything, in every role: the values are the same."""

import datetime as dt
import re

import duckdb
import pytest
from nasty_columns import AS_OF, COLUMNS, EXPECTED, compiled, january

from kpi_specs.language.reserved import COLUMNS as PUBLISHED
from kpi_specs.language.reserved import STEP_COLUMNS as BESIDE_DIMENSIONS
from kpi_specs.mart_columns import KEYWORDS, STEP_COLUMNS, as_read, in_sql
from orchestration.transform.calendar import write_calendar
from tests.compiled import compute, dataset, kpi
from tests.increments import build

ODD = [
    "order", "group", "end", "desc", "all", "left", "at", "by", "map", "null", "default",
    "current_date", "user", "value", "interval", "row", "time", "timestamp", "kpi", "mart", "by_",
    "Day", "مبلغ", "a__b", "by_channel", "mart_day", "fact_key_0", "sum_amount", "_",
    "row_count", "x",
]  # fmt: skip
ALIAS = re.compile(r'\bas "?([a-z_0-9]+)"?(?! \()')


def names_of_our_own():
    """What the generated SQL of all metric types calls something, and the calendar's columns."""
    project, models = compiled({})
    con = duckdb.connect()
    write_calendar(con, project, AS_OF)
    calendar = con.execute("select column_name from information_schema.columns").fetchall()
    parts = tuple(need.part.day_name for table in models.plan.parts for need in table.needs)
    text = "".join(models.files[f"{table.name}.sql"] for table in models.plan.parts)
    ours = {name for name in ALIAS.findall(text) if not name.startswith(parts)}
    return (ours | {name for (name,) in calendar} | STEP_COLUMNS) - {"channel"}


NASTY = list(dict.fromkeys([*ODD, *sorted(names_of_our_own())]))


EXPECTED_CLOSE = {name: pytest.approx(values) for name, values in EXPECTED.items()}
REFUSED = {name for name in NASTY if name.lower() in PUBLISHED | KEYWORDS | BESIDE_DIMENSIONS}
REFUSED |= {"sum_amount", "sum_day"}  # what a measure may be called beside it


def test_the_values_are_right_where_nobody_is_nasty():
    assert january({}) == EXPECTED_CLOSE


@pytest.mark.parametrize("turn", range(len(NASTY)), ids=NASTY)
def test_columns_of_any_name_give_the_same_values(turn):
    """Each name in each role: as key, time, amount, entity, start and end of a duration.

    And as a dimension, where the rules let it through.
    """
    names = [NASTY[(turn + 7 * n) % len(NASTY)] for n in range(len(COLUMNS) + 1)]
    *names, dimension = names
    if dimension in REFUSED:
        dimension = "channel"
    if len({name.lower() for name in (*names, dimension)}) <= len(names):
        pytest.fail(f"two that DuckDB takes for one: {names}, {dimension}; change the step of 7")
    found = january(dict(zip(COLUMNS, names, strict=True)), dimension)
    assert found == EXPECTED_CLOSE, names


@pytest.mark.parametrize("name", ["Order Date", 'say "hi"', "50%", "سال مالی"])
@pytest.mark.parametrize("plain", COLUMNS)
def test_a_name_with_blanks_is_written_in_quotes(name, plain):
    assert january({plain: name}) == EXPECTED_CLOSE


def test_the_words_that_need_quotes_are_those_that_duckdb_reserves():
    reserved = duckdb.sql(
        "select keyword_name from duckdb_keywords() "
        "where keyword_category in ('reserved', 'type_function')"
    ).fetchall()
    assert {name for (name,) in reserved} == KEYWORDS


def test_no_two_columns_of_a_mart_have_one_name_in_sql():
    names = [name for name in NASTY if name != "Day"]  # which is `day` to DuckDB
    names += [in_sql(name) for name in names if in_sql(name) != name]
    names += ["Order Date", "order_date", "Order-Date", "mart_order_date"]
    assert len({in_sql(name) for name in set(names)}) == len(set(names))


def test_plain_names_stay_as_they_are():
    assert [in_sql(name) for name in ("amount", "order_id", "Amount")] == [
        "amount", "order_id", "Amount",
    ]  # fmt: skip
    assert [as_read(name) for name in ("amount", "order", 'a "b"')] == [
        "amount", '"order"', '"a ""b"""',
    ]  # fmt: skip
    assert "mart_" not in compiled({})[1].files["kpi_parts_o.sql"]


def test_keys_of_joins_may_be_called_anything():
    """Of 10 in the north and 20 in the south."""
    one = dataset(
        "o", time="date", key=["order"],
        joins=[{"model": "fact", "on": {"end": "order", "by_region": "day"},
                "dimensions": ["region"]}],
    ).model_copy(update={"model": "mart"})  # fmt: skip
    con = compute(
        [kpi("total", {"dataset": "o", "simple": {"sum": "day"}}, grain=[[], ["region"]])],
        [one],
        {
            "mart": 'select 1 as "order", date \'2024-01-05\' as date, 10 as day, 7 as "end", '
            "1 as by_region, 3 as fact__region "
            "union all select 2, date '2024-01-06', 20, 8, 1, 3",
            "fact": "select 7 as \"order\", 1 as day, 'north' as region "
            "union all select 8, 1, 'south'",
        },
        as_of=dt.date(2024, 1, 31),
    )
    found = con.execute("select slice_value, value from kpi_total order by 1").fetchall()
    assert found == [("north", 10.0), ("south", 20.0), ("total", 30.0)]


def test_increments_find_the_day_whatever_it_is_called():
    """10 and 20 of two people, then 40 of a third one on the last day."""
    columns = {"day_of": "order", "id": "date", "amount": "day", "who": "left"}
    project, models = compiled(columns, incremental=True)
    con = duckdb.connect()
    write_calendar(con, project, AS_OF)
    con.execute(
        "create table mart as select 1 as date, date '2024-01-05' as \"order\", 10 as day, "
        "'a' as \"left\", 'x' as channel, timestamp '2024-01-05' as starts, "
        "timestamp '2024-01-07' as ends union all "
        "select 2, date '2024-01-06', 20, 'b', 'x', '2024-01-06', '2024-01-08'"
    )
    text = models.files["kpi_parts_o.sql"]
    build(con, "kpi_parts_o", text)
    con.execute(
        "insert into mart values (3, '2024-01-31', 40, 'c', 'x', '2024-01-31', '2024-02-02')"
    )
    build(con, "kpi_parts_o", text)
    since = con.execute("select since from kpi.kpi_parts_o__since").fetchone()
    assert since == (dt.date(2024, 1, 31),)
    found = con.execute(
        "select row_count, sum_day from kpi.kpi_parts_o "
        "where period = '2024-01' and slice = 'total'"
    ).fetchall()
    assert found == [(3, 70)]


def test_a_column_that_no_kpi_reads_is_not_taken_for_one_that_is_renamed():
    """A mart with mart_day of 1 before day of 20: the sum of day is 20."""
    con = compute(
        [kpi("total", {"dataset": "o", "simple": {"sum": "day"}})],
        [dataset("o", time="sold_on")],
        {"o": "select 1 as mart_day, 20 as day, 1 as id, date '2024-01-05' as sold_on"},
        as_of=dt.date(2024, 1, 31),
    )
    assert con.execute("select value from kpi_total").fetchall() == [(20.0,)]
