"""CTEs of the inputs: the verdicts on the KPI that another one is computed from."""

from expectations.sql import NO_DATE


def upstream() -> str:
    """The verdicts on the current and the base period of a growth KPI."""
    return f"""
-- One row per row of a KPI that is computed from another: the verdicts of its two inputs.
upstream as (
    select
        rows.kpi, rows.cadence, rows.period, rows.slice, rows.slice_value,
        kpis.upstream,
        coalesce(current_row.data_status, 'absent') as current_status,
        coalesce(base_row.data_status, 'absent') as base_status,
        current_row.coverage,
        coalesce(current_row.data_through, {NO_DATE}) as data_through,
        rows.compared_with,
        contains(coalesce(current_row.reason_codes, ''), 'WARM_UP')
            or contains(coalesce(base_row.reason_codes, ''), 'WARM_UP')
            or base_row.kpi is null as is_warming_up,
        -- The input that fails: the current period's before the base's.
        case when current_row.kpi is null or current_row.data_status in ('unmeasurable', 'error')
            then {_input("current_row", "rows.period")}
            when base_row.data_status in ('unmeasurable', 'error')
            then {_input("base_row", "rows.compared_with")} end as failing
    from (
        select rows.*, coalesce(
            base_period,
            case kpis.versus when 'previous_period' then previous_period
                else year_ago_period end,
            'none'
        ) as compared_with
        from rows inner join kpis using (kpi, cadence)
        where kpis.is_growth
    ) as rows
    inner join kpis using (kpi, cadence)
    left join verdicts_so_far as current_row
        on current_row.kpi = kpis.upstream
        and current_row.cadence = rows.cadence
        and current_row.period = rows.period
        and current_row.slice = rows.slice
        and current_row.slice_value = rows.slice_value
    left join verdicts_so_far as base_row
        on base_row.kpi = kpis.upstream
        and base_row.cadence = rows.cadence
        and base_row.period = rows.compared_with
        and base_row.slice = rows.slice
        and base_row.slice_value = rows.slice_value
)"""


def _input(alias: str, period: str) -> str:
    return (
        f"struct_pack(period := {period}, reason := {alias}.reason, "
        f"root := {alias}.root, party := {alias}.party)"
    )
