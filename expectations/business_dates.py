"""SQL of the business date of a row: the project's day that its time falls on."""

from expectations.sql import identifier
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.source import Source
from kpi_specs.sql import local_day


def dataset_day(dataset: Dataset, project_zone: str, prefix: str = "") -> str:
    """SQL of the business date of a dataset's row, `prefix` before its column."""
    return f"cast({dataset.day(project_zone, prefix + identifier(dataset.time))} as date)"


def raw_business_date(source: Source, project_zone: str) -> str:
    """SQL of a raw row's business date."""
    return business_date(source, project_zone, identifier(source.event_time or ""))


def business_date(source: Source, project_zone: str, column: str) -> str:
    """SQL of the business date of a value of the source's event time.

    A naive timestamp is read in the source's zone and turned into the project's: 02:30 UTC on the
    2nd is still the 1st in New York. A date is a business date already.
    """
    event_time = source.event_time or ""
    kind = source.columns[event_time].type if event_time in source.columns else "text"
    if kind == "date":
        return f"cast({column} as date)"
    if kind != "timestamp":
        return f"try_cast({column} as date)"
    return local_day(column, source.time_zone, project_zone)
