"""How often a KPI is computed, from fine to coarse: the periods that every calendar has."""

from kpi_specs.calendars import CADENCES, Cadence

__all__ = ["CADENCES", "Cadence"]
