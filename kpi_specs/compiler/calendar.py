"""Periods by key: what `calendar.dim_period` and `calendar.period_days` hold.

Comparisons go from key to key (2026-03 to 2026-02), never by adding intervals to dates: "31 March
minus one month" is 28 February, and so is 28 March minus one month.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """One row of dim_period. `end` is the last day; keys are labels such as 2017-W09."""

    calendar: str
    cadence: str
    period: str
    start: dt.date
    end: dt.date
    number: int  # counts on by one, so that neighbours are seen at a glance
    previous_period: str
    year_ago_period: str | None  # None: that day does not exist (29 February)

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1


def _week_label(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _daily(day: dt.date) -> Period:
    leap_day = (day.month, day.day) == (2, 29)
    year_ago = None if leap_day else day.replace(year=day.year - 1).isoformat()
    previous = (day - DAY).isoformat()
    return Period(
        "gregorian", "daily", day.isoformat(), day, day, day.toordinal(), previous, year_ago
    )


def _weekly(day: dt.date) -> Period:
    monday = day - dt.timedelta(days=day.weekday())
    year, week, _ = day.isocalendar()
    # Week 53 exists in some years only: its year-ago week is then that year's last one.
    last_week = dt.date(year - 1, 12, 28).isocalendar().week
    year_ago = f"{year - 1}-W{min(week, last_week):02d}"
    number = (monday.toordinal() - 1) // 7
    return Period(
        "gregorian", "weekly", _week_label(day), monday, monday + 6 * DAY, number,
        _week_label(monday - DAY), year_ago,
    )  # fmt: skip


def _monthly(day: dt.date) -> Period:
    start = day.replace(day=1)
    following = (start + 31 * DAY).replace(day=1)
    return Period(
        "gregorian", "monthly", f"{start:%Y-%m}", start, following - DAY,
        start.year * 12 + start.month, f"{start - DAY:%Y-%m}", f"{start.year - 1}-{start:%m}",
    )  # fmt: skip


def _yearly(day: dt.date) -> Period:
    before = f"{day.year - 1}"
    return Period(
        "gregorian", "yearly", f"{day.year}", dt.date(day.year, 1, 1), dt.date(day.year, 12, 31),
        day.year, before, before,
    )  # fmt: skip


_PERIOD_OF = {"daily": _daily, "weekly": _weekly, "monthly": _monthly, "yearly": _yearly}


def period_of(day: dt.date, cadence: str) -> Period:
    """The period of `cadence` that a day lies in."""
    return _PERIOD_OF[cadence](day)


def periods(first: dt.date, last: dt.date) -> Iterator[Period]:
    """Every period of every cadence that overlaps `first`..`last`, whole, in order."""
    for cadence in _PERIOD_OF:
        day = first
        while day <= last:
            period = period_of(day, cadence)
            yield period
            day = period.end + DAY
