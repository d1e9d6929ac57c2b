"""The SQL of a KPI over parts: a few columns of its dataset's shared parts.

The parts stand on the calendar already. Only a KPI over two datasets makes a spine of its own, of
every period and slice that either of them has.
"""

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.computed import (
    LEAST_ROWS,
    every,
    from_parts,
    one_of,
    operand_value,
    parts_step,
)
from kpi_specs.language.metrics.parts import ROWS
from kpi_specs.language.metrics.planned import KpiPlan
from kpi_specs.language.slices import slice_name
from kpi_specs.sql import LEADING, PERIOD, TRAILING, comment, cte, header, lines, quoted, with_ctes


def kpi_model(plan: KpiPlan, *, file: str, formula: str, is_input: bool = False) -> str:
    """The dbt model of a KPI; one row per cadence, period and slice.

    A KPI is a view of its parts: its rows are written once, when they are judged. Only what reads
    other KPIs is a table, and of what they read a KPI over two datasets.

    Args:
        plan: The KPI.
        file: The spec's file, for the header.
        formula: The definition in words.
        is_input: Whether other KPIs are computed from its values.
    """
    is_table = plan.inputs or (is_input and len(plan.datasets) > 1)
    kind = "table" if is_table else "view"
    top = header(_title(plan.kpi, formula), file, f"materialized='{kind}'")
    own = plan.kpi.metric.definition.model(plan, top=top)
    if own is not None:
        return own
    if len(plan.datasets) == 1:
        return top + _from_one(plan)
    steps = [*(parts_step(plan, dataset) for dataset in plan.datasets), _on_one_spine(plan)]
    final = _final(plan, "numerator", "denominator", LEAST_ROWS)
    return top + with_ctes(steps) + final + "from measured\n"


def _title(kpi: Kpi, formula: str) -> str:
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
        + _final(plan, numerator.part.name, denominator[0].part.name if denominator else "null")
        + from_parts(plan, dataset)
    )


def _on_one_spine(plan: KpiPlan) -> str:
    """Periods and slices of both datasets; where one has nothing, its sums and counts are 0."""
    slices = ("slice", "slice_value", "dimensions", *plan.kpi.dimensions)
    numerator, denominator = plan.operands
    rows = plan.row_count.name
    counts = [f"coalesce({step}.{rows}, 0)" for step in plan.steps]
    selected = [
        "periods.*",
        "slices.*",
        f"{operand_value(plan, numerator)} as numerator",
        f"{operand_value(plan, denominator)} as denominator",
        f"{one_of('greatest', counts)} as {rows}",
        f"{one_of('least', counts)} as {LEAST_ROWS}",
    ]
    joins = "".join(
        f"""
left join {d}
    on {d}.cadence = periods.cadence
    and {d}.period = periods.period
    and {d}.slice = slices.slice
    and {d}.slice_value = slices.slice_value"""
        for d in plan.steps
    )
    body = f"""select
    {lines(selected)}
from {every(plan.steps, PERIOD, slices)}{joins}"""
    return cte("measured", "Both datasets on every period and slice that either has.", body)


def _final(plan: KpiPlan, numerator: str, denominator: str, *more: str) -> str:
    scales = [f" / {o.divide_by}" if o.divide_by != 1 else "" for o in plan.operands]
    above = f"cast({numerator} as double){scales[0]}"
    below = f"cast({denominator} as double){scales[1] if len(scales) > 1 else ''}"
    expressions = {
        "kpi": f"{quoted(plan.kpi.kpi)} as kpi",
        "value": f"{above} as value",
        "numerator": f"{above} as numerator",
        "denominator": f"{below} as denominator",
    }
    if plan.row_count.name != ROWS:
        expressions[ROWS] = f"{plan.row_count.name} as {ROWS}"
    if len(plan.operands) > 1:
        expressions["value"] = (
            f"case\n        when {denominator} <> 0\n            then {above}\n"
            f"                / {below}\n    end as value"
        )
    for name, operand in plan.waits_for.items():
        expressions[name] = f"{operand.part.name} as {name}"
    names = (*LEADING, *plan.kpi.dimensions, *TRAILING, *plan.waits_for, *more)
    selected = [expressions.get(name, name) for name in names]
    return f"select\n    {lines(selected)}\n"
