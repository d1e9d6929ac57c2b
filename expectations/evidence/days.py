"""CTEs of the days: which days of a period are there, and where a KPI's history starts."""

from expectations.evidence.rows import RESTS_UNTIL
from expectations.sql import NAMED, and_more, first_named


def day_facts() -> str:
    """What each day lacks."""
    return """
-- One row per KPI and day: the first thing counted for it that the day lacks. A day on which a
-- source is closed by contract lacks nothing of it, and is not expected if all else is closed too.
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
),
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
        select date, unnest(['day', 'week', 'month']) as span
        from (select distinct date from needed_days)
    )
    union all
    select date, span, starts, ends from calendar_spans
),
closed_days as (
    select distinct kind, id, date
    from (
        select date, unnest([strftime(date, '%m-%d'), strftime(date, '%Y-%m-%d')]) as day
        from (select distinct date from needed_days)
    )
    inner join spec_closed_days using (day)
),
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
),
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
        {first_named("absent")} as absent_days
    from (
        select
            kpi, cadence, period,
            count(*) filter (is_expected) as expected_days,
            count(*) filter (is_expected and lacking is null) as present_days,
            count(*) filter (is_expected and lacking is null and is_readable) as readable_days,
            {_listed("lacking is not null")} as absent,
            min(lacking) as lacking
        from (
            select
                days.kpi, cadence, period, days.date, note,
                -- After the days that it takes, only what its events wait for has to be there.
                if(days.date <= needs_until, lacking, followed_lacking) as lacking,
                if(days.date <= needs_until, is_expected, followed_is_expected)
                    is distinct from false as is_expected,
                not coalesce(days.date <= needs_until or unreadable.is_followed, false)
                    or unreadable.kpi is null as is_readable
            from (
                select
                    kpi, cadence, period, needs_until,
                    cast(unnest(range(needs_from, expected_until + 1, interval 1 day)) as date)
                        as date
                from periods
            ) as days
            left join day_facts as facts on facts.kpi = days.kpi and facts.date = days.date
            left join unreadable_days as unreadable
                on unreadable.kpi = days.kpi and unreadable.business_date = days.date
        )
        group by kpi, cadence, period
    )
    left join requirements using (kpi, lacking)
)"""


def earlier_days() -> str:
    """The same of the days before, of KPIs that look back."""
    return f"""
-- One row per KPI that looks back and day: how many days there are up to it, for a difference of
-- two of them is quicker than to count the days before every period.
days_so_far as (
    select
        kpi,
        date,
        cast(sum(expected) over up_to_it as bigint) as expected,
        cast(sum(present) over up_to_it as bigint) as present,
        cast(sum(readable) over up_to_it as bigint) as readable
    from (
        select
            days.kpi,
            days.date,
            -- Before its first row nothing is expected, but for a line that was rejected.
            cast(if(facts.kpi is null, true, coalesce(begun_is_expected, false))
                or unreadable.kpi is not null as integer) as expected,
            if(begun_lacking is null, expected, 0) as present,
            if(unreadable.kpi is null, present, 0) as readable
        from needed_days as days
        left join day_facts as facts on facts.kpi = days.kpi and facts.date = days.date
        left join unreadable_days as unreadable
            on unreadable.kpi = days.kpi and unreadable.business_date = days.date
        where days.kpi in (select kpi from kpis where looks_back > 0)
    )
    window up_to_it as (partition by kpi order by date rows unbounded preceding)
),
-- One row per such KPI and period: how many of the days before it there are.
earlier_counts as (
    select
        periods.kpi, cadence, period,
        coalesce(until.expected - coalesce(before.expected, 0), 0) as earlier_expected,
        coalesce(until.present - coalesce(before.present, 0), 0) as earlier_present,
        coalesce(until.readable - coalesce(before.readable, 0), 0) as earlier_readable,
        coalesce(before.expected - before.present, 0) as absent_before
    from (
        select *, least(needs_from - 1, expected_until) as earlier_until
        from periods
        where looks_back > 0
    ) as periods
    left join days_so_far as until on until.kpi = periods.kpi and until.date = earlier_until
    left join days_so_far as before on before.kpi = periods.kpi and before.date = checked_from - 1
),
absent_days as (
    select
        kpi, date, note, begun_lacking,
        row_number() over (partition by kpi order by date) as number
    from day_facts
    where begun_lacking is not null
),
earlier_days as (
    select
        kpi, cadence, period, earlier_expected, earlier_present, earlier_readable,
        absent_kind as earlier_kind, absent_id as earlier_id, absent_source as earlier_source,
        array_to_string(absent, ', ')
            || {and_more("earlier_expected - earlier_present")} as earlier_absent
    from earlier_counts
    left join (
        -- The first of them by their numbers, for there may be thousands before every period.
        select
            kpi, cadence, period,
            {_listed("true")} as absent,
            arg_min(begun_lacking, date) as lacking
        from (
            select
                kpi, cadence, period,
                unnest(range(absent_before + 1, absent_before + 1
                    + least({NAMED}, earlier_expected - earlier_present))) as number
            from earlier_counts
        )
        inner join absent_days using (kpi, number)
        group by kpi, cadence, period
    ) using (kpi, cadence, period)
    left join requirements using (kpi, lacking)
)"""


def requirements() -> str:
    """What a day may lack."""
    return """
-- One row per KPI and thing counted: what is absent on a day that lacks it.
requirements as (
    select kpi, position as lacking, kind as absent_kind, id as absent_id, source as absent_source
    from spec_requirements
)"""


def _listed(which: str) -> str:
    day = "cast(date as varchar) || coalesce(' (' || note || ')', '')"
    return f"""coalesce(list({day} order by date) filter ({which}), [])"""


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
