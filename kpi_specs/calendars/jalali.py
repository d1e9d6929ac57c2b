"""The Solar Hijri calendar of Iran and Afghanistan: 1396-01-15, 1396-W03, 1396-01, 1396-Q1, 1396.

Its conversions are persiantools', which agree with the 33-year rule of leap years (and that with
the official calendar) from 1178 to 1501. DuckDB's own Persian calendar is never switched on: under
it casts to DATE are silently wrong.
"""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from persiantools.jdatetime import JalaliDate

from kpi_specs.calendars.base import Calendar
from kpi_specs.calendars.period import CalendarName
from kpi_specs.calendars.weekday import Weekday

ESFAND = 12


@dataclass(frozen=True)
class Jalali(Calendar):
    """Six months of 31 days, five of 30, Esfand of 29 or 30; the week begins on Saturday."""

    week_start: Weekday = "saturday"
    name: ClassVar[CalendarName] = "jalali"

    def month_of(self, day: dt.date) -> tuple[int, int]:
        found = JalaliDate(day)
        return found.year, found.month

    def first_day(self, year: int, month: int = 1) -> dt.date:
        return _gregorian(year, month, 1)

    def day_a_year_before(self, day: dt.date) -> dt.date | None:
        found = JalaliDate(day)
        if (found.month, found.day) == (ESFAND, 30):
            return None
        return _gregorian(found.year - 1, found.month, found.day)

    def day_label(self, day: dt.date) -> str:
        found = JalaliDate(day)
        return f"{found.year:04d}-{found.month:02d}-{found.day:02d}"


def _gregorian(year: int, month: int, day: int) -> dt.date:
    return JalaliDate(year, month, day).to_gregorian()
