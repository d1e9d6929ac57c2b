"""Where several things are wrong, one is told: the same one in each run.

DuckDB reads rows in whatever order its threads finish, so the first of several has to be said.
"""

import datetime as dt
from itertools import permutations

import duckdb
import pytest
from small_warehouse import Warehouse, dataset, days, project, source

from expectations.evidence.inputs import upstream


def _said(said_by: int, said_of: str, period: str) -> tuple[object, ...]:
    return ("growth", "weekly", "2017-W10", "total", "total", 0, "revenue", "previous_period",
            said_by, dt.date.fromisoformat(said_of), period, "unmeasurable", "DOMAIN_VIOLATION",
            f"That of {period}.", f"root of {period}", "till_owner", 1.0,
            dt.date(2017, 3, 11))  # fmt: skip


WEEK = _said(0, "2017-03-06", "2017-W09")
WEDNESDAY, FRIDAY = (_said(1, f"2017-03-0{day}", f"2017-03-0{day}") for day in (1, 3))
FINER = _said(2, "2017-03-01", "2017-03-01")


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ((WEEK, FRIDAY, WEDNESDAY), "2017-W09"),
        ((FRIDAY, WEDNESDAY, FINER), "2017-03-01"),
    ],
    ids=["the base's own verdict", "the earliest of its days"],
)
def test_of_what_is_said_of_a_base_the_same_is_told_in_whatever_order_it_is_read(rows, first):
    for ordered in permutations(rows):
        con = duckdb.connect()
        con.execute(
            "create table input_rows (kpi varchar, cadence varchar, period varchar, slice varchar, "
            "slice_value varchar, position integer, upstream_words varchar, shift varchar, "
            "said_by integer, said_of date, input_period varchar, data_status varchar, "
            "reason_codes varchar, reason varchar, root varchar, party varchar, coverage double, "
            "data_through date)"
        )
        for row in ordered:
            con.execute(f"insert into input_rows values ({', '.join('?' * len(row))})", row)
        told = con.execute(f"with {upstream()} select compared_with, failing from upstream")
        compared_with, failing = told.fetchone()
        assert compared_with == first
        assert (failing["period"], failing["root"]) == (first, f"root of {first}")


@pytest.mark.parametrize("sources", list(permutations(["alpha", "beta", "gamma"])))
def test_of_sources_that_are_equally_late_the_dataset_s_first_is_told(sources):
    specs = project(
        sources=[source(name) for name in ("alpha", "beta", "gamma")],
        datasets=[dataset(sources=list(sources))],
    )
    shop = Warehouse(specs).fill()
    for name in sources:
        shop.fill_source(name, on=days(last="2017-03-08"))
    shop.judge()
    row = shop.verdicts()["2017-03-09"]
    assert row.short == ("unmeasurable", "SOURCE_STALE,PERIOD_INCOMPLETE")
    assert (row["root"], row["party"]) == (f"source:{sources[0]}", f"{sources[0]}_owner")
