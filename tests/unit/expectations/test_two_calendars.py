"""Each KPI is judged on the periods of its own calendar, though they share source and days.

Esfand 1395 is 19 February to 20 March 2017, Farvardin 1396 is 21 March to 20 April.
"""

import datetime as dt

import pytest
from small_warehouse import Warehouse, days, kpi, project

FIRST, AS_OF = dt.date(2017, 2, 19), dt.date(2017, 4, 25)
EVERY_DAY = {"complete": {"every": "day"}}
MEASURED, MISSED = ("final", ""), ("unmeasurable", "PERIOD_INCOMPLETE")


def shop(missing_day: str | None = None) -> Warehouse:
    """A gregorian and a jalali KPI of one dataset, and the jalali one's growth."""
    monthly = {"cadence": "monthly", "availability": EVERY_DAY}
    growth = {"growth": {"of": "local", "versus": "previous_period"}}
    specs = project(
        kpis=[
            kpi("group", calendar="gregorian", **monthly),
            kpi("local", calendar="jalali", **monthly),
            kpi("local_growth", growth, calendar="jalali", cadence="monthly"),
        ],
        history_from=FIRST,
    )
    warehouse = Warehouse(specs, AS_OF)
    warehouse.load()
    there = [d for d in days("2017-02-19", "2017-04-24") if d.isoformat() != missing_day]
    warehouse.fill_source(on=there)
    warehouse.fill_dataset(on=there)
    for name in specs.kpis:
        warehouse.fill_kpi(name, first=FIRST)
    warehouse.judge()
    return warehouse


@pytest.mark.parametrize(
    ("missing_day", "march", "esfand", "farvardin"),
    [
        (None, MEASURED, MEASURED, MEASURED),
        ("2017-03-15", MISSED, MISSED, MEASURED),
        ("2017-03-20", MISSED, MISSED, MEASURED),
        ("2017-03-21", MISSED, MEASURED, MISSED),
        ("2017-04-10", MEASURED, MEASURED, MISSED),
        ("2017-02-25", MEASURED, MISSED, MEASURED),
    ],
)
def test_a_day_that_is_missing_is_missed_by_the_months_of_each_calendar_that_it_lies_in(
    missing_day, march, esfand, farvardin
):
    warehouse = shop(missing_day)
    group, local = warehouse.verdicts("group"), warehouse.verdicts("local")
    assert group["2017-03"].short == march
    assert (local["1395-12"].short, local["1396-01"].short) == (esfand, farvardin)


def test_each_has_a_verdict_on_every_period_of_its_calendar_and_no_other():
    warehouse = shop()
    assert list(warehouse.verdicts("group")) == ["2017-02", "2017-03", "2017-04"]
    assert list(warehouse.verdicts("local")) == ["1395-12", "1396-01", "1396-02"]
    farvardin = warehouse.verdicts("local")["1396-01"]
    assert (farvardin["period_start"], farvardin["period_end"], farvardin["due_at"]) == (
        dt.date(2017, 3, 21), dt.date(2017, 4, 20), dt.date(2017, 4, 21),
    )  # fmt: skip


def test_growth_inherits_from_the_month_before_in_its_own_calendar():
    found = shop("2017-02-25").verdicts("local_growth")["1396-01"]
    assert found.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert "local, which has no value for 1395-12" in found["reason"]
