"""CTEs of rows that are not seen: lines that could not be read, and rows without a date."""

from expectations.evidence.rows import RESTS_UNTIL


def unreadable_days() -> str:
    """What the rejected lines of its sources take from a KPI."""
    return f"""
-- One row per KPI and day of which a source has a line that could not be read.
unreadable_days as (
    select kpi, business_date, bool_or(is_followed) as is_followed
    from source_rejects
    inner join spec_kpi_sources using (source)
    where kpi in (select kpi from kpis)
    group by kpi, business_date
),
-- One row per source, load and day of rejected lines. Those without a day of their own may be of
-- any day of their file: one row from the first to the last of them.
reject_spans as (
    select
        source, load_id, file, has_day,
        min(business_date) as first_day,
        max(business_date) as last_day,
        max(lines) as lines
    from source_rejects
    group by source, load_id, file, has_day, if(has_day, business_date, null)
),
-- One row per KPI and period: the first of its sources with such lines, their number and files.
unreadable_facts as (
    select
        kpi, cadence, period,
        source as unreadable_source,
        cast(sum(lines) as bigint) as rejected_lines,
        min(file) || case when count(*) > 1 then ' and ' || (count(*) - 1) || ' more' else '' end
            as unreadable_files
    from (
        select
            periods.kpi, periods.cadence, periods.period, links.position, source, file,
            -- Lines without a day of their own are counted once, however many days they may be of.
            coalesce(sum(lines) filter (has_day), 0) + coalesce(max(lines) filter (not has_day), 0)
                as lines
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join reject_spans as rejects using (source)
        where rejects.first_day <= {RESTS_UNTIL}
            and rejects.last_day >= periods.checked_from
        group by all
    )
    group by kpi, cadence, period, position, source
    qualify row_number() over (partition by kpi, cadence, period order by position) = 1
)"""


def undated_facts() -> str:
    """Rows that may belong to any period."""
    return """
-- One row per KPI of whose datasets some rows have no date: how many, and in which dataset.
undated_facts as (
    select
        kpi,
        cast(sum(row_count) as bigint) as undated_rows,
        arg_min(dataset, (-row_count, dataset)) as undated_dataset
    from spec_kpi_datasets
    inner join undated using (dataset)
    where kpi in (select kpi from kpis)
    group by kpi
)"""
