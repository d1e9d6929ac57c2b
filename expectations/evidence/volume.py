"""CTEs of the volume: days with an unusual number of rows, among those that a value takes."""

from expectations.evidence.keys import SLICED

PER_DAYS = 31


def volume_facts() -> str:
    """The newest unusual day."""
    return f"""
-- One row per KPI and period: the newest unusual day of its sources, and how many there are. One
-- day in a month is told, one in a year is not.
volume_facts as (
    select
        kpi, cadence, period,
        count(*) as volume_days,
        arg_max(found, (found.business_date, -position)) as volume
    from (
        select
            periods.kpi, periods.cadence, periods.period, position, found,
            needs_until - needs_from + 1 as days
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join volume_days as found using (source)
        where found.{SLICED}
    )
    group by kpi, cadence, period
    having count(*) * {PER_DAYS} >= max(days)
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(volume_days, 0) as volume_days,
    coalesce(volume.source, '') as volume_source,
    coalesce(cast(volume.business_date as varchar), '') as volume_day,
    coalesce(volume.row_count, 0) as volume_rows,
    coalesce(volume.usual, 0.0) as volume_usual,
    coalesce('of ' || volume.source || ', ' || volume.row_count || ' rows on '
        || volume.business_date || ', usually ' || format('{:g}', volume.usual), '')
        as volume_seen,
    if(coalesce(volume.is_told, false), 'source:' || volume.source, '') as volume_root"""
