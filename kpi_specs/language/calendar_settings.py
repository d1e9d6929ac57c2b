"""Settings of the calendars that differ from company to company."""

from typing import Annotated, Literal

from pydantic import Field

from kpi_specs.calendars import (
    Calendar,
    CalendarName,
    Fiscal,
    Gregorian,
    Jalali,
    Retail,
    Weekday,
)
from kpi_specs.language.base import SpecModel

Month = Annotated[int, Field(ge=1, le=12)]
YearLabel = Literal["end_year", "start_year"]


class FiscalYear(SpecModel):
    """A year of calendar months that does not begin in January."""

    first_month: Month
    """The calendar month that the year begins with. E.g. `4`."""
    label: YearLabel
    """Whether FY2026 ends in 2026, or starts in it. E.g. `end_year`."""


class YearEnd(SpecModel):
    """The last day of a retail year."""

    weekday: Weekday
    """The weekday that every year, month and week ends on. E.g. `saturday`."""
    month: Month
    """The calendar month that the year ends with. E.g. `1`."""
    which: Literal["nearest_month_end", "last_in_month"]
    """Which of these weekdays: the one nearest the month's last day, or the last one in the month.
    It decides which years have 53 weeks. E.g. `nearest_month_end`."""


class RetailYear(SpecModel):
    """A year of whole weeks, in months of four and five of them."""

    pattern: Literal["4-4-5", "4-5-4", "5-4-4"]
    """Weeks of the three months of each quarter. E.g. `4-5-4`."""
    year_ends: YearEnd
    """The last day of the year. E.g. `{weekday: saturday, month: 1, which: nearest_month_end}`."""
    label: YearLabel
    """Whether RY2023 ends in 2023, or starts in it, by calendar months. E.g. `start_year`."""
    week_53: Month = 12
    """The month of the retail year that takes the 53rd week where there is one. E.g. `12`."""


def make_calendar(
    name: CalendarName,
    week_start: Weekday,
    fiscal: FiscalYear | None,
    retail: RetailYear | None,
) -> Calendar:
    """The calendar of that name.

    Raises:
        ValueError: A fiscal or retail calendar without its settings.
    """
    if name == "gregorian":
        return Gregorian(week_start)
    if name == "jalali":
        return Jalali()
    if name == "fiscal" and fiscal is not None:
        return Fiscal(fiscal.first_month, fiscal.label, week_start)
    if name == "retail" and retail is not None:
        ends = retail.year_ends
        return Retail(
            retail.pattern, ends.weekday, ends.month, ends.which, retail.label, retail.week_53
        )
    raise ValueError(f"the calendar '{name}' has no settings in project.yml")
