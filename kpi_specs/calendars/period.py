"""One period: what a row of `calendar.dim_period` holds."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

DAY = dt.timedelta(days=1)

CalendarName = Literal["gregorian", "jalali", "fiscal", "retail"]
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "monthly", "quarterly", "yearly")


@dataclass(frozen=True)
class Period:
    """One row of dim_period. `end` is the last day; keys are labels such as 2017-W09."""

    calendar: CalendarName
    cadence: Cadence
    period: str
    start: dt.date
    end: dt.date
    number: int  # counts on by one, so that neighbours are seen at a glance
    previous_period: str
    year_ago_period: str | None  # None: that day does not exist (29 February, 30 Esfand)

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1
