"""The evidence SQL: one row per KPI, cadence, period and slice, no column of which is ever NULL.

A missing fact is a sentinel with a flag beside it (`NO_DATE`, 0, ''), because Great Expectations
passes over NULLs. Facts of a period are found once per KPI and period, then joined to its slices.

Inputs are the temporary tables of `spec_facts`, `day_facts` and `computed`, the calendar, and
`verdicts_so_far` for KPIs that are computed from others.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from expectations.sql import literal

if TYPE_CHECKING:
    import duckdb

NO_DATE = "date '1900-01-01'"
DAYS_NAMED = 3  # absent days that a sentence names one by one

VERDICTS_SO_FAR = """
    kpi varchar, cadence varchar, period varchar, slice varchar, slice_value varchar,
    period_start date, period_end date,
    data_status varchar, reason_codes varchar, reason varchar, party varchar, root varchar,
    coverage double, data_through date, due_at date, closed_at date
"""


def create_evidence(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty temporary tables `evidence` and `verdicts_so_far`."""
    con.execute(f"create or replace temp table verdicts_so_far ({VERDICTS_SO_FAR})")
    con.execute(
        f"create or replace temp table evidence as {evidence_sql([], rows_before=0)} limit 0"
    )


def add_evidence(con: "duckdb.DuckDBPyConnection", kpis: Iterable[str]) -> None:
    """Add the evidence of the named KPIs to the temporary table `evidence`."""
    found = con.execute("select count(*) from evidence").fetchone()
    rows_before = found[0] if found else 0
    con.execute(f"insert into evidence by name {evidence_sql(kpis, rows_before=rows_before)}")


def evidence_sql(kpis: Iterable[str], *, rows_before: int) -> str:
    """The whole query for the named KPIs; `row_id` counts on from `rows_before`."""
    steps = [
        _kpis(kpis), _computed(), _starts(), _slices(), _spine(), _rows(), _periods(),
        _day_facts(), _period_days(), _source_state(), _source_facts(), _first_days(),
        _upstream(), _facts(),
    ]  # fmt: skip
    return "with\n" + ",\n".join(steps) + "\n" + _final(rows_before)


def _kpis(kpis: Iterable[str]) -> str:
    names = ", ".join(literal(k) for k in kpis) or "''"
    return f"""
-- The KPIs of this round, one row per cadence.
kpis as (select * from spec_kpis where kpi in ({names}))"""


def _computed() -> str:
    return """
computed as (select * from kpi_rows where kpi in (select kpi from kpis))"""


def _starts() -> str:
    return """
-- Where a KPI's periods start: at its first computed row, or with the calendar if there is none.
starts as (
    select
        kpis.kpi,
        kpis.cadence,
        coalesce(min(computed.period_start), min(clock.history_from)) as first_start
    from kpis
    cross join spec_clock as clock
    left join computed using (kpi, cadence)
    group by kpis.kpi, kpis.cadence
)"""


def _slices() -> str:
    return """
-- Slices seen in the computed table; without one, those of the last verdicts and the total.
slices as (
    select distinct kpi, cadence, slice, slice_value from computed
    union
    select kpis.kpi, kpis.cadence, known.slice, known.slice_value
    from kpis
    inner join (
        select kpi, slice, slice_value from known_slices
        union all
        select kpi, 'total', 'total' from kpis
    ) as known using (kpi)
    where not exists (
        select 1 from computed where computed.kpi = kpis.kpi and computed.cadence = kpis.cadence
    )
)"""


def _spine() -> str:
    return """
-- Every period from the start to the clock, for every slice, whether computed or not.
spine as (
    select
        kpis.kpi, kpis.cadence, periods.calendar, periods.period,
        slices.slice, slices.slice_value,
        periods.period_start, periods.period_end,
        periods.previous_period, periods.year_ago_period
    from kpis
    inner join starts using (kpi, cadence)
    inner join slices using (kpi, cadence)
    inner join calendar.dim_period as periods
        on periods.calendar = kpis.calendar
        and periods.cadence = kpis.cadence
        and periods.period_end >= starts.first_start
    where periods.period_start <= (select as_of from spec_clock)
)"""


def _rows() -> str:
    return """
-- Full join: a row that the spine has and the table lacks shows as not computed, and a row that the
-- table has and the spine lacks makes one row too many, which the row-count guard sees.
rows as (
    select
        kpi, cadence, period, slice, slice_value,
        coalesce(spine.calendar, computed.calendar) as calendar,
        coalesce(spine.period_start, computed.period_start) as period_start,
        coalesce(spine.period_end, computed.period_end) as period_end,
        coalesce(spine.previous_period, computed.previous_period) as previous_period,
        coalesce(spine.year_ago_period, computed.year_ago_period) as year_ago_period,
        computed.base_period,
        computed.calendar is not null as is_computed,
        computed.value, computed.numerator, computed.denominator, computed.row_count
    from spine
    full join computed using (kpi, cadence, period, slice, slice_value)
)"""


def _periods() -> str:
    return """
-- One row per KPI and period: when it is due, when final, and up to which day data should be there.
-- Once a period is due, all its days should be; before, those that the sources promised by now.
periods as (
    select
        *,
        case when is_due then period_end else promised_until end as expected_until
    from (
        select
            kpis.*,
            period, period_start, period_end,
            clock.as_of,
            period_end + kpis.due as due_at,
            period_end + greatest(kpis.due, kpis.mature) as closed_at,
            clock.as_of >= period_end + kpis.due as is_due,
            clock.as_of <= period_end as is_open,
            clock.as_of >= period_end + greatest(kpis.due, kpis.mature) as is_closed,
            least(period_end, clock.as_of - kpis.within) as promised_until
        from (select distinct kpi, cadence, period, period_start, period_end from rows)
        inner join kpis using (kpi, cadence)
        cross join spec_clock as clock
    )
)"""


def _day_facts() -> str:
    return """
-- One row per KPI and day: the first thing counted for it that the day lacks. A day on which a
-- source is closed by contract lacks nothing of it, and is not expected if all else is closed too.
object_days as (
    select 'source' as kind, source as id, business_date, row_count from source_days
    union all
    select 'dataset', dataset, business_date, row_count from dataset_days
),
day_facts as (
    select
        needed.kpi,
        days.date,
        min(needed.position) filter (
            coalesce(found.row_count, 0) < needed.min_rows and closed.business_date is null
        ) as lacking,
        bool_or(closed.business_date is null) as is_expected
    from spec_requirements as needed
    cross join (
        select distinct calendar, date from calendar.period_days where cadence = 'daily'
    ) as days
    left join object_days as found
        on found.kind = needed.kind and found.id = needed.id and found.business_date = days.date
    left join spec_closed_days as closed
        on closed.kind = needed.kind and closed.id = needed.id and closed.business_date = days.date
    where needed.kpi in (select kpi from kpis)
    group by needed.kpi, days.date
)"""


def _period_days() -> str:
    return f"""
-- One row per KPI and period: days expected, days present, and which are absent for want of what.
period_days as (
    select
        kpi, cadence, period, expected_days, present_days, absent_kind, absent_id, absent_source,
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
            coalesce(
                list(cast(days.date as varchar) order by days.date)
                    filter (facts.lacking is not null),
                []
            ) as absent,
            min(facts.lacking) as lacking
        from periods
        inner join calendar.period_days as days
            on days.calendar = periods.calendar
            and days.cadence = periods.cadence
            and days.period = periods.period
            and days.date <= periods.expected_until
        left join day_facts as facts on facts.kpi = periods.kpi and facts.date = days.date
        group by periods.kpi, periods.cadence, periods.period
    )
    left join (
        select kpi, position as lacking, kind as absent_kind, id as absent_id,
            source as absent_source
        from spec_requirements
    ) using (kpi, lacking)
)"""


def _source_state() -> str:
    return f"""
-- One row per source: the newest business date that it holds.
source_state as (
    select
        spec_sources.*,
        coalesce(max(source_days.business_date), {NO_DATE}) as through
    from spec_sources
    left join source_days using (source)
    group by all
)"""


def _source_facts() -> str:
    return """
-- One row per KPI and period: what its sources lack. A source is stale for the periods that reach
-- beyond its newest day; a column missing from its newest file is missed by the same periods (by
-- all, where the KPI could not be built or the source's rows have no date).
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
        arg_min(source, through) filter (is_stale) as stale_source,
        arg_min(promised, through) filter (is_stale) as stale_promised,
        min(through) filter (is_stale) as stale_through,
        min(through) filter (has_days) as through
    from (
        select
            periods.kpi, periods.cadence, periods.period, links.position, state.*,
            state.missing_columns <> '' and (
                periods.left_out
                or not state.has_days
                or periods.expected_until > state.through
            ) as lacks_columns,
            coalesce(
                state.has_days
                and state.through < state.promised
                and periods.period_end > state.through,
                false
            ) as is_stale
        from periods
        inner join spec_kpi_sources as links using (kpi)
        inner join source_state as state using (source)
    )
    group by kpi, cadence, period
)"""


def _first_days() -> str:
    return """
-- One row per KPI: the day its history starts, and whether its days are counted.
first_days as (
    select
        kpi,
        min(business_date) as first_day,
        kpi in (select kpi from spec_requirements) as is_counted
    from spec_kpi_datasets
    left join dataset_days using (dataset)
    group by kpi
)"""


def _upstream() -> str:
    return f"""
-- One row per row of a KPI that is computed from another: the verdicts of its two inputs.
upstream as (
    select
        rows.kpi, rows.cadence, rows.period, rows.slice, rows.slice_value,
        kpis.upstream,
        coalesce(current_row.data_status, 'absent') as current_status,
        coalesce(base_row.data_status, 'absent') as base_status,
        coalesce(current_row.coverage, 0) as coverage,
        coalesce(current_row.data_through, {NO_DATE}) as data_through,
        current_row.closed_at,
        rows.compared_with,
        contains(coalesce(current_row.reason_codes, ''), 'WARM_UP')
            or contains(coalesce(base_row.reason_codes, ''), 'WARM_UP')
            or base_row.kpi is null as is_warming_up,
        -- The input that fails: the current period's before the base's.
        case when current_row.kpi is null or current_row.data_status in ('unmeasurable', 'error')
            then {_input("current_row", "rows.period")}
            when base_row.data_status in ('unmeasurable', 'error')
            then {_input("base_row", "rows.compared_with")} end as failing
    from (
        select rows.*, coalesce(
            base_period,
            case kpis.versus when 'previous_period' then previous_period
                else year_ago_period end,
            'none'
        ) as compared_with
        from rows inner join kpis using (kpi, cadence)
        where kpis.is_growth
    ) as rows
    inner join kpis using (kpi, cadence)
    left join verdicts_so_far as current_row
        on current_row.kpi = kpis.upstream
        and current_row.cadence = rows.cadence
        and current_row.period = rows.period
        and current_row.slice = rows.slice
        and current_row.slice_value = rows.slice_value
    left join verdicts_so_far as base_row
        on base_row.kpi = kpis.upstream
        and base_row.cadence = rows.cadence
        and base_row.period = rows.compared_with
        and base_row.slice = rows.slice
        and base_row.slice_value = rows.slice_value
)"""


def _input(alias: str, period: str) -> str:
    return (
        f"struct_pack(period := {period}, reason := {alias}.reason, "
        f"root := {alias}.root, party := {alias}.party)"
    )


def _facts() -> str:
    return f"""
-- One row per KPI, period and slice, with what is still NULL where a fact is missing.
facts as (
    select
        rows.*, periods.* exclude (kpi, cadence, calendar, period, period_start, period_end),
        sources.* exclude (kpi, cadence, period),
        days.* exclude (kpi, cadence, period),
        upstream.* exclude (
            kpi, cadence, period, slice, slice_value, upstream, coverage, data_through, closed_at
        ),
        first_days.first_day,
        first_days.is_counted,
        not is_computed and not left_out as compute_failed,
        case
            when sources_missing > 0 or not is_computed then 0.0
            when is_growth then coalesce(upstream.coverage, 0)
            -- Nothing is expected: of a due period because its source is closed, which is complete.
            when coalesce(expected_days, 0) = 0 then if(is_due, 1.0, 0.0)
            else present_days / expected_days
        end as coverage,
        case when is_growth then upstream.data_through
            when sources.through is null then {NO_DATE}
            else least(sources.through, rows.period_end)
        end as data_through,
        greatest(periods.closed_at, upstream.closed_at) as closes_at,
        -- Nothing to divide by; without any row the matter is the rows, not the denominator.
        is_computed and divides and coalesce(denominator, 0) = 0
            and (is_growth or coalesce(row_count, 0) > 0) as divides_by_nothing,
        value is null or isfinite(value) as is_finite,
        coalesce(is_due and not is_growth and expected_days = 0, false) as is_closed_throughout
    from rows
    inner join periods using (kpi, cadence, period)
    left join source_facts as sources using (kpi, cadence, period)
    left join period_days as days using (kpi, cadence, period)
    left join first_days using (kpi)
    left join upstream using (kpi, cadence, period, slice, slice_value)
)"""


def _final(rows_before: int) -> str:
    return f"""
select
    kpi, cadence, calendar, period, slice, slice_value, period_start, period_end,
    due_at, closes_at as closed_at,
    cast(is_open as integer) as is_open,
    cast(is_due as integer) as is_due,
    cast(is_closed and as_of >= closes_at as integer) as is_closed,
    -- computed
    cast(compute_failed as integer) as compute_failed,
    case when failed_kpi = '' then kpi else failed_kpi end as failed_kpi,
    case when compute_failed and compute_message = '' then 'the table has no row for this period'
        else compute_message end as compute_message,
    -- sources and columns
    coalesce(main_source, '') as main_source,
    coalesce(sources_missing, 0) as sources_missing,
    coalesce(missing_source, '') as missing_source,
    coalesce(missing_why, '') as missing_why,
    coalesce(columns_missing, 0) as columns_missing,
    coalesce(column_source, '') as column_source,
    coalesce(missing_columns, '') as missing_columns,
    coalesce(sources_stale, 0) as sources_stale,
    coalesce(stale_source, '') as stale_source,
    coalesce(stale_through, {NO_DATE}) as stale_through,
    coalesce(stale_promised, {NO_DATE}) as stale_promised,
    -- days
    coalesce(expected_days, 0) as expected_days,
    coalesce(present_days, 0) as present_days,
    coverage,
    coalesce(min_coverage, 1.0) as min_coverage,
    coalesce(absent_kind, '') as absent_kind,
    coalesce(absent_id, '') as absent_id,
    coalesce(absent_source, '') as absent_source,
    coalesce(absent_days, '') as absent_days,
    coalesce(data_through, {NO_DATE}) as data_through,
    -- time: before it is due, a period waits until the days elapsed so far are all there
    cast(case
        when is_growth then (waits_for_end and is_open)
            or (not is_warming_up and (current_status = 'pending' or base_status = 'pending'))
        else not is_due and (
            coalesce(expected_days, 0) = 0
            or coverage < min_coverage
            or coalesce(sources_stale, 0) > 0
        )
    end as integer) as waiting,
    cast(coalesce(
        (warm_up > 0 and period_start < first_day + warm_up)
        or (is_counted and not is_growth and period_start < first_day)
        or (is_growth and is_warming_up),
        false
    ) as integer) as warming_up,
    coalesce(first_day, {NO_DATE}) as first_day,
    case
        when is_growth and coalesce(is_warming_up, false)
            then 'there is no earlier period with a value of ' || upstream || ' to compare with'
        when warm_up > 0 then 'data starts on ' || coalesce(cast(first_day as varchar), 'no day')
            || ' and ' || warm_up || ' days of it are needed first'
        else 'data starts on ' || coalesce(cast(first_day as varchar), 'no day')
            || ', within it or later'
    end as warm_up_why,
    -- the value
    coalesce(row_count, 0) as row_count,
    cast(value is not null as integer) as value_present,
    cast(is_finite as integer) as value_finite,
    cast(value is null or not is_finite or (
        value >= coalesce(lowest, value) and value <= coalesce(highest, value)
    ) as integer) as value_in_range,
    coalesce(cast(value as varchar), 'none') as observed_value,
    coalesce(cast(lowest as varchar), 'any') as lowest,
    coalesce(cast(highest as varchar), 'any') as highest,
    cast(has_nothing and not is_closed_throughout as integer) as nothing_measured,
    cast(has_nothing and is_closed_throughout as integer) as closed_throughout,
    cast(divides_by_nothing as integer) as zero_denominator,
    coalesce(denominator, row_count, 0) as sample_size,
    min_sample,
    cast(value is null or coalesce(denominator, row_count, 0) >= min_sample as integer)
        as sample_ok,
    -- inputs of a KPI that is computed from another
    upstream,
    coalesce(current_status, 'none') as upstream_current,
    coalesce(base_status, 'none') as upstream_base,
    coalesce(compared_with, '') as base_period,
    coalesce(failing.period, '') as upstream_period,
    coalesce(failing.reason, '') as upstream_reason,
    coalesce(failing.root, '') as upstream_root,
    coalesce(failing.party, '') as upstream_party,
    row_number() over (order by kpi, cadence, period_start, slice, slice_value)
        + {rows_before} as row_id
from (
    select
        *,
        (value is null and not divides_by_nothing)
            or (coalesce(row_count, 0) = 0 and not zero_is_valid and not is_growth) as has_nothing
    from facts
)"""
