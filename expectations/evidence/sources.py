"""CTEs of the sources: missing, lacking columns, late."""

from expectations.evidence.rows import RESTS_UNTIL
from expectations.sql import NO_DATE


def source_state() -> str:
    """The newest day of each source."""
    return f"""
-- One row per source: the newest day that its rows cover, and the one that it has promised by now.
source_state as (
    select
        * exclude (promised, reach),
        least(reach, (select as_of from spec_clock)) as through,
        -- Where a row covers a week or a month, only whole ones are promised.
        case covers
            when 'week' then promised - cast(((promised - reach) % 7 + 7) % 7 as integer)
            when 'month' then last_day(cast(promised + 1 - interval 1 month as date))
            else promised
        end as promised
    from (
        select
            spec_sources.* exclude (has_days),
            bool_or(has_days or undated.newest is not null) as has_days,
            coalesce(max(covered_until), max(undated.newest), {NO_DATE}) as reach
        from spec_sources
        left join object_days on kind = 'source' and id = source
        -- Rows without a time of their own are known as far as what is made of them.
        left join (
            select source, max(business_date) as newest
            from spec_undated
            inner join dataset_days using (dataset)
            group by source
        ) as undated using (source)
        group by all
    )
)"""


def source_facts() -> str:
    """What a KPI's sources lack, per period."""
    return f"""
-- One row per KPI and period: what its sources lack. A source is stale for the periods that reach
-- beyond its newest day (one that is not due yet: only if it holds a day promised by now); a column
-- missing from its newest file is missed by the same periods (by all, where the KPI could not be
-- built or the source's rows have no date). Of a source that promises nothing, a day after its
-- newest one cannot be told from a day without rows.
source_facts as (
    select
        kpi, cadence, period,
        arg_min(source, position) as main_source,
        count(*) filter (missing) as sources_missing,
        arg_min(source, position) filter (missing) as missing_source,
        arg_min(missing_why, position) filter (missing) as missing_why,
        count(*) filter (lacks_columns) as columns_missing,
        arg_min(source, position) filter (lacks_columns) as column_source,
        arg_min(missing_columns, position) filter (lacks_columns) as missing_columns,
        count(*) filter (is_stale) as sources_stale,
        arg_min(source, (through, position)) filter (is_stale) as stale_source,
        arg_min(promised, (through, position)) filter (is_stale) as stale_promised,
        min(through) filter (is_stale) as stale_through,
        arg_min(covers || ' of ' || source, position) filter (is_awaited) as awaited,
        arg_min(source, (through, position)) filter (is_unpromised) as unpromised_source,
        min(through) filter (is_unpromised) as unpromised_through,
        -- Where rows are counted, a day that is lost is told; else the period may be cut off.
        arg_min(source, (through, position)) filter (is_unpromised and not is_expected)
            as cut_off_source,
        arg_min(source, (through, position)) filter (is_unpromised and feeds_numerator)
            as numerator_source,
        min(through) filter (is_unpromised and feeds_numerator) as numerator_through,
        arg_min(source, position) filter (feeds_numerator) as numerator_fed_by,
        min(through) filter (has_days) as through
    from (
        select
            periods.kpi, periods.cadence, periods.period, links.position,
            links.feeds_numerator, state.*,
            state.missing_columns <> '' and (
                periods.left_out
                or not state.has_days
                or {RESTS_UNTIL} > state.through
            ) as lacks_columns,
            coalesce(
                state.has_days
                and state.through < state.promised
                and {RESTS_UNTIL} > state.through
                and (periods.is_due or periods.period_start <= state.promised),
                false
            ) as is_stale,
            state.has_days
                and not state.is_promised
                and periods.needs_until > state.through as is_unpromised,
            -- The period is due, and ends within a week or month that is promised for later.
            coalesce(
                state.has_days
                and state.is_promised
                and state.covers <> 'day'
                and periods.is_due
                and periods.needs_until > state.through
                and not is_stale,
                false
            ) as is_awaited
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join source_state as state using (source)
    )
    group by kpi, cadence, period
)"""


def follow_ups() -> str:
    """How far events are known that a KPI's own events wait for."""
    return """
-- One row per KPI that waits for later events: the day up to which those are known, be it from
-- their rows or from their sources. Until it lies far enough after a period, nothing is final.
follow_ups as (
    select kpi, min(reach) as followed_through
    from (
        select
            links.kpi,
            greatest(max(known.newest), min(state.through) filter (state.has_days)) as reach
        from spec_follow_ups as links
        left join (
            select dataset, max(business_date) as newest from dataset_days group by dataset
        ) as known using (dataset)
        left join source_state as state on state.source = links.source
        where links.kpi in (select kpi from kpis)
        group by links.kpi, links.dataset
    )
    group by kpi
)"""
