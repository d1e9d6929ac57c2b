"""How often a KPI is computed, from fine to coarse, and which periods lie within which."""

from typing import Annotated

from pydantic import BeforeValidator

from kpi_specs.calendars import CADENCES, Cadence, CalendarName
from kpi_specs.language.base import as_tuple

__all__ = ["CADENCES", "Cadence", "Cadences", "lies_within"]


Cadences = Annotated[  # one or a list
    tuple[Cadence, ...],
    BeforeValidator(as_tuple, json_schema_input_type=Cadence | tuple[Cadence, ...]),
]


def lies_within(fine: Cadence, coarse: Cadence, calendar: CalendarName) -> bool:
    """Whether whole periods of `fine` make up each period of `coarse`.

    Weeks cross the borders of months and years, but for a retail year's.
    """
    if CADENCES.index(fine) >= CADENCES.index(coarse):
        return False
    return fine != "weekly" or calendar == "retail"
