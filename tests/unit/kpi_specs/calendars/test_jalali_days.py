"""Every day of Solar Hijri 1300 to 1500: by persiantools' days, and by the 33-year rule."""

import datetime as dt
from collections import defaultdict

import pytest
from persiantools.jdatetime import JalaliDate

from kpi_specs.calendars import DAY, Jalali

FIRST, LAST = dt.date(1921, 3, 21), dt.date(2122, 3, 20)  # 1 Farvardin 1300, 29 Esfand 1500
DAYS = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]
NOWRUZ_1404 = dt.date(2025, 3, 21)


def spans(label_of) -> dict[str, tuple[dt.date, dt.date]]:
    """Label -> first and last day, day by day."""
    found = defaultdict(list)
    for day in DAYS:
        found[label_of(day)].append(day)
    return {label: (days[0], days[-1]) for label, days in found.items()}


def month(day: JalaliDate) -> str:
    return f"{day.year}-{day.month:02d}"


def quarter(day: JalaliDate) -> str:
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def year(day: JalaliDate) -> str:
    return str(day.year)


@pytest.mark.parametrize(
    ("cadence", "label_of", "how_many"),
    [("daily", str, 73414), ("monthly", month, 2412), ("quarterly", quarter, 804),
     ("yearly", year, 201)],
)  # fmt: skip
def test_periods_are_those_of_persiantools_day_by_day(cadence, label_of, how_many):
    expected = spans(lambda day: label_of(JalaliDate(day)))
    found = {p.period: (p.start, p.end) for p in Jalali().periods(FIRST, LAST, [cadence])}
    assert found == expected
    assert len(found) == how_many


def leap(number: int) -> bool:
    """Eight leap years in 33: the arithmetic rule, valid from 1178 to 1501."""
    return number % 33 in (1, 5, 9, 13, 17, 22, 26, 30)


def nowruz(number: int) -> dt.date:
    """Counted in whole years from the published Nowruz of 1404."""
    start = NOWRUZ_1404
    for one in range(1404, number):
        start += (366 if leap(one) else 365) * DAY
    for one in range(number, 1404):
        start -= (366 if leap(one) else 365) * DAY
    return start


def test_months_are_those_of_the_33_year_rule_counted_from_one_published_nowruz():
    found = iter(Jalali().periods(FIRST, LAST, ["monthly"]))
    for number in range(1300, 1501):
        start = nowruz(number)
        for index in range(1, 13):
            days = 31 if index <= 6 else 30 if index <= 11 or leap(number) else 29
            period = next(found)
            assert (period.period, period.start, period.days) == (
                f"{number}-{index:02d}", start, days,
            )  # fmt: skip
            start = period.end + DAY
    assert next(found, None) is None


@pytest.mark.parametrize(
    ("number", "date"),
    [(1357, "1978-03-21"), (1375, "1996-03-20"), (1396, "2017-03-21"), (1399, "2020-03-20"),
     (1400, "2021-03-21"), (1403, "2024-03-20"), (1404, "2025-03-21")],
)  # fmt: skip
def test_a_year_begins_on_its_published_nowruz(number, date):
    day = dt.date.fromisoformat(date)
    assert Jalali().period_of(day, "yearly").period == str(number)
    assert Jalali().period_of(day, "yearly").start == day


@pytest.mark.parametrize("number", [1370, 1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408])
def test_a_leap_year_has_30_esfand_and_the_year_after_compares_it_with_nothing(number):
    last = Jalali().period_of(nowruz(number + 1) - DAY, "daily")
    assert (last.period, last.year_ago_period) == (f"{number}-12-30", None)
    assert Jalali().period_of(nowruz(number + 1), "daily").year_ago_period == f"{number}-01-01"
