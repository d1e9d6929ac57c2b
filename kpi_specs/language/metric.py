"""How a KPI is computed: exactly one of the metric types of `kpi_specs.language.metrics`."""

from typing import TYPE_CHECKING

from pydantic import model_validator

from kpi_specs.language.base import Id, SpecModel
from kpi_specs.language.metrics.base import Input, MetricType, Path
from kpi_specs.language.metrics.conversion import Conversion
from kpi_specs.language.metrics.cumulative import Cumulative
from kpi_specs.language.metrics.derived import Derived
from kpi_specs.language.metrics.duration import Duration
from kpi_specs.language.metrics.first_time import FirstTime
from kpi_specs.language.metrics.growth import Growth
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import Operand, Span
from kpi_specs.language.metrics.ratio import Ratio
from kpi_specs.language.metrics.repeat import Repeat
from kpi_specs.language.metrics.simple import Simple
from kpi_specs.language.metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from kpi_specs.language.project import Project


class Metric(SpecModel):
    """A dataset, where the type reads one, and the one type."""

    dataset: Id | None = None
    """The dataset that the metric's measures are of. E.g. `order_lines`."""
    simple: Simple | None = None
    """One measure. E.g. `{sum: net_amount}`."""
    ratio: Ratio | None = None
    """A measure over a measure. E.g. `{numerator: {sum: clicks}, denominator: {sum: views}}`."""
    growth: Growth | None = None
    """Another KPI against its own earlier value. E.g. `{of: orders, versus: previous_period}`."""

    derived: Derived | None = None
    """A formula over KPIs and measures.
    E.g. `{formula: a / b, inputs: {a: {kpi: leads}, b: {kpi: visits}}}`."""
    cumulative: Cumulative | None = None
    """A measure or KPI over a window, or to date. E.g. `{of: gross_revenue, to_date: year}`."""
    conversion: Conversion | None = None
    """Events that are followed by another one in time.
    E.g. `{entity: visitor, base: {}, converted: {dataset: orders}, within: 7 days}`."""
    first_time: FirstTime | None = None
    """Entities whose first row lies in the period. E.g. `{entity: customer_id}`."""
    repeat: Repeat | None = None
    """Share of the entities that came back. E.g. `{entity: customer_id, event: order_id}`."""
    snapshot: Snapshot | None = None
    """A balance on one day.
    E.g. `{of: balance, entity: account, at: period_end, missing: carry}`."""
    duration: Duration | None = None
    """Time between two timestamps. E.g. `{from: created_at, to: won_at, of: median}`."""

    @model_validator(mode="after")
    def _exactly_one_type(self) -> "Metric":
        found = [name for name in METRIC_TYPES if getattr(self, name) is not None]
        if len(found) != 1:
            said = f"found {', '.join(found)}" if found else "found none"
            raise ValueError(f"a metric needs exactly one type ({', '.join(METRIC_TYPES)}); {said}")
        if self.dataset is None and any(m.dataset is None for m in self.measures):
            raise ValueError("a metric names its dataset, e.g. 'dataset: order_lines'")
        return self

    @property
    def type(self) -> str:
        """The type's name."""
        return next(name for name in METRIC_TYPES if getattr(self, name) is not None)

    @property
    def as_written(self) -> "Metric":
        """What the spec says, also where it is not to be computed (`withheld`)."""
        return self

    @property
    def definition(self) -> MetricType:
        """What the type says."""
        found: MetricType = getattr(self, self.type)
        return found

    @property
    def placed_measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Every column and filter read, as measures, each with its place from the KPI on."""
        start: Path = ("metric", self.type)
        return tuple(((*start, *path), measure) for path, measure in self.definition.measures)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every column and filter read, as measures."""
        return tuple(measure for _, measure in self.definition.measures)

    def dataset_of(self, measure: Measure) -> str:
        """The dataset that a measure is computed from."""
        return measure.dataset or self.dataset or ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that its own spec names, in order, without repeats."""
        return tuple(dict.fromkeys(self.dataset_of(m) for m in self.measures))

    @property
    def sliced_datasets(self) -> tuple[str, ...]:
        """Those of them that have to have the KPI's dimensions."""
        return tuple(d for d in self.datasets if d not in self.definition.unsliced)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """KPIs whose values it is computed from."""
        return self.definition.inputs

    @property
    def only_inputs(self) -> bool:
        """Whether it reads no data but through the values of other KPIs."""
        return bool(self.inputs) and not self.datasets

    @property
    def uses(self) -> tuple[str, ...]:
        """Ids of the KPIs that it rests on in any way, in order, without repeats."""
        named = [one.kpi for one in self.inputs]
        if self.definition.definition_of is not None:
            named.append(self.definition.definition_of)
        return tuple(dict.fromkeys(named))

    @property
    def divides(self) -> bool:
        """Whether its value is a quotient."""
        return self.definition.divides

    @property
    def additive(self) -> bool:
        """Whether slices add up to the total, and shorter periods to longer ones."""
        return self.definition.additive

    @property
    def takes(self) -> Span | None:
        """The days that a period takes; None: its own."""
        return self.definition.takes

    def operands(self, project: "Project") -> tuple[Operand, ...]:
        """The parts that it is made of: numerator, then denominator where it divides."""
        return self.definition.operands(project, self.dataset)

    def waits_for(self, project: "Project") -> dict[str, Operand]:
        """Columns that say what may still change its value."""
        return self.definition.waits_for(project, self.dataset)

    def sample(self, project: "Project") -> Operand | None:
        """The rows that its one statistic is made of, where it is no quotient."""
        return self.definition.sample(project, self.dataset)


METRIC_TYPES = tuple(name for name in Metric.model_fields if name != "dataset")
