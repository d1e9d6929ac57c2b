"""The SQL of a simple or ratio KPI: a few columns of its shared parts.

The parts stand on the calendar already. Only a KPI over two datasets makes a spine of its own, of
every period and slice that either of them has.
"""

from kpi_specs.compiler.plan import ROWS, KpiPlan, Operand
from kpi_specs.compiler.sql import (
    LEADING,
    PERIOD,
    TRAILING,
    comment,
    cte,
    header,
    lines,
    quoted,
    with_ctes,
)
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.slices import slice_name


def kpi_model(plan: KpiPlan, *, file: str, formula: str) -> str:
    """The dbt model of a KPI; one row per cadence, period and slice.

    `file` is the spec's file for the header, `formula` the definition in words.
    """
    top = header(title(plan.kpi, formula), file)
    if len(plan.datasets) == 1:
        return top + _from_one(plan)
    steps = [*(_parts(plan, dataset) for dataset in plan.datasets), _on_one_spine(plan)]
    return top + with_ctes(steps) + _final(plan, "numerator", "denominator") + "from measured\n"


def title(kpi: Kpi, formula: str) -> str:
    """Two comment lines: what the KPI is and how it is computed."""
    words = next(iter(kpi.title.values()))
    cadences = ", ".join(kpi.cadence)
    slices = ", ".join(slice_name(one) for one in kpi.grain)
    return (
        f"{comment(words)} (version {kpi.version}) = {comment(formula)}\n"
        f"-- One row per period ({cadences}) and slice ({slices})."
    )


def _from_one(plan: KpiPlan) -> str:
    numerator, denominator = plan.operands[0], plan.operands[1:]
    dataset = plan.datasets[0]
    return (
        f"-- The shared parts of {dataset} that this KPI needs; they stand on the calendar.\n"
        + _final(plan, numerator.part, denominator[0].part if denominator else "null")
        + _from_parts(plan, dataset)
    )


def _parts(plan: KpiPlan, dataset: str) -> str:
    operands = [o for o in plan.operands if o.dataset == dataset]
    keys = (*PERIOD, "slice", "slice_value", "dimensions", *plan.dimensions)
    columns = dict.fromkeys((*keys, ROWS, *(o.part for o in operands)))
    body = f"select\n    {lines(list(columns))}\n" + _from_parts(plan, dataset)
    return cte(dataset, f"The shared parts of {dataset} that this KPI needs.", body)


def _from_parts(plan: KpiPlan, dataset: str) -> str:
    return f"""from {{{{ ref('kpi_parts_{dataset}') }}}}
where cadence in ({", ".join(quoted(c) for c in plan.kpi.cadence)})
    and slice in ({", ".join(quoted(slice_name(one)) for one in plan.kpi.grain)})
"""


def _on_one_spine(plan: KpiPlan) -> str:
    """Periods and slices of both datasets; where one has nothing, its sums and counts are 0."""
    slices = ("slice", "slice_value", "dimensions", *plan.dimensions)
    numerator, denominator = plan.operands
    selected = [
        "periods.*",
        "slices.*",
        f"{_value(numerator)} as numerator",
        f"{_value(denominator)} as denominator",
        f"coalesce({denominator.dataset}.row_count, 0) as row_count",
    ]
    joins = "".join(
        f"""
left join {d}
    on {d}.cadence = periods.cadence
    and {d}.period = periods.period
    and {d}.slice = slices.slice
    and {d}.slice_value = slices.slice_value"""
        for d in plan.datasets
    )
    body = f"""select
    {lines(selected)}
from (
    {_union(plan, PERIOD)}
) as periods
cross join (
    {_union(plan, slices)}
) as slices{joins}"""
    return cte("measured", "Both datasets on every period and slice that either has.", body)


def _union(plan: KpiPlan, columns: tuple[str, ...]) -> str:
    return "\n    union\n    ".join(f"select {', '.join(columns)} from {d}" for d in plan.datasets)


def _value(operand: Operand) -> str:
    column = f"{operand.dataset}.{operand.part}"
    # Within its own periods the parts hold the honest 0; here only a row that is not there is one.
    missing = f"{operand.dataset}.{ROWS} is null"
    return f"case when {missing} then 0 else {column} end" if operand.zero_when_empty else column


def _final(plan: KpiPlan, numerator: str, denominator: str) -> str:
    above, below = f"cast({numerator} as double)", f"cast({denominator} as double)"
    expressions = {
        "kpi": f"{quoted(plan.kpi.kpi)} as kpi",
        "value": f"{above} as value",
        "numerator": f"{above} as numerator",
        "denominator": f"{below} as denominator",
    }
    if len(plan.operands) > 1:
        expressions["value"] = (
            f"case\n        when {denominator} <> 0\n            then {above} / {below}\n"
            "    end as value"
        )
    selected = [expressions.get(name, name) for name in (*LEADING, *plan.dimensions, *TRAILING)]
    return f"select\n    {lines(selected)}\n"
