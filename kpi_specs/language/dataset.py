"""One fact table that KPIs are computed from."""

from typing import Annotated

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel


class Dataset(SpecModel):
    """A dataset file of `kpi_specs/datasets/`; its stem is the dataset's id."""

    dataset: Id
    model: Id  # the dbt model
    row: str  # what one row is, in words
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    time: str  # DATE column of the model, already in the business's time zone
    dimensions: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    unit_column: str | None = None
    description: str | None = None
