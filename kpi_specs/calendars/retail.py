"""A year of 52 or 53 whole weeks in months of 4 and 5: RY2023, RY2023-Q1, RY2023-P01, RY2023-W53.

A month always has the same number of weekends, so that months compare; once in five or six years
there is a week 53. Source of the rules: the National Retail Federation's 4-5-4 calendar, whose year
ends on the Saturday nearest 31 January.
"""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import ClassVar, Literal

from kpi_specs.calendars.base import WEEK, Calendar
from kpi_specs.calendars.fiscal import YearLabel
from kpi_specs.calendars.period import DAY, CalendarName
from kpi_specs.calendars.weekday import WEEKDAYS, Weekday, on_or_before

Pattern = Literal["4-4-5", "4-5-4", "5-4-4"]
Anchor = Literal["nearest_month_end", "last_in_month"]


@dataclass(frozen=True)
class Retail(Calendar):
    """Whole weeks only: the year ends on one weekday, near or within one calendar month.

    Attributes:
        pattern: Weeks of the three months of each quarter.
        last_weekday: The weekday that every year, month and week ends on.
        last_month: The calendar month (1 to 12) that the year ends with.
        anchor: Whether it ends on the weekday nearest that month's last day, or on the last one in
            the month. This decides which years have 53 weeks.
        label: Whether a year is named after the calendar year of its last month, or of its first:
            a year that ends with January 2024 begins with February 2023.
        long_month: The month of the year (1 to 12) that takes the 53rd week.
    """

    pattern: Pattern
    last_weekday: Weekday
    last_month: int
    anchor: Anchor
    label: YearLabel
    long_month: int = 12
    name: ClassVar[CalendarName] = "retail"

    @property
    def week_start(self) -> Weekday:
        """The day after the one that years end on."""
        return WEEKDAYS[(WEEKDAYS.index(self.last_weekday) + 1) % 7]

    def month_of(self, day: dt.date) -> tuple[int, int]:
        year = day.year + 1
        while self.first_day(year) > day:
            year -= 1
        return year, bisect_right(_month_starts(self, year), day)

    def first_day(self, year: int, month: int = 1) -> dt.date:
        return _month_starts(self, year)[month - 1]

    def day_a_year_before(self, day: dt.date) -> dt.date | None:
        """The same weekday of the year-ago week: like is compared with like."""
        year, _ = self.month_of(day)
        into = day - self.first_day(year)
        start = self.first_day(year - 1)
        last_week = self.first_day(year) - WEEK
        return min(start + into // WEEK * WEEK, last_week) + into % WEEK

    def year_label(self, year: int) -> str:
        return f"RY{year:04d}"

    def month_label(self, year: int, month: int) -> str:
        """`P01`: the retail year's first month, which is no calendar month."""
        return f"{self.year_label(year)}-P{month:02d}"

    def last_day(self, year: int) -> dt.date:
        """Where the year of that label ends."""
        ends_in = year if self.label == "end_year" or self.last_month == 12 else year + 1
        over, following = divmod(self.last_month, 12)
        month_end = dt.date(ends_in + over, following + 1, 1) - DAY
        # Nearest: of seven days from three before to three after, one is that weekday.
        latest = month_end + 3 * DAY if self.anchor == "nearest_month_end" else month_end
        return on_or_before(latest, self.last_weekday)


@lru_cache(maxsize=256)
def _month_starts(calendar: Retail, year: int) -> tuple[dt.date, ...]:
    """The first days of the twelve months."""
    start = calendar.last_day(year - 1) + DAY
    weeks = [int(n) for n in calendar.pattern.split("-")] * 4
    weeks[calendar.long_month - 1] += (calendar.last_day(year) + DAY - start) // WEEK - sum(weeks)
    return tuple(start + before * WEEK for before in accumulate(weeks[:-1], initial=0))
