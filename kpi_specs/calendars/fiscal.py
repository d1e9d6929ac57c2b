"""A fiscal year of calendar months: FY2026, FY2026-Q1, FY2026-P01 (its first month), FY2026-W01."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Literal

from kpi_specs.calendars.base import Calendar
from kpi_specs.calendars.gregorian import same_date_a_year_before
from kpi_specs.calendars.period import CalendarName
from kpi_specs.calendars.weekday import Weekday

YearLabel = Literal["end_year", "start_year"]


@dataclass(frozen=True)
class Fiscal(Calendar):
    """Calendar months, counted from `first_month`; days keep their dates.

    Attributes:
        first_month: The calendar month (1 to 12) that the year begins with.
        label: Whether a year is named after the calendar year it ends in, or starts in.
        week_start: First day of the week.
    """

    first_month: int
    label: YearLabel
    week_start: Weekday = "monday"
    name: ClassVar[CalendarName] = "fiscal"

    @property
    def first_gregorian_month(self) -> int:
        return self.first_month

    def month_of(self, day: dt.date) -> tuple[int, int]:
        years, month = divmod(day.month - self.first_month, 12)
        return day.year + years + self._named_ahead, month + 1

    def first_day(self, year: int, month: int = 1) -> dt.date:
        years, calendar_month = divmod(self.first_month - 1 + month - 1, 12)
        return dt.date(year - self._named_ahead + years, calendar_month + 1, 1)

    def day_a_year_before(self, day: dt.date) -> dt.date | None:
        return same_date_a_year_before(day)

    def year_label(self, year: int) -> str:
        return f"FY{year:04d}"

    def month_label(self, year: int, month: int) -> str:
        """`P01`, lest the first month of a year from April be read as January."""
        return f"{self.year_label(year)}-P{month:02d}"

    @property
    def _named_ahead(self) -> int:
        """By how many years the label runs ahead of the calendar year that the year starts in."""
        return 1 if self.label == "end_year" and self.first_month > 1 else 0
