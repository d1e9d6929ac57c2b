"""The SQL of a simple or ratio KPI: its parts on a calendar spine without gaps."""

from kpi_specs.compiler.plan import KpiPlan, Operand, slice_name
from kpi_specs.compiler.sql import (
    CLOCK,
    LEADING,
    TRAILING,
    comment,
    cte,
    dimensions_json,
    header,
    lines,
    quoted,
    with_ctes,
)
from kpi_specs.language.kpi import Kpi


def kpi_model(plan: KpiPlan, *, file: str, formula: str) -> str:
    """The dbt model of a KPI; one row per cadence, period and slice.

    `file` is the spec's file for the header, `formula` the definition in words.
    """
    steps = [_parts(plan, dataset) for dataset in plan.datasets]
    steps += [_first_data(plan), _periods(plan), _slices(plan), _measured(plan)]
    return header(title(plan.kpi, formula), file) + with_ctes(steps) + _final(plan)


def title(kpi: Kpi, formula: str) -> str:
    """Two comment lines: what the KPI is and how it is computed."""
    words = next(iter(kpi.title.values()))
    cadences = ", ".join(kpi.cadence)
    slices = ", ".join(slice_name(one) for one in kpi.grain)
    return (
        f"{comment(words)} (version {kpi.version}) = {comment(formula)}\n"
        f"-- One row per period ({cadences}) and slice ({slices})."
    )


def _columns_of(plan: KpiPlan, dataset: str) -> list[str]:
    operands = [o for o in plan.operands if o.dataset == dataset]
    names = dict.fromkeys(n for o in operands for n in ("row_count", o.matched, o.part))
    return list(names)


def _parts(plan: KpiPlan, dataset: str) -> str:
    grain = ", ".join(quoted(slice_name(one)) for one in plan.kpi.grain)
    columns = ["cadence", "period", "slice", "slice_value", *plan.dimensions]
    columns += _columns_of(plan, dataset)
    one_table = (
        "select\n    {columns}\n"
        "from {{{{ ref('kpi_parts_{dataset}_{cadence}') }}}}\n"
        "where slice in ({grain})"
    )
    body = "\n\nunion all\n\n".join(
        one_table.format(columns=lines(columns), dataset=dataset, cadence=cadence, grain=grain)
        for cadence in plan.kpi.cadence
    )
    return cte(dataset, f"The shared parts of {dataset} that this KPI needs.", body)


def _first_data(plan: KpiPlan) -> str:
    seen = "\n    union all\n    ".join(f"select cadence, period from {d}" for d in plan.datasets)
    body = f"""select seen.cadence, min(periods.period_start) as first_start
from (
    {seen}
) as seen
inner join {{{{ source('calendar', 'dim_period') }}}} as periods
    on periods.calendar = '{plan.kpi.calendar}'
    and periods.cadence = seen.cadence
    and periods.period = seen.period
group by seen.cadence"""
    return cte("first_data", "Where the data begins.", body)


def _periods(plan: KpiPlan) -> str:
    cadences = ", ".join(quoted(c) for c in plan.kpi.cadence)
    body = f"""select periods.*
from {{{{ source('calendar', 'dim_period') }}}} as periods
left join first_data on first_data.cadence = periods.cadence
where periods.calendar = '{plan.kpi.calendar}'
    and periods.cadence in ({cadences})
    and periods.period_start >= coalesce(first_data.first_start, periods.period_start)
    and periods.period_start <= {CLOCK}"""
    return cte("periods", "Every period from the first data to the clock, none missing.", body)


def _slices(plan: KpiPlan) -> str:
    columns = ", ".join(("slice", "slice_value", *plan.dimensions))
    selects = [f"select {columns} from {d}" for d in plan.datasets]
    if () in plan.kpi.grain:
        nulls = "".join(f", null as {d}" for d in plan.dimensions)
        selects.insert(0, f"select 'total' as slice, 'total' as slice_value{nulls}")
    elif len(selects) == 1:
        selects = [selects[0].replace("select", "select distinct", 1)]
    body = "\nunion\n".join(selects)
    return cte("slices", "Every slice ever seen; the total even where there is no row.", body)


def _value(operand: Operand) -> str:
    column = f"{operand.dataset}.{operand.part}"
    if operand.measure.aggregation != "sum":
        return f"coalesce({column}, 0)" if operand.zero_when_empty else column
    # A sum is NULL both where no row matched (an honest 0) and where all that did are NULL (not).
    matched = f"{operand.dataset}.{operand.matched}"
    return f"case when coalesce({matched}, 0) = 0 then 0 else {column} end"


def _measured(plan: KpiPlan) -> str:
    numerator = plan.operands[0]
    denominator = plan.operands[-1] if len(plan.operands) > 1 else None
    counted = (denominator or numerator).dataset
    selected = [
        "periods.*",
        "slices.*",
        f"{_value(numerator)} as numerator",
        f"{_value(denominator)} as denominator" if denominator else "null as denominator",
        f"coalesce({counted}.row_count, 0) as row_count",
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
    body = f"select\n    {lines(selected)}\nfrom periods\ncross join slices{joins}"
    reason = "The spine with its parts. No rows behind a sum or count: 0; behind the rest: NULL."
    return cte("measured", reason, body)


def _final(plan: KpiPlan) -> str:
    expressions = {
        "kpi": f"{quoted(plan.kpi.kpi)} as kpi",
        "dimensions": f"{dimensions_json(plan.kpi.grain)} as dimensions",
        "value": "cast(numerator as double) as value",
        "numerator": "cast(numerator as double) as numerator",
        "denominator": "cast(denominator as double) as denominator",
    }
    if len(plan.operands) > 1:
        expressions["value"] = (
            "case\n        when denominator <> 0\n"
            "            then cast(numerator as double) / cast(denominator as double)\n"
            "    end as value"
        )
    selected = [expressions.get(name, name) for name in (*LEADING, *plan.dimensions, *TRAILING)]
    return f"select\n    {lines(selected)}\nfrom measured\n"
