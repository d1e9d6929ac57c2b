"""The SQL of a growth KPI: another KPI's value against its own earlier one, by period key."""

from kpi_specs.compiler.kpi_sql import title
from kpi_specs.compiler.plan import KpiPlan
from kpi_specs.compiler.sql import (
    CLOCK,
    LEADING,
    TRAILING,
    cte,
    header,
    lines,
    quoted,
    with_ctes,
)
from kpi_specs.language.metric import Growth
from kpi_specs.language.slices import slice_name

_BASE_KEY = {"previous_period": "previous_period", "same_period_last_year": "year_ago_period"}


def growth_model(plan: KpiPlan, growth: Growth, *, file: str, formula: str) -> str:
    """The dbt model of a growth KPI; one row per cadence, period and slice.

    The column `base_period` is the key of the period compared with.
    """
    elapsed = growth.compare == "same_elapsed_days"
    steps = [_input(growth), _current(plan, growth)]
    steps += [_data_through(), _elapsed()] if elapsed else []
    steps.append(_compared(elapsed))
    return header(title(plan.kpi, formula), file) + with_ctes(steps) + _final(plan)


def _input(growth: Growth) -> str:
    body = f"select * from {{{{ ref('kpi_{growth.of}') }}}}"
    return cte("input", f"The KPI compared: {growth.of}.", body)


def _current(plan: KpiPlan, growth: Growth) -> str:
    cadences = ", ".join(quoted(c) for c in plan.kpi.cadence)
    slices = ", ".join(quoted(slice_name(one)) for one in plan.kpi.grain)
    body = f"""select
    *,
    {_BASE_KEY[growth.versus]} as base_period,
    period_end >= {CLOCK} as is_open
from input
where cadence in ({cadences})
    and slice in ({slices})"""
    return cte("current_periods", "Each period with the key of the one it is compared with.", body)


def _data_through() -> str:
    body = """select max(period_start) as day
from input
where cadence = 'daily' and row_count > 0"""
    return cte("data_through", "The newest day with data: an open period has elapsed so far.", body)


def _elapsed() -> str:
    body = """select
    current_periods.cadence,
    current_periods.period,
    current_periods.slice,
    current_periods.slice_value,
    sum(base_days.value) as value
from current_periods
cross join data_through
inner join {{ source('calendar', 'period_days') }} as days
    on days.calendar = current_periods.calendar
    and days.cadence = current_periods.cadence
    and days.period = current_periods.base_period
    and days.day_number <= data_through.day - current_periods.period_start + 1
inner join input as base_days
    on base_days.cadence = 'daily'
    and base_days.period_start = days.date
    and base_days.slice = current_periods.slice
    and base_days.slice_value = current_periods.slice_value
where current_periods.is_open
group by all"""
    reason = "For an open period: the base period's first days, as many as have elapsed."
    return cte("elapsed", reason, body)


def _compared(elapsed: bool) -> str:
    base = "case when is_open then elapsed.value else base.value end"
    join = """
left join elapsed
    on elapsed.cadence = current_periods.cadence
    and elapsed.period = current_periods.period
    and elapsed.slice = current_periods.slice
    and elapsed.slice_value = current_periods.slice_value"""
    if not elapsed:
        base, join = "case when not is_open then base.value end", ""
    body = f"""select
    current_periods.* exclude (numerator, denominator),
    current_periods.value - {base} as numerator,
    {base} as denominator
from current_periods
left join input as base
    on base.cadence = current_periods.cadence
    and base.period = current_periods.base_period
    and base.slice = current_periods.slice
    and base.slice_value = current_periods.slice_value{join}"""
    reason = "Current and base side by side; a partial period never meets a full one."
    return cte("compared", reason, body)


def _final(plan: KpiPlan) -> str:
    expressions = {
        "kpi": f"{quoted(plan.kpi.kpi)} as kpi",
        "value": "case when denominator <> 0 then numerator / denominator end as value",
    }
    names = (*LEADING, *plan.dimensions, *TRAILING, "base_period")
    return f"select\n    {lines([expressions.get(n, n) for n in names])}\nfrom compared\n"
