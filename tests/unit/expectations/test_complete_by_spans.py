"""A KPI that is complete by weeks or months: what counts as there where rows come once a week."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from small_warehouse import Warehouse, kpi, project, source

MONDAYS = [dt.date(2017, 1, 2) + dt.timedelta(weeks=n) for n in range(10)]  # to 6 March
SUNDAYS = [dt.date(2017, 1, 1) + dt.timedelta(weeks=n) for n in range(10)]  # to 5 March
MID_MONTHS = [dt.date(2016, month, 15) for month in range(1, 13)]
COMPLETE = ("final", "")
INCOMPLETE = ("unmeasurable", "PERIOD_INCOMPLETE")


def judged(
    on: Iterable[dt.date], complete: dict[str, Any], every: str = "week", **more: Any
) -> Warehouse:
    """Rows on these days; the clock stands on Saturday 11 March 2017."""
    arrives = {"every": every, "within": "7 days" if every == "week" else "62 days"}
    first = dt.date(2016, 1, 1) if every == "month" else dt.date(2017, 1, 1)
    specs = project(
        kpis=[kpi(**{"cadence": ["monthly"], "availability": {"complete": complete}} | more)],
        sources=[source(arrives=arrives, expects=None)],
        history_from=first,
    )
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source(on=on)
    shop.fill_dataset(on=on)
    shop.fill_kpi(first=first)
    shop.judge()
    return shop


@pytest.mark.parametrize("on", [MONDAYS, SUNDAYS], ids=["begin of week", "end of week"])
def test_a_month_is_whole_with_one_row_in_each_of_its_weeks(on):
    february = judged(on, {"every": "week"}).verdicts()["2017-02"]
    assert (february.short, february["coverage"]) == (COMPLETE, 1.0)
    by_days = judged(on, {"every": "day"}).verdicts()["2017-02"]
    assert (by_days.short, by_days["coverage"]) == (INCOMPLETE, 4 / 28)


def test_a_week_without_rows_takes_its_seven_days():
    on = [day for day in MONDAYS if day != dt.date(2017, 2, 13)]
    february = judged(on, {"every": "week"}).verdicts()["2017-02"]
    assert (february.short, february["coverage"]) == (INCOMPLETE, 21 / 28)
    assert february["root"] == "dataset:sales"
    assert february["reason"] == (
        "21 of 28 days are there, where all are needed; the dataset sales lacks "
        "2017-02-13, 2017-02-14, 2017-02-15 and 4 more."
    )
    assert judged(on, {"every": "week", "coverage": 0.75}).verdicts()["2017-02"].short == COMPLETE


def test_a_week_across_the_end_of_a_month_counts_with_its_days_in_each():
    on = [day for day in MONDAYS if day != dt.date(2017, 2, 27)]  # to 5 March
    verdicts = judged(on, {"every": "week"}).verdicts()
    assert (verdicts["2017-02"].short, verdicts["2017-02"]["coverage"]) == (INCOMPLETE, 26 / 28)
    assert verdicts["2017-03"].short == ("pending", "NOT_DUE")


def test_weeks_after_the_last_row_are_not_passed_over():
    """Rows to 13 February; nothing is promised, so that nothing is late."""
    specs = project(
        kpis=[kpi(cadence=["monthly"], availability={"complete": {"every": "week"}})],
        sources=[source(arrives=None, expects=None)],
        history_from=dt.date(2017, 1, 1),
    )
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source(on=MONDAYS[:7])
    shop.fill_dataset(on=MONDAYS[:7])
    shop.fill_kpi(first=dt.date(2017, 1, 1))
    shop.judge()
    february = shop.verdicts()["2017-02"]
    assert (february.short, february["coverage"]) == (INCOMPLETE, 19 / 28)


def test_the_open_month_is_provisional_while_the_promised_weeks_are_there():
    assert judged(MONDAYS, {"every": "week"}).verdicts()["2017-03"].short == ("provisional", "")


def test_a_month_that_began_before_the_first_week_with_rows_is_warming_up():
    verdicts = judged(MONDAYS, {"every": "week"}).verdicts()  # Sunday 1 January: a week before
    assert verdicts["2017-01"].short == ("pending", "WARM_UP")
    # The row of Sunday 1 January is of the week from 26 December on: January is whole.
    assert judged(SUNDAYS, {"every": "week"}).verdicts()["2017-01"].short == COMPLETE


def test_each_week_needs_its_rows():
    twice = sorted([*MONDAYS, *(day + dt.timedelta(days=2) for day in MONDAYS)])
    assert judged(twice, {"every": "week", "min_rows": 2}).verdicts()["2017-02"].short == COMPLETE
    once = [day for day in twice if day != dt.date(2017, 2, 15)]
    february = judged(once, {"every": "week", "min_rows": 2}).verdicts()["2017-02"]
    assert (february.short, february["coverage"]) == (INCOMPLETE, 21 / 28)


def test_weeks_are_those_of_the_kpis_own_calendar():
    """A jalali week is Saturday to Friday: the Sunday of 5 March is of that from 4 March on."""
    on = [day for day in SUNDAYS if day != dt.date(2017, 2, 19)]  # week of 18 to 24 February
    shop = judged(on, {"every": "week"}, cadence=["weekly"], calendar="jalali")
    by_end = {row["period_end"]: row.short for row in shop.verdicts().values()}
    assert by_end[dt.date(2017, 2, 17)] == COMPLETE
    assert by_end[dt.date(2017, 2, 24)] == INCOMPLETE
    assert by_end[dt.date(2017, 3, 3)] == COMPLETE


def test_a_quarter_is_whole_with_a_row_in_each_of_its_months():
    on = [day for day in MID_MONTHS if day.month != 5]
    shop = judged(on, {"every": "month"}, "month", cadence=["quarterly"])
    verdicts = shop.verdicts()
    assert [verdicts[f"2016-Q{n}"].short for n in (1, 2, 3)] == [COMPLETE, INCOMPLETE, COMPLETE]
    assert verdicts["2016-Q2"]["coverage"] == pytest.approx(60 / 91)
    assert verdicts["2016-Q2"]["reason"] == (
        "60 of 91 days are there, where all are needed; the dataset sales lacks "
        "2016-05-01, 2016-05-02, 2016-05-03 and 28 more."
    )
