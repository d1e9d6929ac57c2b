"""How a KPI is computed: the metric types and the measures that they are made of.

A measure is one aggregation of one column or checked expression, with an optional filter:
`{sum: amount, where: "status = 'won'"}`. Filters follow SQL: a comparison with NULL is not true, so
`status <> 'cancelled'` drops rows without a status unless the spec adds `or status is null`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kpi_specs.language.base import Id, SpecModel

Aggregation = Literal[
    "sum", "count", "count_distinct", "average", "min", "max", "median", "sum_boolean"
]
AGGREGATIONS: tuple[Aggregation, ...] = (
    "sum", "count", "count_distinct", "average", "min", "max", "median", "sum_boolean",
)  # fmt: skip
ADDITIVE: frozenset[Aggregation] = frozenset({"sum", "count", "sum_boolean"})


class Percentile(SpecModel):
    """A continuous percentile, `at` between 0 and 1."""

    of: str
    at: Annotated[float, Field(ge=0, le=1)]


class Measure(SpecModel):
    """One aggregation; exactly one of its keys is set."""

    sum: str | None = None
    count: Literal["rows"] | None = None
    count_distinct: str | None = None
    average: str | None = None
    min: str | None = None
    max: str | None = None
    median: str | None = None
    sum_boolean: str | None = None
    percentile: Percentile | None = None
    where: str | None = None
    dataset: Id | None = None  # where it differs from the metric's

    @model_validator(mode="after")
    def _exactly_one_aggregation(self) -> "Measure":
        found = [name for name in (*AGGREGATIONS, "percentile") if getattr(self, name) is not None]
        if len(found) != 1:
            allowed = ", ".join((*AGGREGATIONS, "percentile"))
            said = f"found {', '.join(found)}" if found else "found none"
            raise ValueError(f"a measure needs exactly one aggregation ({allowed}); {said}")
        return self

    @property
    def aggregation(self) -> str:
        """The name of the one aggregation."""
        return next(n for n in (*AGGREGATIONS, "percentile") if getattr(self, n) is not None)

    @property
    def expression(self) -> str:
        """The column or expression aggregated; `*` for a count of rows."""
        if self.percentile is not None:
            return self.percentile.of
        return "*" if self.count is not None else str(getattr(self, self.aggregation))

    @property
    def additive(self) -> bool:
        """Whether slices and finer periods add up to the total."""
        return self.aggregation in ADDITIVE


class Ratio(SpecModel):
    """Sum over sum; a zero or missing denominator is no value."""

    numerator: Measure
    denominator: Measure


class Growth(SpecModel):
    """Change of another KPI: current / base - 1."""

    of: Id
    versus: Literal["previous_period", "same_period_last_year"]
    compare: Literal["complete", "same_elapsed_days"] = "complete"


class Metric(SpecModel):
    """Exactly one of simple, ratio and growth."""

    dataset: Id | None = None
    simple: Measure | None = None
    ratio: Ratio | None = None
    growth: Growth | None = None

    @model_validator(mode="after")
    def _exactly_one_type(self) -> "Metric":
        found = [name for name in ("simple", "ratio", "growth") if getattr(self, name) is not None]
        if len(found) != 1:
            said = f"found {', '.join(found)}" if found else "found none"
            raise ValueError(f"a metric needs exactly one type (simple, ratio, growth); {said}")
        if self.dataset is None and any(m.dataset is None for m in self.measures):
            raise ValueError("a metric names its dataset, e.g. 'dataset: order_lines'")
        return self

    @property
    def type(self) -> Literal["simple", "ratio", "growth"]:
        """The metric's type."""
        if self.simple is not None:
            return "simple"
        return "ratio" if self.ratio is not None else "growth"

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures it is made of: one, two (numerator, denominator) or none (growth)."""
        if self.simple is not None:
            return (self.simple,)
        if self.ratio is not None:
            return (self.ratio.numerator, self.ratio.denominator)
        return ()

    @property
    def additive(self) -> bool:
        """Whether slices add up to the total (a sum or a count)."""
        return self.simple is not None and self.simple.additive

    def dataset_of(self, measure: Measure) -> str:
        """The dataset that a measure is computed from."""
        return measure.dataset or self.dataset or ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets read, in order, without repeats."""
        return tuple(dict.fromkeys(self.dataset_of(m) for m in self.measures))
