"""How often a KPI is computed, from fine to coarse, and which periods lie within which."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator

from kpi_specs.calendars import CADENCES, Cadence, CalendarName
from kpi_specs.language.base import as_tuple

__all__ = ["CADENCES", "Cadence", "Cadences", "is_coarser", "lies_within"]


Cadences = Annotated[  # one or a list
    tuple[Cadence, ...],
    BeforeValidator(as_tuple, json_schema_input_type=Cadence | tuple[Cadence, ...]),
]


def is_coarser(cadence: Cadence, own: Iterable[Cadence]) -> bool:
    """Whether one of a KPI's own cadences is finer: what it computes, it computes in this one too.

    Its values are made of rows of days, never of the values of shorter periods, so weeks may cross
    the borders of months.
    """
    return any(CADENCES.index(one) < CADENCES.index(cadence) for one in own)


def lies_within(fine: Cadence, coarse: Cadence, calendar: CalendarName) -> bool:
    """Whether whole periods of `fine` make up each period of `coarse`.

    Weeks cross the borders of months and years, but for a retail year's.
    """
    if CADENCES.index(fine) >= CADENCES.index(coarse):
        return False
    return fine != "weekly" or calendar == "retail"
