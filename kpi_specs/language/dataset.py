"""One fact table that KPIs are computed from."""

from typing import Annotated

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel


class Dataset(SpecModel):
    """A dataset file of `kpi_specs/datasets/`; its stem is the dataset's id."""

    dataset: Id
    """The id; equals the file's stem. E.g. `ad_performance`."""
    model: Id
    """The dbt model in the schema `marts`. E.g. `fct_ad_performance`."""
    row: str
    """What one row is, in words. E.g. `one campaign on one day`."""
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """Columns that tell one row from another. E.g. `[ad_date, campaign_id]`."""
    time: str
    """A DATE column, already in the business's time zone. E.g. `ad_date`."""
    dimensions: tuple[str, ...] = ()
    """Columns that KPIs may be sliced by. E.g. `[channel, campaign]`."""
    entities: tuple[str, ...] = ()
    """Columns that name whom or what a row is about. E.g. `[campaign_id]`."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """The systems that feed it; where one is missing, its KPIs are unmeasurable.
    E.g. `[ad_google, ad_meta]`."""
    unit_column: str | None = None
    """Column with the currency or unit of a row (recorded, not judged yet). E.g. `currency`."""
    description: str | None = None
    """What else is to be known about it. E.g. `By day of creation.`"""
