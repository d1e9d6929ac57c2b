"""What is computed: the parts that a dataset's KPIs share, and each KPI over them.

A part is one aggregate of one dataset (`sum of clicks where channel = 'search'`). Parts that
several KPIs need are computed once: all parts of a (dataset, calendar) come from one table.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metric import Measure
from kpi_specs.language.project import Project
from kpi_specs.language.slices import Slice

COUNTS = frozenset({"sum", "count", "count_distinct", "sum_boolean"})  # no rows: an honest 0
ROWS = "row_count"
_ROW = Measure(count="rows")
_ROLLUP = {"sum": "sum", "count": "sum", "sum_boolean": "sum", "min": "min", "max": "max"}


@dataclass(frozen=True)
class Part:
    """One aggregate. `sql` reads columns of the dataset's model.

    Attributes:
        rollup: The aggregate that makes a longer period or a coarser slice of finer ones; None
            where there is none (distinct counts, averages, percentiles).
        distinct: Whether rows that repeat change nothing.
        whole: Whether it is NULL as soon as one of its rows is (a sum).
    """

    name: str
    sql: str
    columns: tuple[str, ...]
    rollup: str | None = None
    distinct: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Need:
    """A part with the cadences and slices that KPIs need it in."""

    part: Part
    cadences: tuple[str, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True)
class PartsTable:
    """All parts of one dataset: one scan of its model to days, one more for distinct counts."""

    dataset: Dataset
    calendar: str
    needs: tuple[Need, ...]
    cadences: tuple[str, ...]
    slices: tuple[Slice, ...]

    @property
    def name(self) -> str:
        """Name of the dbt model."""
        return f"kpi_parts_{self.dataset.dataset}"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that some slice uses, in the dataset's order."""
        return used_dimensions(self.dataset, self.slices)


@dataclass(frozen=True)
class Operand:
    """A measure of a KPI as it is found in the parts."""

    measure: Measure
    dataset: str
    part: str
    zero_when_empty: bool


@dataclass(frozen=True)
class KpiPlan:
    """One KPI: its operands (numerator first) and the parts tables that hold them."""

    kpi: Kpi
    operands: tuple[Operand, ...]

    @property
    def name(self) -> str:
        """Name of the dbt model."""
        return f"kpi_{self.kpi.kpi}"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension of the KPI's grain, in the order of first use."""
        return self.kpi.dimensions

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets read, in order, without repeats."""
        return tuple(dict.fromkeys(o.dataset for o in self.operands))


@dataclass(frozen=True)
class Plan:
    """Everything that the compiler writes."""

    parts: tuple[PartsTable, ...]
    kpis: tuple[KpiPlan, ...]


def used_dimensions(dataset: Dataset, slices: Sequence[Slice]) -> tuple[str, ...]:
    """The dimensions that some slice uses, in the dataset's order."""
    used = {d for one in slices for d in one}
    return tuple(d for d in dataset.dimensions if d in used)


def build_plan(project: Project) -> Plan:
    """Plan all KPIs of a checked project."""
    kpis = tuple(_plan_kpi(kpi) for kpi in project.kpis.values())
    return Plan(_tables(project, kpis), kpis)


def _tables(project: Project, kpis: tuple[KpiPlan, ...]) -> tuple[PartsTable, ...]:
    groups: dict[tuple[str, str], dict[str, Need]] = {}
    for plan in kpis:
        for operand in plan.operands:
            needs = groups.setdefault((operand.dataset, plan.kpi.calendar), {})
            for part in (_part(_ROW, ROWS), _part(operand.measure, operand.part)):
                have = needs.get(part.name, Need(part, (), ()))
                needs[part.name] = Need(
                    part,
                    tuple(dict.fromkeys((*have.cadences, *plan.kpi.cadence))),
                    tuple(dict.fromkeys((*have.slices, *plan.kpi.grain))),
                )
    return tuple(
        PartsTable(
            project.datasets[dataset],
            calendar,
            tuple(needs.values()),
            tuple(c for c in CADENCES if c in needs[ROWS].cadences),
            tuple(dict.fromkeys(((), *needs[ROWS].slices))),
        )
        for (dataset, calendar), needs in groups.items()
    )


def _plan_kpi(kpi: Kpi) -> KpiPlan:
    operands = tuple(
        Operand(m, kpi.metric.dataset_of(m), part_name(m), m.aggregation in COUNTS)
        for m in kpi.metric.measures
    )
    return KpiPlan(kpi, operands)


def part_name(measure: Measure) -> str:
    """A readable column name: `sum_clicks`, `rows_where_channel_search`.

    Names that would be too long to read end in a short hash of the whole measure.
    """
    if measure.count is not None and measure.where is None:
        return ROWS
    what = "rows" if measure.count is not None else f"{measure.aggregation}_{measure.expression}"
    if measure.percentile is not None:
        what = f"percentile_{measure.percentile.at:g}_{measure.percentile.of}"
    text = what if measure.where is None else f"{what}_where_{measure.where}"
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    # Operators are lost in the name (a - b, a + b), so whatever is not plain gets the hash.
    plain = re.fullmatch(r"[a-z0-9_]+(_where_[a-z0-9_]+)?", text) is not None
    if plain and len(name) <= 60:
        return name
    digest = hashlib.sha256(f"{what}|{measure.where}".encode()).hexdigest()[:6]
    return f"{name[:50].rstrip('_')}_{digest}"


def _part(measure: Measure, name: str) -> Part:
    expression = to_sql(measure.expression)
    aggregation = measure.aggregation
    columns, matching = columns_of(measure.expression), ""
    if measure.where is not None:
        matching = f" filter (where {to_sql(measure.where)})"
        columns = tuple(dict.fromkeys((*columns, *columns_of(measure.where))))
    calls = {
        "count_distinct": f"count(distinct {expression})",
        "average": f"avg({expression})",
        "sum_boolean": f"count_if({expression})",
    }
    sql = calls.get(aggregation, f"{aggregation}({expression})") + matching
    if measure.percentile is not None:
        sql = f"quantile_cont({expression}, {measure.percentile.at:g}){matching}"
    if aggregation == "sum":
        # A sum that lacks one of its rows is not known; SQL would pass over the NULL in silence.
        known = f"count(*){matching} = count({expression}){matching}"
        sql = f"case when {known}\n        then coalesce({sql}, 0) end"
    return Part(
        name,
        sql,
        columns,
        rollup=_ROLLUP.get(aggregation),
        distinct=aggregation == "count_distinct",
        whole=aggregation == "sum",
    )
