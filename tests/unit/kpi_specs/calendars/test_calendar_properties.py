"""What holds in every calendar, however it is set up, and in every cadence."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from named_calendars import FISCAL, NRF, calendar, settings

from kpi_specs.calendars import (
    CADENCES,
    DAY,
    WEEKDAYS,
    Calendar,
    Fiscal,
    Gregorian,
    Jalali,
    Retail,
)

MONTHS = st.integers(1, 12)
LABELS = st.sampled_from(["end_year", "start_year"])
STARTS = st.sampled_from(["monday", "saturday", "sunday"])
CALENDARS = st.one_of(
    st.builds(Gregorian, STARTS),
    st.builds(Jalali),
    st.builds(Fiscal, MONTHS, LABELS, STARTS),
    st.builds(
        Retail,
        st.sampled_from(["4-4-5", "4-5-4", "5-4-4"]),
        st.sampled_from(WEEKDAYS),
        MONTHS,
        st.sampled_from(["nearest_month_end", "last_in_month"]),
        LABELS,
        MONTHS,
    ),
)
DAYS = st.dates(dt.date(1930, 1, 1), dt.date(2120, 12, 31))
LONGEST = {"daily": 1, "weekly": 7, "monthly": 42, "quarterly": 98, "yearly": 371}
SHORTEST = {"daily": 1, "weekly": 7, "monthly": 28, "quarterly": 89, "yearly": 354}


@pytest.mark.parametrize("cadence", CADENCES)
@given(calendar=CALENDARS, first=DAYS)
def test_periods_tile_the_line_and_their_labels_sort_with_time(
    cadence, calendar: Calendar, first: dt.date
):
    last = first + 4 * max(LONGEST[cadence], 8) * DAY
    found = list(calendar.periods(first, last, [cadence]))
    assert found[0].start <= first <= found[0].end
    assert found[-1].start <= last <= found[-1].end
    for before, after in itertools.pairwise(found):
        assert after.start == before.end + DAY
        assert after.previous_period == before.period < after.period
        assert after.number == before.number + 1
    assert all(SHORTEST[cadence] <= one.days <= LONGEST[cadence] for one in found)


@pytest.mark.parametrize("cadence", CADENCES)
@given(calendar=CALENDARS, day=DAYS)
def test_every_day_of_a_period_lies_in_it_and_the_day_before_in_the_previous_one(
    cadence, calendar: Calendar, day: dt.date
):
    found = calendar.period_of(day, cadence)
    assert (
        found == calendar.period_of(found.start, cadence) == calendar.period_of(found.end, cadence)
    )
    assert calendar.period_of(found.start - DAY, cadence).period == found.previous_period
    assert calendar.period_of(found.end + DAY, cadence).previous_period == found.period


@pytest.mark.parametrize("cadence", CADENCES)
@given(calendar=CALENDARS, day=DAYS)
def test_the_year_ago_period_is_one_that_exists_a_year_earlier(
    cadence, calendar: Calendar, day: dt.date
):
    found = calendar.period_of(day, cadence)
    if found.year_ago_period is None:
        assert (cadence, found.period[-5:]) == (
            "daily", "12-30" if calendar.name == "jalali" else "02-29",
        )  # fmt: skip
        return
    a_year_earlier = {
        calendar.period_of(found.start - n * DAY, cadence).period for n in range(350, 379)
    }
    assert found.year_ago_period in a_year_earlier


@given(calendar=CALENDARS, day=DAYS)
def test_months_make_quarters_and_quarters_make_years(calendar: Calendar, day: dt.date):
    year = calendar.period_of(day, "yearly")
    for cadence, how_many in (("quarterly", 4), ("monthly", 12)):
        parts = list(calendar.periods(year.start, year.end, [cadence]))
        assert (len(parts), parts[0].start, parts[-1].end) == (how_many, year.start, year.end)
    quarter = calendar.period_of(day, "quarterly")
    months = list(calendar.periods(quarter.start, quarter.end, ["monthly"]))
    assert (len(months), months[0].start, months[-1].end) == (3, quarter.start, quarter.end)


@given(calendar=CALENDARS, day=DAYS)
def test_a_week_is_of_the_year_with_most_of_its_days(calendar: Calendar, day: dt.date):
    week = calendar.period_of(day, "weekly")
    years = [calendar.period_of(week.start + n * DAY, "yearly").period for n in range(7)]
    most = max(set(years), key=years.count)
    assert week.period.rsplit("-W", 1)[0] == most
    assert WEEKDAYS[week.start.weekday()] == calendar.week_start


@given(DAYS)
def test_weeks_from_monday_are_those_of_iso_8601(day: dt.date):
    year, week, _ = day.isocalendar()
    found = calendar("gregorian").period_of(day, "weekly")
    assert found.period == f"{year}-W{week:02d}"
    assert found.start == dt.date.fromisocalendar(year, week, 1)


@given(day=DAYS, month=MONTHS)
def test_fiscal_months_and_quarters_are_whole_calendar_months(day: dt.date, month: int):
    fiscal = calendar("fiscal", fiscal={"first_month": month, "label": "end_year"})
    common = calendar("gregorian")
    assert (fiscal.period_of(day, "monthly").start, fiscal.period_of(day, "monthly").end) == (
        common.period_of(day, "monthly").start, common.period_of(day, "monthly").end,
    )  # fmt: skip
    year = fiscal.period_of(day, "yearly")
    assert (year.start.month, year.period) == (month, f"FY{year.end.year}")
    by_start = calendar("fiscal", fiscal={"first_month": month, "label": "start_year"})
    assert by_start.period_of(day, "yearly").period == f"FY{year.start.year}"


def test_every_calendar_comes_with_the_settings_it_needs():
    made = settings(fiscal=FISCAL, retail=NRF, week_start="sunday")
    names = ("gregorian", "jalali", "fiscal", "retail")
    assert [made.calendar_of(name).name for name in names] == list(names)
    assert [made.calendar_of(name).week_start for name in names] == [
        "sunday", "saturday", "sunday", "sunday",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="the calendar 'retail' has no settings"):
        settings().calendar_of("retail")
