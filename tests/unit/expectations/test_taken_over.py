"""A cumulative KPI is judged by the definition that it takes over from another."""

import datetime as dt
from typing import Any

import pytest
from small_warehouse import Warehouse, days, kpi, project

from expectations.dues import closed_after, due_after

CONVERSION = {
    "dataset": "sales",
    "conversion": {"entity": "customer", "base": {}, "converted": {}, "within": "9 days"},
}
RATIO = {"dataset": "sales", "ratio": {"numerator": {"sum": "a"}, "denominator": {"sum": "b"}}}
SUM = {"dataset": "sales", "simple": {"sum": "a"}}
FIRST = {"dataset": "sales", "first_time": {"entity": "customer"}}


def to_date(of: dict[str, Any], taken: dict[str, Any] | None = None, **more: Any) -> Any:
    """`to_date` takes over `taken`, whose availability is given."""
    metric = {"cumulative": {"of": "taken", **more.pop("takes", {"to_date": "month"})}}
    return project(
        kpis=[kpi("taken", of, availability=taken or {}), kpi("to_date", metric, **more)]
    )


def test_it_is_open_as_long_as_its_events_may_be_converted():
    specs = to_date(CONVERSION)
    assert closed_after(specs, specs.kpis["to_date"]) == 9


def test_its_denominator_of_zero_is_told_as_such():
    shop = Warehouse(to_date(RATIO)).fill(
        to_date={"2017-03-05": {"value": None, "numerator": 1.0, "denominator": 0.0}}
    )
    shop.judge()
    verdicts = shop.verdicts("to_date")
    assert verdicts["2017-03-05"].short == ("unmeasurable", "ZERO_DENOMINATOR")
    assert verdicts["2017-03-04"].short == ("final", "")


def test_a_sum_has_no_denominator_that_could_be_zero():
    shop = Warehouse(to_date(SUM)).fill()
    shop.judge()
    assert shop.verdicts("to_date")["2017-03-04"].short == ("final", "")


@pytest.mark.parametrize(
    ("taken", "own", "due", "closed"),
    [
        ({"due": "3 days", "mature": "20 days"}, {}, 3, 20),
        ({"due": "3 days", "mature": "20 days"}, {"due": "5 days", "mature": "9 days"}, 5, 20),
        ({}, {"mature": "9 days"}, 1, 9),
    ],
)
def test_it_is_due_and_final_no_sooner_than_what_it_takes_over(taken, own, due, closed):
    specs = to_date(SUM, taken, availability=own)
    one = specs.kpis["to_date"]
    assert (due_after(specs, one), closed_after(specs, one)) == (due, closed)


@pytest.mark.parametrize(
    ("takes", "warm_up", "measured_from"),
    [
        # Data from the 1st: what is new is known from the 4th on, the first day that lies behind
        # three of history. Three days that end with the 6th begin on the 4th.
        ({"window": "3 days"}, "3 days", 6),
        ({"window": "1 day"}, "3 days", 4),
        # The month begins with days on which everybody is new.
        ({"to_date": "month"}, "1 day", None),
    ],
)
def test_warm_up_lies_before_the_first_day_that_it_takes(takes, warm_up, measured_from):
    shop = Warehouse(to_date(FIRST, {"warm_up": warm_up}, takes=takes)).fill()
    shop.judge()
    found = shop.verdicts("to_date")
    for day in range(1, 11):
        is_measured = measured_from is not None and day >= measured_from
        expected = ("final", "") if is_measured else ("pending", "WARM_UP")
        assert found[f"2017-03-{day:02}"].short == expected, day


def test_the_sentence_names_the_first_day_that_it_takes():
    shop = Warehouse(to_date(FIRST, {"warm_up": "3 days"}, takes={"window": "3 days"})).fill()
    shop.judge()
    assert shop.verdicts("to_date")["2017-03-05"]["reason"] == (
        "There is not enough history for this period: data starts on 2017-03-01, and 3 days of it "
        "are needed before the first day that it takes, 2017-03-03."
    )


@pytest.mark.parametrize(
    ("taken", "own", "measured"),
    [
        # Ten days of two rows, but for the 6th, which has one.
        ({"every": "day", "min_rows": 2}, None, {5: True, 6: False, 10: False}),
        # Its own word on rows does not undo the other's.
        (
            {"every": "day", "min_rows": 2},
            {"every": "day", "min_rows": 1},
            {5: True, 6: False, 10: False},
        ),
        # Five of six days are enough for both, or for the other alone: 0.83 and 0.9 of ten days.
        (
            {"every": "day", "min_rows": 2, "coverage": 0.8},
            None,
            {5: True, 6: True, 10: True},
        ),
        (
            {"every": "day", "min_rows": 2, "coverage": 0.9},
            {"every": "day", "coverage": 0.8},
            {5: True, 6: False, 10: True},
        ),
        (None, {"every": "day", "min_rows": 2}, {5: True, 6: False, 10: False}),
    ],
)
def test_its_days_are_complete_by_both_specs(taken, own, measured):
    specs = to_date(SUM, {"complete": taken}, availability={"complete": own})
    specs = project(
        kpis=specs.kpis.values(),
        datasets=[specs.datasets["sales"].model_copy(update={"key": ("id",)})],
    )
    shop = Warehouse(specs).fill()
    on = [d for d in days() for _ in range(1 if d == dt.date(2017, 3, 6) else 2)]
    shop.con.execute("create or replace table marts.fct_sales (id integer, day date)")
    shop.con.executemany("insert into marts.fct_sales values (?, ?)", list(enumerate(on)))
    shop.judge()
    found = shop.verdicts("to_date")
    assert {day: found[f"2017-03-{day:02}"]["data_status"] == "final" for day in measured} == (
        measured
    )
