"""SQL that metric types with a model of their own share with the compiler."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.metrics.parts import Operand
from kpi_specs.language.metrics.planned import step_of
from kpi_specs.sql import LEADING, PERIOD, TRAILING, cte, lines, quoted

if TYPE_CHECKING:
    from kpi_specs.language.metrics.planned import KpiPlan


# Of several datasets: the rows of the one that has the fewest. `row_count` is of the one with most.
LEAST_ROWS = "least_rows"


def one_of(which: Literal["greatest", "least"], values: Sequence[str]) -> str:
    """The greatest or least of some values as SQL."""
    return values[0] if len(values) == 1 else f"{which}({', '.join(values)})"


def input_rows(name: str, kpi: str) -> str:
    """A step that reads another KPI."""
    return cte(name, f"The values of {kpi}.", f"select * from {{{{ ref('kpi_{kpi}') }}}}")


def parts_step(plan: "KpiPlan", dataset: str) -> str:
    """The step of a dataset: the KPI's periods, slices and parts of a dataset."""
    operands = [o for o in plan.operands if o.dataset == dataset]
    keys = (*PERIOD, "slice", "slice_value", "dimensions", *plan.kpi.dimensions)
    columns = dict.fromkeys((*keys, plan.row_count.name, *(o.part.name for o in operands)))
    body = f"select\n    {lines(list(columns))}\n" + from_parts(plan, dataset)
    return cte(step_of(dataset), f"The shared parts of {dataset} that this KPI needs.", body)


def from_parts(plan: "KpiPlan", dataset: str) -> str:
    """From the parts table of a dataset, the KPI's own cadences and slices."""
    return f"from {{{{ ref('{plan.tables[dataset]}') }}}}\nwhere {plan.chosen}\n"


def every(steps: Sequence[str], periods: Sequence[str], slices: Sequence[str]) -> str:
    """What follows FROM: each period that one of the steps has, with each slice that one has."""

    def union(columns: Sequence[str]) -> str:
        listed = _wrapped(columns)
        selects = [f"select{listed}\n    from {step}" for step in steps]
        return "\n    union\n    ".join(selects if len(steps) > 1 else [_distinct(selects[0])])

    return f"""(
    {union(periods)}
) as periods
cross join (
    {union(slices)}
) as slices"""


def _wrapped(columns: Sequence[str]) -> str:
    """Column names, four a line."""
    rows = [", ".join(columns[n : n + 4]) for n in range(0, len(columns), 4)]
    return "".join(f"\n        {row}{',' if row is not rows[-1] else ''}" for row in rows)


def _distinct(select: str) -> str:
    return select.replace("select", "select distinct", 1)


def operand_value(plan: "KpiPlan", operand: Operand) -> str:
    """An operand's part where its dataset may have no row for a period or slice of another's.

    Within its own periods the parts hold the honest 0; here only a row that is not there is one.
    """
    step = step_of(operand.dataset)
    column = f"{step}.{operand.part.name}"
    missing = f"{step}.{plan.row_count.name} is null"
    return f"case when {missing} then 0 else {column} end" if operand.part.zero else column


def final_select(plan: "KpiPlan", source: str, more: tuple[str, ...] = (), **computed: str) -> str:
    """The columns of every kpi_<id> from the step `source`: some `computed`, `more` at the end."""
    expressions = {name: f"{sql} as {name}" for name, sql in computed.items()}
    expressions["kpi"] = f"{quoted(plan.kpi.kpi)} as kpi"
    names = (*LEADING, *plan.kpi.dimensions, *TRAILING, *more)
    return f"select\n    {lines([expressions.get(n, n) for n in names])}\nfrom {source}\n"
