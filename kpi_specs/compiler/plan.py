"""What is computed: the parts that a dataset's KPIs share, and each KPI over them.

Parts that several KPIs need are computed once: all parts of a (dataset, calendar) come from one
table, and in it all that is made of the same rows in the same way comes from one pass. Parts that
also rest on a second dataset (conversions) have a table of their own: where that dataset is
missing, only they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import columns_of
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.parts import Operand, Part, Rows, row_part
from kpi_specs.language.metrics.planned import KpiPlan
from kpi_specs.language.project import Project
from kpi_specs.language.slices import Slice
from kpi_specs.mart_columns import in_sql


class SharedNameError(ValueError):
    """Two different things have one name. The message shows both."""


@dataclass(frozen=True)
class Need:
    """A part with the cadences and slices that KPIs need it in."""

    part: Part
    cadences: tuple[str, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True)
class PartsTable:
    """All parts of one dataset in one calendar that rest on the same datasets.

    Attributes:
        dataset: Whose rows are counted.
        also_read: Id of the dataset that the parts rest on besides; None where there is none.
        calendar: Of the periods.
        name: Of the dbt model.
        needs: The parts.
        cadences: Every cadence that one of them is needed in.
        slices: Every slice, the total first.
    """

    dataset: Dataset
    also_read: str | None
    calendar: str
    name: str
    needs: tuple[Need, ...]
    cadences: tuple[str, ...]
    slices: tuple[Slice, ...]
    day: str  # SQL of a row's business day
    columns: tuple[str, ...]  # of the dataset's model, that some KPI reads

    @property
    def datasets(self) -> frozenset[str]:
        """Ids of the datasets that it reads."""
        return frozenset({self.dataset.dataset, self.also_read or self.dataset.dataset})

    @property
    def rests_on(self) -> str:
        """In words: `visits`, `visits and orders`."""
        more = "" if self.also_read is None else f" and {self.also_read}"
        return f"{self.dataset.dataset}{more}"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that some slice uses, in the dataset's order."""
        return used_dimensions(self.dataset, self.slices)

    @property
    def incremental(self) -> bool:
        """Whether only what changed is computed anew.

        Parts that rest on other models too are not: what changed there would not be seen.
        """
        return (
            self.dataset.incremental
            and not self.dataset.joins_of(self.dimensions)
            and self.also_read is None
        )

    @property
    def scans(self) -> int:
        """How often the dataset's model is read: once for sums, once for each other way."""
        return len({(need.part.rows, need.part.way) for need in self.needs})


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
    kpis = tuple(_plan_kpi(kpi, project) for kpi in project.kpis.values())
    return Plan(_tables(project, kpis), kpis)


def _plan_kpi(kpi: Kpi, project: Project) -> KpiPlan:
    operands = kpi.metric.operands(project)
    inputs = dict.fromkeys(one.kpi for one in kpi.metric.inputs)
    return KpiPlan(
        kpi,
        operands,
        {o.dataset: table_name(project, *_group(o), kpi.calendar) for o in operands},
        row_part(kpi.metric.takes),
        tuple(project.kpis[one] for one in inputs),
        _stands_on(kpi, project),
        kpi.metric.waits_for(project) | _sample(kpi, project),
    )


def _stands_on(kpi: Kpi, project: Project) -> str | None:
    """The one parts table that all its rows come from, in no fewer cadences and slices."""
    operands = kpi.metric.operands(project)
    found = {table_name(project, *_group(o), kpi.calendar) for o in operands}
    for one in kpi.metric.inputs:
        if one.shift == "none" and one.slice_of is None:
            other = project.kpis[one.kpi]
            table = _stands_on(other, project)
            if table is None or not _has_rows_of(other, kpi):
                return None
            found.add(table)
    return found.pop() if len(found) == 1 else None


def _has_rows_of(other: Kpi, kpi: Kpi) -> bool:
    return set(kpi.cadence) <= set(other.cadence) and set(kpi.grain) <= set(other.grain)


def _sample(kpi: Kpi, project: Project) -> dict[str, Operand]:
    """The rows that are enough or too few, where no denominator says it."""
    found = kpi.metric.sample(project)
    if kpi.availability.min_sample is None or found is None:
        return {}
    return {"sample_rows": found}


def _group(operand: Operand) -> tuple[str, str | None]:
    """The datasets that it rests on: whose rows are counted, and which one is read besides."""
    return operand.dataset, operand.part.rows.also_read


def table_name(project: Project, dataset: str, also_read: str | None, calendar: str) -> str:
    """`kpi_parts_orders`, in another calendar than the project's `kpi_parts_orders__jalali`.

    Of parts that also rest on another dataset `kpi_parts_visits__and_orders`. No dataset's id has
    two underscores in a row (rule `dataset_name_is_free`).
    """
    more = "" if also_read is None else f"__and_{also_read}"
    other = "" if calendar == project.settings.calendar else f"__{calendar}"
    return f"kpi_parts_{dataset}{more}{other}"


class _Needed:
    """A part and what is asked of it so far; dictionaries serve as ordered sets."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.cadences: dict[str, None] = {}
        self.slices: dict[Slice, None] = {}

    def add(self, kpi: Kpi) -> None:
        self.cadences.update(dict.fromkeys(kpi.cadence))
        self.slices.update(dict.fromkeys(kpi.grain))

    @property
    def need(self) -> Need:
        return Need(self.part, tuple(self.cadences), tuple(self.slices))


def _tables(project: Project, kpis: Iterable[KpiPlan]) -> tuple[PartsTable, ...]:
    groups: dict[tuple[str, str | None, str], dict[Part, _Needed]] = {}
    own_rows = row_part()
    for plan in kpis:
        for operand in (*plan.operands, *plan.waits_for.values()):
            needs = groups.setdefault((*_group(operand), plan.kpi.calendar), {})
            for part in (own_rows, plan.row_count, operand.part, operand.part.known):
                if part is not None:
                    needs.setdefault(part, _Needed(part)).add(plan.kpi)
    columns = _columns(project)
    for (dataset, *_), needs in groups.items():
        refuse_shared_names(dataset, needs)
    return tuple(
        PartsTable(
            project.datasets[dataset],
            also_read,
            calendar,
            table_name(project, dataset, also_read, calendar),
            tuple(needed.need for needed in needs.values()),
            tuple(c for c in CADENCES if c in needs[own_rows].cadences),
            tuple({(): None, **needs[own_rows].slices}),
            _day(project, dataset),
            columns[dataset],
        )
        for (dataset, also_read, calendar), needs in groups.items()
    )


def refuse_shared_names(dataset: str, parts: Iterable[Part]) -> None:
    """No two parts of a table have one name, and no two kinds of rows: one would stand for both.

    Raises:
        SharedNameError: two do; their names leave out what tells them apart.
    """
    named: dict[str, Part | Rows] = {}
    for part in parts:
        for name, one in ((part.name, part), (part.rows.name, part.rows)):
            other = named.setdefault(name, one)
            if other != one:
                raise SharedNameError(
                    f"Two different parts of the dataset '{dataset}' are called '{name}':\n"
                    f"  {other}\n  {one}\n"
                    "One would be shown for the other, so nothing is compiled. The specs may be "
                    "right: this is a fault of the compiler, whose names do not tell all that "
                    "decides a part."
                )


def _day(project: Project, dataset: str) -> str:
    found = project.datasets[dataset]
    return found.day(project.settings.time_zone, in_sql(found.time))


def _columns(project: Project) -> dict[str, tuple[str, ...]]:
    """The columns of each dataset's model that its KPIs read, without those of dimensions."""
    found = {
        name: dict.fromkeys((dataset.time, *dataset.key))
        for name, dataset in project.datasets.items()
    }
    for kpi in project.kpis.values():
        for measure in kpi.metric.measures:
            texts = (measure.expression, *([measure.where] if measure.where is not None else []))
            read = [column for text in texts for column in columns_of(text)]
            found[kpi.metric.dataset_of(measure)].update(dict.fromkeys(read))
        for _, column, dataset in kpi.metric.definition.moments:
            if column is not None:
                found[dataset or kpi.metric.dataset or ""][column] = None
    return {name: tuple(columns) for name, columns in found.items()}
