"""One KPI: the six steps (objective, criterion, metric, target, frequency, measurement system)."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kpi_specs.language.base import Days, Id, SpecModel, Text
from kpi_specs.language.cadence import Cadence
from kpi_specs.language.metric import Metric
from kpi_specs.language.target import Target

TOTAL: tuple[str, ...] = ()  # the slice without dimensions


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Changed(SpecModel):
    """Why this version exists."""

    on: dt.date
    why: str
    by: Id


class Complete(SpecModel):
    """What a complete period holds."""

    every: Literal["day"]
    min_rows: Annotated[int, Field(ge=1)] = 1
    coverage: Annotated[float, Field(gt=0, le=1)] = 1.0  # share of days that must be there


class MinSample(SpecModel):
    """The smallest denominator that still says something."""

    denominator: Annotated[float, Field(gt=0)]


class Availability(SpecModel):
    """When a period counts as measured."""

    complete: Complete | None = None
    due: Days = 1  # after the period's end; before it the period is pending
    mature: Days = 0  # provisional until then (late data)
    warm_up: Days = 0  # history needed before the first value means anything
    min_sample: MinSample | None = None
    valid_range: tuple[float | None, float | None] | None = None
    zero_is_valid: bool = False


class Resource(SpecModel):
    """Something the target needs."""

    what: str
    available: bool


class Review(SpecModel):
    """When the definition itself is looked at again."""

    every: Literal["weekly", "monthly", "quarterly", "yearly"]
    last: dt.date | None = None
    next: dt.date | None = None


class Stated(SpecModel):
    """A person's stated reason."""

    reason: str
    by: Id
    on: dt.date


class Smart(SpecModel):
    """The two letters that need a person."""

    achievable: Stated | None = None
    relevant: Stated | None = None


class Example(SpecModel):
    """A worked example: rows of the dataset and the value they must give."""

    rows: tuple[dict[str, Any], ...]
    value: float | None


class Kpi(SpecModel):
    """A KPI file of `kpi_specs/kpis/<area>/`; its stem is the KPI's id."""

    kpi: Id
    version: Annotated[int, Field(ge=1)] = 1
    changed: Changed | None = None
    title: Text
    kind: Literal["kpi", "kri"]
    leads_to: tuple[Id, ...] = ()
    objective: Id
    purpose: Text
    criterion: Text
    metric: Metric
    unit: Literal["number", "percent", "currency", "duration", "ratio"]
    decimals: Annotated[int, Field(ge=0, le=9)] = 2  # display only
    direction: Literal["higher_is_better", "lower_is_better", "in_range"]
    cadence: Annotated[tuple[Cadence, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
    calendar: Literal["gregorian"] = "gregorian"
    grain: tuple[tuple[str, ...], ...] = (TOTAL,)
    targets: tuple[Target, ...] = ()
    availability: Availability = Availability()
    owner: Id
    resources: tuple[Resource, ...] = ()
    review: Review | None = None
    smart: Smart = Smart()
    example: Example | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension of the grain, in the order of first use, without repeats."""
        return tuple(dict.fromkeys(d for one in self.grain for d in one))
