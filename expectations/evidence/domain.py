"""CTEs of the values: rows of a KPI's sources with values that their contracts do not allow."""

from expectations.evidence.rows import RESTS_UNTIL


def domain_facts() -> str:
    """What the sources hold that they may not, in the days that a value rests on."""
    return f"""
-- One row per KPI and period: the first of its sources with values that its contract does not
-- allow. Rows of a source without days may be of any period.
domain_facts as (
    select
        kpi, cadence, period,
        source as domain_source,
        cast(sum(row_count) as bigint) as domain_rows,
        case
            when count(business_date) = count(*) then 'on the days that this value rests on'
            when count(business_date) = 0 then 'that may be of any day'
            else 'on the days that this value rests on, or that may be of any day'
        end as domain_when,
        arg_min(column_name, example) as domain_column,
        min(example) as domain_example
    from (
        select periods.kpi, periods.cadence, periods.period, links.position, found.*
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join domain_days as found using (source)
        where found.business_date is null or found.business_date between periods.checked_from
            and {RESTS_UNTIL}
    )
    group by kpi, cadence, period, position, source
    qualify row_number() over (partition by kpi, cadence, period order by position) = 1
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(domain_rows, 0) as domain_rows,
    coalesce(domain_when, '') as domain_when,
    coalesce(domain_source, '') as domain_source,
    coalesce(domain_column, '') as domain_column,
    coalesce(domain_example, '') as domain_example"""
