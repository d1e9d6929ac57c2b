"""Moments of another time zone belong to the business day on which they were where the business is.

The business is in New York: UTC-5, and UTC-4 from 10 March 2024, 02:00, to 3 November, 02:00.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_specs.compiler import compile_project
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project
from orchestration.transform.calendar import write_calendar
from tests import compiled as specs
from tests.increments import build

NEW_YORK = {"time_zone": "America/New_York"}
AS_OF = dt.date(2024, 11, 4)
# When it happened in UTC, and the day that it was in New York.
MOMENTS = [
    ("2024-03-01 04:30", "2024-02-29"),  # 23:30
    ("2024-03-01 05:00", "2024-03-01"),  # midnight
    ("2024-03-10 04:59", "2024-03-09"),  # 23:59, the last minute before the day of 23 hours
    ("2024-03-10 05:00", "2024-03-10"),
    ("2024-03-11 03:59", "2024-03-10"),  # 23:59 of summer time
    ("2024-03-11 04:00", "2024-03-11"),  # midnight of summer time, 23:00 of winter time
    ("2024-11-03 03:59", "2024-11-02"),
    ("2024-11-03 04:00", "2024-11-03"),  # the day of 25 hours
    ("2024-11-04 04:59", "2024-11-03"),  # 23:59 of winter time, 00:59 of summer time
    ("2024-11-04 05:00", "2024-11-04"),
    ("2024-11-05 04:30", "2024-11-04"),  # 23:30 on the clock's own day
    ("2024-11-05 05:00", "2024-11-05"),  # after the clock: not seen
]
ROWS = [(n, at, 2**n) for n, (at, _) in enumerate(MOMENTS)]
SEEN: dict[str, list[int]] = {}
for number, (_, day) in enumerate(MOMENTS[:-1]):
    SEEN.setdefault(day, []).append(2**number)


def moments(name: str, zone: str = "UTC", **more: Any) -> Dataset:
    words = {
        "model": name,
        "row": "one order",
        "key": ["id"],
        "time": "happened_at",
        "sources": ["raw"],
    }
    return Dataset.model_validate({"dataset": name, "time_zone": zone, **words, **more})


@pytest.mark.parametrize(
    ("metric", "of_day"),
    [
        ({"simple": {"sum": "amount"}}, sum),
        ({"simple": {"count": "rows"}}, len),
        ({"simple": {"count_distinct": "id"}}, len),
        ({"simple": {"max": "amount"}}, max),
        ({"simple": {"median": "amount"}}, lambda found: sum(found) / len(found)),
        ({"first_time": {"entity": "id"}}, len),
        ({"cumulative": {"of": {"sum": "amount"}, "window": "1 day"}}, sum),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_every_type_takes_a_row_on_its_day_in_the_projects_zone(metric, of_day):
    con = specs.compute(
        [specs.kpi("found", {"dataset": "orders", **metric}, cadence=["daily"])],
        [moments("orders")],
        {"orders": specs.table("id integer, happened_at timestamp, amount bigint", ROWS)},
        as_of=AS_OF,
        calendars=NEW_YORK,
    )
    found = con.execute("select period, value from kpi_found where row_count > 0").fetchall()
    assert dict(found) == {day: of_day(amounts) for day, amounts in SEEN.items()}


def test_months_are_those_of_the_projects_zone():
    con = specs.compute(
        [specs.kpi("revenue", {"dataset": "orders", "simple": {"sum": "amount"}})],
        [moments("orders")],
        {"orders": specs.table("id integer, happened_at timestamp, amount bigint", ROWS[:2])},
        as_of=dt.date(2024, 3, 31),
        calendars=NEW_YORK,
    )
    found = con.execute("select period, value from kpi_revenue order by period").fetchall()
    assert found == [("2024-02", 1), ("2024-03", 2)]


def test_a_date_is_the_business_day_as_it_stands():
    con = specs.compute(
        [specs.kpi("orders", {"dataset": "orders", "simple": {"count": "rows"}}, cadence="daily")],
        [specs.dataset("orders")],
        {"orders": specs.table("id integer, day date", [(1, "2024-03-01")])},
        as_of=dt.date(2024, 3, 2),
        calendars=NEW_YORK,
    )
    found = con.execute("select period from kpi_orders where value > 0").fetchall()
    assert found == [("2024-03-01",)]


def test_the_first_of_two_events_of_a_day_is_the_earlier_one_not_the_one_of_the_smaller_key():
    rows = [(2, "2024-03-01 14:00", "anna", "web"), (1, "2024-03-01 15:00", "anna", "shop")]
    con = specs.compute(
        [
            specs.kpi(
                "new_customers",
                {"dataset": "orders", "first_time": {"entity": "customer"}},
                grain=[[], ["channel"]],
            )
        ],
        [moments("orders", dimensions=["channel"])],
        {
            "orders": specs.table(
                "id integer, happened_at timestamp, customer text, channel text", rows
            )
        },
        as_of=dt.date(2024, 3, 31),
        calendars=NEW_YORK,
    )
    found = con.execute("select slice_value from kpi_new_customers where value > 0").fetchall()
    assert sorted(found) == [("total",), ("web",)]


def test_what_follows_is_measured_by_the_moments_not_by_the_days():
    visits = [(n, f"2024-03-0{n} 15:00", f"v{n}") for n in (1, 2, 3)]
    orders = [
        (1, "2024-03-01 14:59", "v1"),  # before the visit, on its day
        (2, "2024-03-03 14:59", "v2"),  # within 24 hours
        (3, "2024-03-04 15:00", "v3"),  # not any more
    ]
    con = specs.compute(
        [
            specs.kpi(
                "visits_that_buy",
                {
                    "dataset": "visits",
                    "conversion": {
                        "entity": "who", "base": {}, "converted": {"dataset": "orders"},
                        "within": "1 day",
                    },
                },
                cadence="daily",
            )
        ],
        [moments("visits"), moments("orders")],
        {
            "visits": specs.table("id integer, happened_at timestamp, who text", visits),
            "orders": specs.table("id integer, happened_at timestamp, who text", orders),
        },
        as_of=dt.date(2024, 3, 31),
        calendars=NEW_YORK,
    )  # fmt: skip
    found = con.execute(
        "select period, value from kpi_visits_that_buy where row_count > 0 order by 1"
    ).fetchall()
    assert found == [("2024-03-01", 0), ("2024-03-02", 1), ("2024-03-03", 0)]


def test_a_moment_of_its_own_has_happened_by_the_clock_of_the_projects_zone():
    # The clock's day ends in New York at 05:00 UTC.
    visits = [
        (1, "2024-03-01 12:00", "2024-03-01 15:00", "v1"),
        (2, "2024-03-01 12:00", "2024-03-02 04:59", "v2"),
        (3, "2024-03-01 12:00", "2024-03-02 05:00", "v3"),  # to come
    ]
    orders = [
        (1, "2024-03-01 12:00", "2024-03-02 04:59", "v1"),
        (2, "2024-03-01 12:00", "2024-03-02 05:00", "v2"),  # to come
    ]
    columns = "id integer, happened_at timestamp, seen_at timestamp, who text"
    con = specs.compute(
        [
            specs.kpi(
                "visits_that_buy",
                {
                    "dataset": "visits",
                    "conversion": {
                        "entity": "who",
                        "base": {"at": "seen_at"},
                        "converted": {"dataset": "orders", "at": "seen_at"},
                        "within": "1 day",
                    },
                },
                cadence="daily",
            )
        ],
        [moments("visits"), moments("orders")],
        {"visits": specs.table(columns, visits), "orders": specs.table(columns, orders)},
        as_of=dt.date(2024, 3, 1),
        calendars=NEW_YORK,
    )
    found = con.execute(
        "select value, denominator, open_rows from kpi_visits_that_buy where row_count > 0"
    ).fetchall()
    assert found == [(0.5, 2, 1)]


@pytest.mark.parametrize(
    ("kind", "start", "ends", "hours"),
    [
        ("timestamp", "2024-03-01 13:00", ("2024-03-02 04:00", "2024-03-02 05:00"), 15),
        # A date is a day where the business is, whatever its dataset's zone.
        ("date", "2024-02-29", ("2024-03-01", "2024-03-02"), 24),
    ],
)
def test_what_has_ended_has_done_so_by_the_clock_of_the_projects_zone(kind, start, ends, hours):
    rows = [(n, "2024-03-01 12:00", start, end) for n, end in enumerate(ends)]
    columns = f"id integer, happened_at timestamp, opened {kind}, solved {kind}"
    metric = {"from": "opened", "to": "solved", "in": "hours"}
    con = specs.compute(
        [
            specs.kpi("mean", {"dataset": "tickets", "duration": metric}),
            specs.kpi("middle", {"dataset": "tickets", "duration": {**metric, "of": "median"}}),
        ],
        [moments("tickets")],
        {"tickets": specs.table(columns, rows)},
        as_of=dt.date(2024, 3, 1),
        calendars=NEW_YORK,
    )
    for name in ("mean", "middle"):
        found = con.execute(f"select value, open_rows from kpi_{name} where row_count > 0")
        assert found.fetchall() == [(hours, 1)], name


def test_an_increment_begins_with_the_local_day_of_the_first_change():
    dataset = moments("orders", incremental=True)
    metrics = {"revenue": {"simple": {"sum": "amount"}}, "buyers": {"simple": {"median": "amount"}}}
    project = Project(
        Path(),
        specs.settings(dt.date(2024, 2, 1), **NEW_YORK),
        datasets={"orders": dataset},
        kpis={
            name: specs.kpi(name, {"dataset": "orders", **metric}, cadence=["daily"])
            for name, metric in metrics.items()
        },
    )
    con = duckdb.connect()
    write_calendar(con, project, AS_OF)
    columns = "id integer, happened_at timestamp, amount bigint, load_id integer"
    con.execute(f"create table orders as {specs.table(columns, [(*r, 1) for r in ROWS[1:]])}")
    text = compile_project(project).files["kpi_parts_orders.sql"]
    build(con, "kpi_parts_orders", text)
    con.execute(f"insert into orders {specs.table(columns, [(*ROWS[0], 2)])}")
    build(con, "kpi_parts_orders", text)
    (since,) = con.execute("select since from kpi.kpi_parts_orders__since").fetchall()
    assert since == (dt.date(2024, 2, 29),)
    found = con.execute(
        "select period, sum_amount from kpi.kpi_parts_orders where row_count > 0"
    ).fetchall()
    assert dict(found) == {day: sum(amounts) for day, amounts in SEEN.items()}
