"""SQL of KPIs that are computed from other KPIs' values."""

from typing import TYPE_CHECKING

from kpi_specs.sql import LEADING, TRAILING, cte, lines, quoted

if TYPE_CHECKING:
    from kpi_specs.language.metrics.planned import KpiPlan


def input_rows(name: str, kpi: str) -> str:
    """A step that reads another KPI."""
    return cte(name, f"The values of {kpi}.", f"select * from {{{{ ref('kpi_{kpi}') }}}}")


def final_select(plan: "KpiPlan", source: str, more: tuple[str, ...] = (), **computed: str) -> str:
    """The columns of every kpi_<id> from the step `source`: some `computed`, `more` at the end."""
    expressions = {name: f"{sql} as {name}" for name, sql in computed.items()}
    expressions["kpi"] = f"{quoted(plan.kpi.kpi)} as kpi"
    names = (*LEADING, *plan.kpi.dimensions, *TRAILING, *more)
    return f"select\n    {lines([expressions.get(n, n) for n in names])}\nfrom {source}\n"
