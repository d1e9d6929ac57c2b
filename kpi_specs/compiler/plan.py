"""What is computed: shared parts per dataset, cadence and calendar, and each KPI over them.

A part is one aggregate of one dataset (`sum of clicks where channel = 'search'`). Parts that
several KPIs need are computed once: all parts of a (dataset, cadence, calendar) come from one scan.
"""

import hashlib
import re
from dataclasses import dataclass

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metric import Measure
from kpi_specs.language.project import Project

Slice = tuple[str, ...]  # dimensions; () is the total
COUNTS = frozenset({"sum", "count", "count_distinct", "sum_boolean"})  # no rows: an honest 0
ROWS = "row_count"


@dataclass(frozen=True)
class Part:
    """One aggregate. `sql` reads columns of the dataset's model."""

    name: str
    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class PartsTable:
    """The parts of one dataset at one cadence: one scan of its model."""

    dataset: Dataset
    cadence: str
    calendar: str
    parts: tuple[Part, ...]
    slices: tuple[Slice, ...]

    @property
    def name(self) -> str:
        """Name of the dbt model."""
        return f"kpi_parts_{self.dataset.dataset}_{self.cadence}"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that some slice uses, in the order of first use."""
        return tuple(dict.fromkeys(d for one in self.slices for d in one))


@dataclass(frozen=True)
class Operand:
    """A measure of a KPI as it is found in the parts."""

    measure: Measure
    dataset: str
    part: str
    matched: str  # the part that counts the rows behind a sum
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
        return tuple(dict.fromkeys(d for one in self.kpi.grain for d in one))

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets read, in order, without repeats."""
        return tuple(dict.fromkeys(o.dataset for o in self.operands))


@dataclass(frozen=True)
class Plan:
    """Everything that the compiler writes."""

    parts: tuple[PartsTable, ...]
    kpis: tuple[KpiPlan, ...]


def slice_name(dimensions: Slice) -> str:
    """`total`, `channel`, `channel+campaign`."""
    return "+".join(dimensions) or "total"


def build_plan(project: Project) -> Plan:
    """Plan all KPIs of a checked project."""
    kpis = tuple(_plan_kpi(kpi) for kpi in project.kpis.values())
    groups: dict[tuple[str, str, str], tuple[dict[str, Part], dict[Slice, None]]] = {}
    for plan in kpis:
        for cadence in plan.kpi.cadence:
            for operand in plan.operands:
                key = (operand.dataset, cadence, plan.kpi.calendar)
                parts, slices = groups.setdefault(key, ({}, {(): None}))
                for part in _parts_of(operand):
                    parts.setdefault(part.name, part)
                slices.update(dict.fromkeys(plan.kpi.grain))
    tables = tuple(
        PartsTable(
            project.datasets[dataset], cadence, calendar, tuple(parts.values()), tuple(slices)
        )
        for (dataset, cadence, calendar), (parts, slices) in groups.items()
    )
    return Plan(tables, kpis)


def _plan_kpi(kpi: Kpi) -> KpiPlan:
    operands = []
    for measure in kpi.metric.measures:
        part, matched = part_name(measure), ROWS
        if measure.where is not None and measure.sum is not None:
            matched = part_name(Measure(count="rows", where=measure.where))
        operands.append(
            Operand(
                measure,
                kpi.metric.dataset_of(measure),
                part,
                matched,
                measure.aggregation in COUNTS,
            )
        )
    return KpiPlan(kpi, tuple(operands))


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


def _parts_of(operand: Operand) -> list[Part]:
    measure = operand.measure
    parts = [] if operand.part == ROWS else [_part(measure, operand.part)]
    if operand.matched != ROWS:
        parts.append(_part(Measure(count="rows", where=measure.where), operand.matched))
    return parts


def _part(measure: Measure, name: str) -> Part:
    expression = to_sql(measure.expression)
    aggregation = measure.aggregation
    if aggregation == "count_distinct":
        sql = f"count(distinct {expression})"
    elif aggregation == "average":
        sql = f"avg({expression})"
    elif aggregation == "sum_boolean":
        sql = f"count_if({expression})"
    elif measure.percentile is not None:
        sql = f"quantile_cont({expression}, {measure.percentile.at:g})"
    else:
        sql = f"{aggregation}({expression})"
    columns = columns_of(measure.expression)
    if measure.where is not None:
        sql += f" filter (where {to_sql(measure.where)})"
        columns = tuple(dict.fromkeys((*columns, *columns_of(measure.where))))
    return Part(name, sql, columns)
