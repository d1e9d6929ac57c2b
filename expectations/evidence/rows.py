"""CTEs of the rows: which KPIs, periods and slices there are, and when each period is due."""

from collections.abc import Collection

from expectations.sql import literal

# The last day that a period rests on, of a source whose events it waits for or of another one;
# beside `periods` and a source's `is_followed`.
RESTS_UNTIL = "if(is_followed, expected_until, least(expected_until, needs_until))"


def kpis(kpis: Collection[str]) -> str:
    """The KPIs that are judged."""
    return f"""
-- The KPIs that are judged, one row per cadence.
kpis as (select * from spec_kpis where kpi in ({_named(kpis)}))"""


def _named(kpis: Collection[str]) -> str:
    return ", ".join(map(literal, kpis)) or "''"


def computed() -> str:
    """What was computed for these KPIs."""
    return """
computed as (select * from kpi_rows where kpi in (select kpi from kpis))"""


def starts() -> str:
    """The first period of each KPI and cadence."""
    return """
-- Where a KPI's periods start: at its first computed row, or where they did before an invalid spec
-- withheld it or a source lost its first days; without either, with the calendar.
starts as (
    select
        kpis.kpi,
        kpis.cadence,
        min(computed.period_start) as computed_from,
        coalesce(
            least(min(computed.period_start), min(known_starts.first_start)),
            min(clock.history_from)
        ) as first_start
    from kpis
    cross join spec_clock as clock
    left join computed using (kpi, cadence)
    left join known_starts using (kpi, cadence)
    group by kpis.kpi, kpis.cadence
)"""


def slices() -> str:
    """The slices of each KPI and cadence."""
    return """
-- Slices seen in the computed table, and those of which its sources promise rows each day; without
-- a table, those that are known from before.
slices as (
    select distinct kpi, cadence, slice, slice_value, false as is_gone from computed
    union all
    select kpi, cadence, slice, slice_value, true
    from (select distinct kpi, cadence from computed)
    inner join promised_slices using (kpi)
    where (kpi, cadence, slice, slice_value) not in (
        select (kpi, cadence, slice, slice_value) from computed
    )
    union all
    select kpis.kpi, kpis.cadence, known.slice, known.slice_value, false
    from kpis
    inner join known_slices as known using (kpi)
    where not exists (
        select 1 from computed where computed.kpi = kpis.kpi and computed.cadence = kpis.cadence
    )
)"""


def spine() -> str:
    """Periods times slices."""
    return """
-- Every period from the start to the clock, for every slice, whether computed or not.
spine as (
    select
        kpis.kpi, kpis.cadence, periods.calendar, periods.period,
        slices.slice, slices.slice_value,
        periods.period_start, periods.period_end,
        periods.previous_period, periods.year_ago_period,
        slices.is_gone or periods.period_start < starts.computed_from as has_nothing_computed
    from kpis
    inner join starts using (kpi, cadence)
    inner join slices using (kpi, cadence)
    inner join calendar.dim_period as periods
        on periods.calendar = kpis.calendar
        and periods.cadence = kpis.cadence
        and periods.period_end >= starts.first_start
    where periods.period_start <= (select as_of from spec_clock)
)"""


def rows() -> str:
    """The spine beside what was computed."""
    return """
-- Full join: a row that the spine has and the table lacks shows as not computed, and a row that the
-- table has and the spine lacks makes one row too many, which the row-count guard sees.
select
    kpi, cadence, period, slice, slice_value,
    coalesce(spine.calendar, computed.calendar) as calendar,
    coalesce(spine.period_start, computed.period_start) as period_start,
    coalesce(spine.period_end, computed.period_end) as period_end,
    coalesce(spine.previous_period, computed.previous_period) as previous_period,
    coalesce(spine.year_ago_period, computed.year_ago_period) as year_ago_period,
    -- Of a period before all rows, or a slice without any, nothing was to be computed.
    computed.calendar is not null or coalesce(spine.has_nothing_computed, false) as is_computed,
    computed.value, computed.numerator, computed.denominator, computed.row_count,
    computed.least_rows, computed.open_rows, computed.open_until, computed.sample_rows
from spine
full join computed using (kpi, cadence, period, slice, slice_value)"""


def judged(kpis: Collection[str] | None = None) -> str:
    """What `rows` found, of these KPIs or of all."""
    only = f" where kpi in ({_named(kpis)})" if kpis is not None else ""
    return f"rows as (from judged_rows{only})"


def judged_kpis() -> str:
    """Their KPIs."""
    return """
-- The KPIs of these rows, one row per cadence.
kpis as (select * from spec_kpis where kpi in (select kpi from rows))"""


def newest_days() -> str:
    """How far each KPI's rows reach."""
    return """
-- One row per KPI: the newest day with rows in all of its datasets.
newest_days as (
    select kpi, min(newest) as newest_day
    from (
        select kpi, max(business_date) as newest
        from spec_kpi_datasets
        inner join dataset_days using (dataset)
        where kpi in (select kpi from kpis)
        group by kpi, dataset
    )
    group by kpi
)"""


def periods() -> str:
    """When each period is due and final, and which days it rests on."""
    return """
-- One row per KPI and period: when it is due, when final, and the days that its value rests on:
--   needs_from to needs_until      whose rows it takes
--   to expected_until              and those of what its events wait for, or as many of all these
--                                  as its sources promised by now, while it is not due
--   from checked_from              and the days before, which decide what those rows count as
-- Once a period is due, all these days should be there.
periods as (
    select
        *,
        as_of >= closed_at as is_closed,
        needs_from - looks_back as checked_from,
        case
            when not is_due then promised_until
            else greatest(needs_until, least(followed_until, as_of - within))
        end as expected_until
    from (
        select
            ending.*,
            -- Nor before the totals that a system of record promises of its days are due.
            greatest(ending.period_end + closes, (
                select max(greatest(
                    last_day + promises.within, if(last_day > promised, ending.as_of + 1, null)
                ))
                from (
                    select
                        record_promises.*,
                        case covers
                            when 'month' then last_day(needs_until)
                            when 'week'
                                then needs_until + 6 - cast((needs_until - starts) % 7 as integer)
                            else needs_until
                        end as last_day
                    from record_promises
                    inner join spec_kpi_sources as links using (source)
                    where links.kpi = ending.kpi and starts <= needs_until
                ) as promises
            )) as closed_at,
            least(needs_until, as_of - within) as promised_until,
            case span_kind
                when 'window' then ends - span_days + 1
                when 'to_date' then wider.period_start
                when 'at_end' then ends
                else ending.period_start
            end as needs_from
        from (
            select
                kpis.*,
                found.period, found.period_start, found.period_end,
                clock.as_of,
                found.period_end + kpis.due as due_at,
                clock.as_of >= found.period_end + kpis.due as is_due,
                clock.as_of <= found.period_end as is_open,
                if(kpis.span_kind in ('at_start', 'until_start'), found.period_start,
                    found.period_end) as needs_until,
                -- The last day on which one of its events may have been followed; none, where all
                -- were before. Without a word of its rows so many days as the definition says.
                if(found.counts_open_rows, coalesce(found.open_until, found.period_end),
                    found.period_end + open_for) as followed_until,
                -- In an open period the newest day with rows stands for its end.
                case
                    when clock.as_of > found.period_end then found.period_end
                    else greatest(found.period_start, least(clock.as_of, newest_day))
                end as ends
            from (
                select
                    kpi, cadence, period, period_start, period_end,
                    max(open_until) as open_until,
                    count(open_rows) > 0 as counts_open_rows
                from rows
                group by kpi, cadence, period, period_start, period_end
            ) as found
            inner join kpis using (kpi, cadence)
            left join newest_days using (kpi)
            cross join spec_clock as clock
        ) as ending
        left join calendar.dim_period as wider
            on wider.calendar = ending.calendar
            and wider.cadence = ending.span_within
            and ending.ends between wider.period_start and wider.period_end
    )
)"""
