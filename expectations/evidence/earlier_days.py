"""CTEs of the days before a period, on which KPIs that look back rest as well."""

from expectations.evidence.period_days import listed_days
from expectations.sql import NAMED, and_more


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
            {listed_days("true")} as absent,
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
