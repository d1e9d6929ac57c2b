"""A dated target of a KPI."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel
from kpi_specs.language.cadence import Cadence


class Target(SpecModel):
    """A dated target; ends inclusive, open-ended where absent."""

    from_: Annotated[dt.date, Field(alias="from")]
    to: dt.date | None = None
    cadence: Cadence | None = None  # needed where a KPI with several cadences is additive
    where: dict[str, str] = Field(default_factory=dict)  # the slice; empty: total
    value: float | None = None
    low: float | None = None  # direction in_range
    high: float | None = None
    warning: float | None = None  # still tolerable
    set_by: Id
    why: str
