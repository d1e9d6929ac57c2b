"""SQL that metric types with a model of their own share with the compiler."""

from typing import TYPE_CHECKING

from kpi_specs.sql import LEADING, PERIOD, TRAILING, cte, lines, quoted

if TYPE_CHECKING:
    from kpi_specs.language.metrics.planned import KpiPlan


def input_rows(name: str, kpi: str) -> str:
    """A step that reads another KPI."""
    return cte(name, f"The values of {kpi}.", f"select * from {{{{ ref('kpi_{kpi}') }}}}")


def parts_step(plan: "KpiPlan", dataset: str) -> str:
    """The step `<dataset>`: the KPI's periods, slices and parts of a dataset."""
    operands = [o for o in plan.operands if o.dataset == dataset]
    keys = (*PERIOD, "slice", "slice_value", "dimensions", *plan.kpi.dimensions)
    columns = dict.fromkeys((*keys, plan.row_count.name, *(o.part.name for o in operands)))
    body = f"select\n    {lines(list(columns))}\n" + from_parts(plan, dataset)
    return cte(dataset, f"The shared parts of {dataset} that this KPI needs.", body)


def from_parts(plan: "KpiPlan", dataset: str) -> str:
    """From the parts table of a dataset, the KPI's own cadences and slices."""
    return f"from {{{{ ref('{plan.tables[dataset]}') }}}}\nwhere {plan.chosen}\n"


def final_select(plan: "KpiPlan", source: str, more: tuple[str, ...] = (), **computed: str) -> str:
    """The columns of every kpi_<id> from the step `source`: some `computed`, `more` at the end."""
    expressions = {name: f"{sql} as {name}" for name, sql in computed.items()}
    expressions["kpi"] = f"{quoted(plan.kpi.kpi)} as kpi"
    names = (*LEADING, *plan.kpi.dimensions, *TRAILING, *more)
    return f"select\n    {lines([expressions.get(n, n) for n in names])}\nfrom {source}\n"
