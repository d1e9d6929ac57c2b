"""CTEs of what is counted: rows of sources and datasets by day, week, month and calendar period."""


def object_days() -> str:
    """Rows of each thing counted, by day."""
    return """
-- One row per source, column of expected values or dataset, and day: its rows.
object_days as (
    select
        'source' as kind, source as id, business_date, row_count,
        case covers
            when 'week' then business_date + 6
            when 'month' then last_day(business_date)
            else business_date
        end as covered_until,
        null as note
    from source_days
    inner join spec_sources using (source)
    union all
    select 'source', id, business_date, row_count, business_date, note
    from source_values
    union all
    select 'dataset', dataset, business_date, row_count, business_date, null
    from dataset_days
)"""


def object_spans() -> str:
    """The same by week, month, and the periods of calendars that a KPI is complete by."""
    return """
-- The weeks or months of a KPI's own calendar, where it is complete by them.
calendar_spans as (
    select
        date, calendar || ' ' || cadence as span, period_start as starts, period_end as ends
    from calendar.period_days
    inner join calendar.dim_period using (calendar, cadence, period)
    where calendar || ' ' || cadence in (select span from spec_requirements)
),
object_spans as (
    select kind, id, 'day' as span, business_date as starts, row_count, note from object_days
    union all
    select kind, id, 'week', cast(date_trunc('week', business_date) as date), sum(row_count), null
    from object_days group by all
    union all
    select kind, id, 'month', cast(date_trunc('month', business_date) as date), sum(row_count), null
    from object_days group by all
    union all
    select kind, id, span, starts, sum(row_count), null
    from object_days
    inner join calendar_spans on calendar_spans.date = business_date
    group by all
),
-- From when to when the rows of an object reach: a week or month that reaches beyond is not judged
-- whole, but where a KPI is complete by it.
object_ranges as (
    select kind, id, min(business_date) as first_day, max(covered_until) as last_day
    from object_days group by all
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
