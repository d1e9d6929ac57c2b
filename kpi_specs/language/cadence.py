"""How often a KPI is computed, from fine to coarse, and which periods lie within which."""

from kpi_specs.calendars import CADENCES, Cadence, CalendarName

__all__ = ["CADENCES", "Cadence", "lies_within"]


def lies_within(fine: Cadence, coarse: Cadence, calendar: CalendarName) -> bool:
    """Whether whole periods of `fine` make up each period of `coarse`.

    Weeks cross the borders of months and years, but for a retail year's.
    """
    if CADENCES.index(fine) >= CADENCES.index(coarse):
        return False
    return fine != "weekly" or calendar == "retail"
