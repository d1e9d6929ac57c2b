"""Distinct counts are made additive to be fast; count(distinct) itself says what they must be."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import duckdb
import pytest

from tests import compiled as specs

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 4, 17)
# Few visitors over many days: they come back within each window, after it, and on its edge.
ROWS = f"""
select
    range as id,
    date '{FIRST}' + cast(hash(range) % 150 as integer) as day,
    nullif('visitor ' || hash(range * 3 + 1) % 12, 'visitor 11') as visitor,
    cast(hash(range * 3 + 2) % 40 as integer) as page,
    case hash(range * 3) % 3 when 0 then 'a' when 1 then 'b' end as channel
from range(130)
"""
MEASURES: dict[str, dict[str, str]] = {
    "visitors": {"count_distinct": "visitor"},
    "pages": {"count_distinct": "page"},
    "readers": {"count_distinct": "visitor", "where": "page < 20"},
}
COUNTED = {"visitors": "visitor", "pages": "page", "readers": "if(page < 20, visitor, null)"}
ROWS_OF = {"visitors": "true", "pages": "true", "readers": "page < 20"}
SPANS: dict[str, dict[str, str]] = {
    "_1": {"window": "1 days"},
    "_7": {"window": "7 days"},
    "_28": {"window": "28 days"},
    "_month": {"to_date": "month"},
    "_year": {"to_date": "year"},
}
TAKEN = {
    "": "period_start",
    "_1": "last_day",
    "_7": "last_day - 6",
    "_28": "last_day - 27",
    "_month": "cast(date_trunc('month', last_day) as date)",
    "_year": "cast(date_trunc('year', last_day) as date)",
}


def _metric(measure: dict[str, str], span: str) -> dict[str, Any]:
    if not span:
        return {"dataset": "visits", "simple": measure}
    return {"dataset": "visits", "cumulative": {"of": measure, **SPANS[span]}}


def _computed(spans: Iterable[str]) -> duckdb.DuckDBPyConnection:
    kpis = [
        specs.kpi(
            f"{name}{span}",
            _metric(measure, span),
            cadence=["daily", "weekly", "monthly"],
            grain=[[], ["channel"]],
        )
        for name, measure in MEASURES.items()
        for span in spans
    ]
    visits = specs.dataset("visits", dimensions=["channel"])
    return specs.compute(kpis, [visits], {"visits": ROWS}, as_of=LAST, history_from=FIRST)


@pytest.fixture(scope="module")
def all_spans() -> duckdb.DuckDBPyConnection:
    return _computed(TAKEN)


@pytest.mark.parametrize("span", list(TAKEN))
@pytest.mark.parametrize("name", list(MEASURES))
def test_every_period_and_slice_counts_what_count_distinct_does(
    all_spans: duckdb.DuckDBPyConnection, name: str, span: str
):
    _agrees(all_spans, name, span)


@pytest.mark.parametrize("name", list(MEASURES))
def test_windows_need_no_period_of_their_own(name: str):
    _agrees(_computed(["_28"]), name, "_28")


def _agrees(con: duckdb.DuckDBPyConnection, name: str, span: str) -> None:
    rows = con.execute(f"""
        select cadence, period, slice_value, value, (
            select case
                when count(*) filter ({ROWS_OF[name]}) = 0 or count({COUNTED[name]}) > 0
                    then count(distinct {COUNTED[name]})
            end
            from visits
            where visits.day between {TAKEN[span]} and last_day
                and (slice = 'total' or coalesce(visits.channel, '(none)') = slice_value)
        )
        from (
            select *, case when period_end < date '{LAST}' then period_end
                else greatest(period_start, newest) end as last_day
            from kpi_{name}{span}, (select max(day) as newest from visits where day <= '{LAST}')
        )
    """).fetchall()
    assert len(rows) > 400
    assert {row[2] for row in rows} == {"total", "a", "b", "(none)"}
    assert [row for row in rows if row[3] != row[4]] == []
    assert max(row[4] for row in rows if row[4] is not None) > 1


@pytest.mark.parametrize("measure", [{"sum": "page"}, {"count_distinct": "visitor"}])
def test_two_spans_of_one_measure_in_different_slices_make_no_row_twice(
    measure: dict[str, str],
) -> None:
    kpis = [
        specs.kpi("total", _metric(measure, "_28"), cadence=["weekly"]),
        specs.kpi("sliced", _metric(measure, "_year"), cadence=["weekly"], grain=[[], ["channel"]]),
    ]
    visits = specs.dataset("visits", dimensions=["channel"])
    con = specs.compute(kpis, [visits], {"visits": ROWS}, as_of=LAST, history_from=FIRST)
    found = con.execute(
        "select slice, count(*), count(distinct (period, slice_value)), count(dimensions) "
        "filter (dimensions like '%null%') from kpi_sliced group by all order by all"
    ).fetchall()
    assert found == [("channel", 16 * 3, 16 * 3, 0), ("total", 16, 16, 0)]
    assert con.execute("select distinct slice from kpi_total").fetchall() == [("total",)]
