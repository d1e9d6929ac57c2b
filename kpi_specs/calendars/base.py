"""What every calendar shares: all cadences, derived from where its months begin.

Comparisons go from key to key (2026-03 to 2026-02), never by adding intervals to dates: "31 March
minus one month" is 28 February, and so is 28 March minus one month.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

from kpi_specs.calendars.period import CADENCES, DAY, Cadence, CalendarName, Period
from kpi_specs.calendars.weekday import Weekday, on_or_before

WEEK = 7 * DAY


class Calendar(ABC):
    """Years of twelve months of whole days, quarters of three months, and weeks across them.

    A week belongs to the year that holds most of its days, and is counted from the first such week:
    ISO 8601's rule, here for any first day of the week and for the years of any calendar.
    """

    name: ClassVar[CalendarName]

    @property
    @abstractmethod
    def week_start(self) -> Weekday:
        """First day of the week."""

    @property
    def first_gregorian_month(self) -> int | None:
        """The month on whose first day its years begin; None: its months begin on other days."""
        return None

    @abstractmethod
    def month_of(self, day: dt.date) -> tuple[int, int]:
        """Year and month (1 to 12) that a day lies in; years are numbered as they are labelled."""

    @abstractmethod
    def first_day(self, year: int, month: int = 1) -> dt.date:
        """The first day of a month."""

    @abstractmethod
    def day_a_year_before(self, day: dt.date) -> dt.date | None:
        """The day of the year before that a day is compared with; None: there is no such day."""

    def day_label(self, day: dt.date) -> str:
        """`2017-03-05`."""
        return day.isoformat()

    def year_label(self, year: int) -> str:
        """`2017`."""
        return f"{year:04d}"

    def month_label(self, year: int, month: int) -> str:
        """`2017-03`."""
        return f"{self.year_label(year)}-{month:02d}"

    def period_of(self, day: dt.date, cadence: Cadence) -> Period:
        """The period of `cadence` that a day lies in."""
        return _PERIOD_OF[cadence](self, day)

    def periods(
        self, first: dt.date, last: dt.date, cadences: Iterable[Cadence] = CADENCES
    ) -> Iterator[Period]:
        """Every period that overlaps `first`..`last`, whole; in order within each cadence."""
        for cadence in cadences:
            day = first
            while day <= last:
                period = self.period_of(day, cadence)
                yield period
                day = period.end + DAY

    def _daily(self, day: dt.date) -> Period:
        before = self.day_a_year_before(day)
        return Period(
            self.name, "daily", self.day_label(day), day, day, day.toordinal(),
            self.day_label(day - DAY), None if before is None else self.day_label(before),
        )  # fmt: skip

    def _weekly(self, day: dt.date) -> Period:
        start = on_or_before(day, self.week_start)
        year, week = self._week_of(start)
        # Week 53 exists in some years only: its year-ago week is then that year's last one.
        week_before = min(week, self.weeks_in(year - 1))
        return Period(
            self.name, "weekly", self._week_label(year, week), start, start + 6 * DAY,
            start.toordinal() // 7, self._week_label(*self._week_of(start - WEEK)),
            self._week_label(year - 1, week_before),
        )  # fmt: skip

    def _monthly(self, day: dt.date) -> Period:
        year, month = self.month_of(day)
        start, end = self._span(year, month, 1)
        return Period(
            self.name, "monthly", self.month_label(year, month), start, end, year * 12 + month,
            self.month_label(*self.month_of(start - DAY)), self.month_label(year - 1, month),
        )  # fmt: skip

    def _quarterly(self, day: dt.date) -> Period:
        year, month = self.month_of(day)
        quarter = (month + 2) // 3
        start, end = self._span(year, 3 * quarter - 2, 3)
        before = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
        return Period(
            self.name, "quarterly", self._quarter_label(year, quarter), start, end,
            year * 4 + quarter, self._quarter_label(*before),
            self._quarter_label(year - 1, quarter),
        )  # fmt: skip

    def _yearly(self, day: dt.date) -> Period:
        year, _ = self.month_of(day)
        start, end = self._span(year, 1, 12)
        before = self.year_label(year - 1)
        return Period(self.name, "yearly", self.year_label(year), start, end, year, before, before)

    def _span(self, year: int, month: int, months: int) -> tuple[dt.date, dt.date]:
        """First and last day of some months of one year."""
        over, following = divmod(month - 1 + months, 12)
        return self.first_day(year, month), self.first_day(year + over, following + 1) - DAY

    def weeks_in(self, year: int) -> int:
        """52 or 53."""
        return (self._week_one(year + 1) - self._week_one(year)) // WEEK

    def _week_one(self, year: int) -> dt.date:
        """The week with the year's fourth day is the first to have most of its days in the year."""
        return on_or_before(self.first_day(year) + 3 * DAY, self.week_start)

    def _week_of(self, start: dt.date) -> tuple[int, int]:
        """Year and number of the week that begins on `start`."""
        year, _ = self.month_of(start + 3 * DAY)
        return year, (start - self._week_one(year)) // WEEK + 1

    def _week_label(self, year: int, week: int) -> str:
        return f"{self.year_label(year)}-W{week:02d}"

    def _quarter_label(self, year: int, quarter: int) -> str:
        return f"{self.year_label(year)}-Q{quarter}"


_PERIOD_OF: Mapping[Cadence, Callable[[Calendar, dt.date], Period]] = {
    "daily": Calendar._daily,
    "weekly": Calendar._weekly,
    "monthly": Calendar._monthly,
    "quarterly": Calendar._quarterly,
    "yearly": Calendar._yearly,
}
