"""CTEs of the days: what each day that a KPI rests on lacks."""


def needed_days() -> str:
    """The days that a KPI may rest on."""
    return """
-- One row per KPI and day that one of its periods may rest on: none before its first row, or before
-- its first line that could not be read, unless the period begins there.
needed_days as (
    select
        kpi,
        cast(unnest(range(first_needed, as_of + 1, interval 1 day)) as date) as date
    from (
        select
            kpi,
            max(as_of) as as_of,
            greatest(
                min(checked_from),
                -- The year 17 is a slip of the pen; two thousand years of days are not made for it.
                least(min(needs_from), greatest(min(began), date '1901-01-01'))
            ) as first_needed
        from periods
        left join (
            select kpi, min(first_day) as began
            from (
                select kpi, first_day
                from spec_requirements
                inner join object_ranges using (kind, id)
                union all
                select kpi, first_day
                from spec_kpi_datasets
                inner join object_ranges on kind = 'dataset' and id = dataset
                union all
                select kpi, business_date
                from unreadable_days
            )
            group by kpi
        ) using (kpi)
        group by kpi
    )
)"""


def spans_of_days() -> str:
    """The weeks, months and periods that they lie in, and the days that are closed."""
    return """
-- One row per day and span: the day itself, its week, its month, or its period in a calendar.
day_spans as (
    select
        date,
        span,
        cast(date_trunc(span, date) as date) as starts,
        cast(date_trunc(span, date) + to_months(case span when 'month' then 1 else 0 end)
            + to_days(case span when 'week' then 7 when 'day' then 1 else 0 end) as date) - 1
            as ends
    from (
        select date, unnest(['day', 'week', 'month']) as span
        from (select distinct date from needed_days)
    )
    union all
    select date, span, starts, ends from calendar_spans
),
-- One row per source or dataset and day without rows by contract.
closed_days as (
    select distinct kind, id, date
    from (
        select date, unnest([strftime(date, '%m-%d'), strftime(date, '%Y-%m-%d')]) as day
        from (select distinct date from needed_days)
    )
    inner join spec_closed_days using (day)
)"""


def requirement_days() -> str:
    """What each KPI needs of each day."""
    return """
-- One row per KPI, day and thing counted for it: whether the day lacks it.
requirement_days as (
    select
        needed.kpi,
        days.date,
        needed.position,
        needed.is_followed,
        days.date >= ranges.first_day as has_begun,
        closed.date is null as is_expected,
        coalesce(found.row_count, 0) < needed.min_rows
            and closed.date is null
            and (
                needed.span not in ('week', 'month')
                or (days.starts >= ranges.first_day and days.ends <= ranges.last_day)
            ) as is_lacking,
        found.note
    from spec_requirements as needed
    inner join needed_days using (kpi)
    inner join day_spans as days on days.span = needed.span and days.date = needed_days.date
    left join object_spans as found
        on found.kind = needed.kind and found.id = needed.id
        and found.span = needed.span and found.starts = days.starts
    left join object_ranges as ranges
        on ranges.kind = needed.kind and ranges.id = needed.id
    left join closed_days as closed
        on closed.kind = needed.kind and closed.id = needed.id and closed.date = days.date
)"""


def day_facts() -> str:
    """What each day lacks."""
    return """
-- One row per KPI and day: the first thing counted for it that the day lacks. A day on which a
-- source is closed by contract lacks nothing of it, and is not expected if all else is closed too.
-- `followed_`: of what its events wait for alone; `begun_`: of what has had a row by that day.
day_facts as (
    select
        kpi,
        date,
        min(position) filter (is_lacking) as lacking,
        arg_min_null(note, position) filter (is_lacking) as note,
        bool_or(is_expected) as is_expected,
        min(position) filter (is_lacking and is_followed) as followed_lacking,
        bool_or(is_expected) filter (is_followed) as followed_is_expected,
        min(position) filter (is_lacking and has_begun) as begun_lacking,
        bool_or(is_expected and has_begun) as begun_is_expected
    from requirement_days
    group by kpi, date
)"""


def requirements() -> str:
    """What a day may lack."""
    return """
-- One row per KPI and thing counted: what is absent on a day that lacks it.
requirements as (
    select kpi, position as lacking, kind as absent_kind, id as absent_id, source as absent_source
    from spec_requirements
)"""
