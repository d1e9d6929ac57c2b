"""CTEs of the types: columns that cannot be what a contract or a spec needs."""

from expectations.evidence.rows import RESTS_UNTIL


def type_facts() -> str:
    """What is of another type."""
    return f"""
-- One row per KPI and period: the first column that is of another type than it needs. What a mart
-- has so takes all periods; a file of a source those that reach beyond what was loaded before (all,
-- where nothing could be built or the source's rows have no date).
type_facts as (
    select
        kpi, cadence, period,
        count(*) as types_wrong,
        arg_min(wrong, position) as wrong
    from (
        select periods.kpi, periods.cadence, periods.period, -1 as position, wrong
        from periods
        inner join spec_mistyped as wrong on wrong.kpi = periods.kpi
        union all
        select periods.kpi, periods.cadence, periods.period, links.position, wrong
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join source_state as state using (source)
        inner join spec_mistyped as wrong on wrong.kpi = '' and wrong.name = links.source
        where periods.left_out or not state.has_days or {RESTS_UNTIL} > state.through
    )
    group by kpi, cadence, period
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(types_wrong, 0) as types_wrong,
    coalesce(wrong.what, '') as type_what,
    coalesce(wrong.name, '') as type_name,
    coalesce(wrong.column_name, '') as type_column,
    coalesce(wrong.declared, '') as type_declared,
    coalesce(wrong.found, '') as type_found,
    coalesce(wrong.source, '') as type_source"""
