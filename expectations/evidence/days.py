"""CTEs of the days: which days of a period are there, and where a KPI's history starts."""

DAYS_NAMED = 3  # absent days that a sentence names one by one


def day_facts() -> str:
    """What each day lacks."""
    return """
-- One row per KPI and day: the first thing counted for it that the day lacks. A day on which a
-- source is closed by contract lacks nothing of it, and is not expected if all else is closed too.
object_days as (
    select 'source' as kind, source as id, business_date, row_count from source_days
    union all
    select 'dataset', dataset, business_date, row_count from dataset_days
),
-- The weeks or months of a KPI's own calendar, where it is complete by them.
calendar_spans as (
    select
        date, calendar || ' ' || cadence as span, period_start as starts, period_end as ends
    from calendar.period_days
    inner join calendar.dim_period using (calendar, cadence, period)
    where calendar || ' ' || cadence in (select span from spec_requirements)
),
object_spans as (
    select kind, id, 'day' as span, business_date as starts, row_count from object_days
    union all
    select kind, id, 'week', cast(date_trunc('week', business_date) as date), sum(row_count)
    from object_days group by all
    union all
    select kind, id, 'month', cast(date_trunc('month', business_date) as date), sum(row_count)
    from object_days group by all
    union all
    select kind, id, span, starts, sum(row_count)
    from object_days
    inner join calendar_spans on calendar_spans.date = business_date
    group by all
),
-- From when to when an object has rows: a week or month that reaches beyond is not judged whole,
-- but where a KPI is complete by it.
object_ranges as (
    select kind, id, min(business_date) as first_day, max(business_date) as last_day
    from object_days group by all
),
day_spans as (
    select
        date,
        span,
        cast(date_trunc(span, date) as date) as starts,
        cast(date_trunc(span, date) + to_months(case span when 'month' then 1 else 0 end)
            + to_days(case span when 'week' then 7 when 'day' then 1 else 0 end) as date) - 1
            as ends
    from (
        select distinct date, unnest(['day', 'week', 'month']) as span
        from calendar.period_days
        where cadence = 'daily'
    )
    union all
    select date, span, starts, ends from calendar_spans
),
day_facts as (
    select
        needed.kpi,
        days.date,
        min(needed.position) filter (
            coalesce(found.row_count, 0) < needed.min_rows
            and closed.business_date is null
            and (
                needed.span not in ('week', 'month')
                or (days.starts >= ranges.first_day and days.ends <= ranges.last_day)
            )
        ) as lacking,
        bool_or(closed.business_date is null) as is_expected
    from spec_requirements as needed
    inner join day_spans as days on days.span = needed.span
    left join object_spans as found
        on found.kind = needed.kind and found.id = needed.id
        and found.span = needed.span and found.starts = days.starts
    left join object_ranges as ranges
        on ranges.kind = needed.kind and ranges.id = needed.id
    left join spec_closed_days as closed
        on closed.kind = needed.kind and closed.id = needed.id and closed.business_date = days.date
    where needed.kpi in (select kpi from kpis)
    group by needed.kpi, days.date
)"""


def unreadable_days() -> str:
    """What the rejected lines of its sources take from a KPI."""
    return """
-- One row per KPI and day of which a source has a line that could not be read.
unreadable_days as (
    select distinct kpi, business_date
    from source_rejects
    inner join spec_kpi_sources using (source)
    where kpi in (select kpi from kpis)
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
        inner join source_rejects as rejects using (source)
        where rejects.business_date between periods.needs_from and periods.expected_until
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
        arg_max(dataset, row_count) as undated_dataset
    from spec_kpi_datasets
    inner join undated using (dataset)
    where kpi in (select kpi from kpis)
    group by kpi
)"""


def period_days() -> str:
    """Days expected, present and absent, per KPI and period."""
    return f"""
-- One row per KPI and period: days expected, days present, and which are absent for want of what.
period_days as (
    select
        kpi, cadence, period, expected_days, present_days, readable_days,
        absent_kind, absent_id, absent_source,
        array_to_string(absent[1:{DAYS_NAMED}], ', ')
        || case when len(absent) > {DAYS_NAMED}
            then ' and ' || (len(absent) - {DAYS_NAMED}) || ' more' else '' end as absent_days
    from (
        select
            periods.kpi, periods.cadence, periods.period,
            count(*) filter (facts.is_expected is distinct from false) as expected_days,
            count(*) filter (
                facts.is_expected is distinct from false and facts.lacking is null
            ) as present_days,
            count(*) filter (
                facts.is_expected is distinct from false
                and facts.lacking is null
                and unreadable.kpi is null
            ) as readable_days,
            coalesce(
                list(cast(days.date as varchar) order by days.date)
                    filter (facts.lacking is not null),
                []
            ) as absent,
            min(facts.lacking) as lacking
        from periods
        inner join (select distinct date from calendar.period_days) as days
            on days.date between periods.needs_from and periods.expected_until
        left join day_facts as facts on facts.kpi = periods.kpi and facts.date = days.date
        left join unreadable_days as unreadable
            on unreadable.kpi = periods.kpi and unreadable.business_date = days.date
        group by periods.kpi, periods.cadence, periods.period
    )
    left join (
        select kpi, position as lacking, kind as absent_kind, id as absent_id,
            source as absent_source
        from spec_requirements
    ) using (kpi, lacking)
)"""


def first_days() -> str:
    """Where each KPI's history starts."""
    return """
-- One row per KPI: the day from which all of its datasets have rows, and the one from which all
-- that is counted for it, day by day or by its own weeks or months, has. A ratio means nothing
-- before the younger of its two sides.
first_days as (
    select kpi, first_day, counted_from
    from (
        select kpi, max(first_day) as first_day
        from (
            select kpi, min(business_date) as first_day
            from spec_kpi_datasets
            left join dataset_days using (dataset)
            group by kpi, dataset
        )
        group by kpi
    )
    left join (
        select kpi, max(first_day) as counted_from
        from (
            select kpi, min(starts) as first_day
            from spec_requirements
            left join object_spans using (kind, id, span)
            where span not in ('week', 'month')
            group by kpi, kind, id
        )
        group by kpi
    ) using (kpi)
)"""
