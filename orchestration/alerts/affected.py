"""Periods that cannot be measured, or are measured with a warning, and stretches of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from kpi_specs.calendars import CADENCES

_DAY = dt.timedelta(days=1)
_CADENCES: dict[str, int] = {cadence: number for number, cadence in enumerate(CADENCES)}


@dataclass(frozen=True)
class Affected:
    """One period of one KPI that cannot be measured, or is measured with a warning.

    `slices` are the values of its affected slices; of the total there are none.
    """

    kpi: str
    cadence: str
    period_start: dt.date
    period_end: dt.date
    period: str
    reason: str
    data_through: dt.date | None
    slices: tuple[str, ...] = ()
    is_inherited: bool = False  # its cause lies elsewhere: in an input KPI, in another dataset

    @property
    def fineness(self) -> int:
        """The higher, the shorter the cadence; February is no finer than any other month."""
        return -_CADENCES[self.cadence]


@dataclass(frozen=True)
class Span:
    """Consecutive periods of one KPI and cadence."""

    kpi: str
    cadence: str
    first: str
    last: str
    start: dt.date
    end: dt.date
    count: int

    def __str__(self) -> str:
        """`2017-03-01 to 2017-03-05 (5)`, or the one period."""
        return self.first if self.count == 1 else f"{self.first} to {self.last} ({self.count})"


def spans(affected: Iterable[Affected]) -> tuple[Span, ...]:
    """Compress periods, sorted `by_time`, into runs without a gap, per KPI and cadence."""
    found: list[Span] = []
    for one in affected:
        last = found[-1] if found else None
        if (
            last is not None
            and (last.kpi, last.cadence) == (one.kpi, one.cadence)
            and one.period_start <= last.end + _DAY
        ):
            count = last.count + (one.period != last.last)
            found[-1] = Span(
                one.kpi, one.cadence, last.first, one.period, last.start, one.period_end, count
            )
        else:
            span = Span(
                one.kpi, one.cadence, one.period, one.period, one.period_start, one.period_end, 1
            )
            found.append(span)
    return tuple(found)


def by_time(one: Affected) -> tuple[str, str, dt.date]:
    """By KPI and cadence, then by time."""
    return (one.kpi, one.cadence, one.period_start)
