"""CTEs of the periods' days: which days of a period are there."""

from expectations.sql import first_named


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
            {listed_days("lacking is not null")} as absent,
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


def listed_days(which: str) -> str:
    """SQL of the days that are absent, each with its note, in order."""
    day = "cast(date as varchar) || coalesce(' (' || note || ')', '')"
    return f"""coalesce(list({day} order by date) filter ({which}), [])"""
