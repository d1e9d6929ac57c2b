"""The common calendar: 2017-03-05, 2017-W09, 2017-03, 2017-Q1, 2017."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from kpi_specs.calendars.base import Calendar
from kpi_specs.calendars.period import CalendarName
from kpi_specs.calendars.weekday import Weekday


@dataclass(frozen=True)
class Gregorian(Calendar):
    """With weeks from Monday they are those of ISO 8601."""

    week_start: Weekday = "monday"
    name: ClassVar[CalendarName] = "gregorian"

    @property
    def first_gregorian_month(self) -> int:
        return 1

    def month_of(self, day: dt.date) -> tuple[int, int]:
        return day.year, day.month

    def first_day(self, year: int, month: int = 1) -> dt.date:
        return dt.date(year, month, 1)

    def day_a_year_before(self, day: dt.date) -> dt.date | None:
        return same_date_a_year_before(day)


def same_date_a_year_before(day: dt.date) -> dt.date | None:
    """The same day and month; None for 29 February."""
    if (day.month, day.day) == (2, 29):
        return None
    return day.replace(year=day.year - 1)


GREGORIAN = Gregorian()
