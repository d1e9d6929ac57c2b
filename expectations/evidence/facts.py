"""All facts of a row side by side, and the final select without NULLs: a view on `tables.py`.

Most facts are those of a period and kept once, not for each slice; what nobody reads costs nothing.
"""

from expectations.evidence import domain, entities, jumps, keys, nans, recon, types, units, volume
from expectations.sql import NO_DATE


def _facts(rows: str, periods: str) -> str:
    """Row and period side by side, with what follows from both."""
    return f"""
    select
        *,
        not is_computed and not left_out as compute_failed,
        -- Of what was not computed no day was looked at: how many are there is not known.
        (upstream_coverage is not null or has_requirements)
            and not compute_failed and invalid_spec = '' as is_counted,
        {_share("present_days")} as day_share,
        {_earlier_share("earlier_present")} as earlier_share,
        {_earlier_share("earlier_readable")} as earlier_readable_share,
        {_share("readable_days")} as readable_day_share,
        least(readable_day_share, earlier_readable_share, coalesce(upstream_coverage, 1))
            as coverage,
        -- How far all that it rests on is known. Earlier periods of its inputs do not count.
        least(
            if(coalesce(current_status, 'none') <> 'none',
                coalesce(upstream_through, {NO_DATE}), needs_until),
            if(reads_data, coalesce(through, {NO_DATE}), needs_until),
            -- What no text of a spec can compute rests on nothing.
            if(reads_data or has_inputs, needs_until, {NO_DATE})
        ) as data_through,
        -- An empty value among the rows leaves their sum unknown; that is neither 0 nor no rows.
        is_computed and coalesce(row_count, 0) > 0 and (
            (numerator_is_whole and (numerator is null or (value is null and not divides)))
            or (denominator_is_whole and denominator is null)
            or (
                has_formula and reads_data and least_rows > 0
                and value is null and denominator is distinct from 0
            )
        ) as is_null_measure,
        -- Nothing to divide by; without any row the matter is the rows, not the denominator.
        is_computed and divides and coalesce(denominator, 0) = 0
            and (not reads_data or coalesce(row_count, 0) > 0) as divides_by_nothing,
        isfinite(coalesce(value, 0)) and isfinite(coalesce(numerator, 0))
            and isfinite(coalesce(denominator, 0)) as is_finite,
        is_computed and divides and value is null and coalesce(denominator < 0, false)
            as has_negative_base,
        coalesce(is_due and reads_data and expected_days = 0, false) as is_closed_throughout
    from {rows}
    inner join {periods} using (period_id)"""


def _share(days: str) -> str:
    return f"""case
            when sources_missing > 0 or not is_computed then 0.0
            when not reads_data then coalesce(upstream_coverage, 0)
            -- Nothing is expected: of a due period because its source is closed, which is complete.
            when coalesce(expected_days, 0) = 0 then if(is_due, 1.0, 0.0)
            else {days} / expected_days
        end"""


def _earlier_share(days: str) -> str:
    """1 where it does not look back, or nothing is expected of the days before."""
    return f"coalesce({days} / nullif(earlier_expected, 0), 1.0)"


def evidence(rows: str, periods: str) -> str:
    """Every column of the evidence, with its sentinel.

    Args:
        rows: A table of `tables.of_rows`.
        periods: A table of `tables.of_periods`.
    """
    return f"""
select
    row_id,
    kpi, cadence, calendar, period, slice, slice_value, period_start, period_end,
    due_at, closed_at,
    cast(is_open as integer) as is_open,
    cast(is_due as integer) as is_due,
    -- final: also by what its rows themselves wait for; of a source that promises nothing, and is
    -- not counted, the days after its newest one may still come
    cast(is_closed
        and cut_off_source is null
        and (coalesce(open_rows, 0) = 0 or matures)
        and (open_until is null or coalesce(followed_through >= open_until, false))
        and (open_for = 0 or coalesce(followed_through >= period_end + open_for - 1, false))
    as integer) as is_closed,
    -- computed
    cast(compute_failed as integer) as compute_failed,
    case when failed_kpi = '' then kpi else failed_kpi end as failed_kpi,
    case when compute_failed and compute_message = '' then 'the table has no row for this period'
        else compute_message end as compute_message,
    compute_root,
    -- specs
    cast(invalid_spec = kpi as integer) as spec_invalid,
    cast(invalid_spec not in ('', kpi) as integer) as rests_on_invalid,
    invalid_spec,
    spec_problem,
    if(invalid_spec = kpi, spec_problem, '') as own_problem,
    if(invalid_spec = kpi, '', spec_problem) as problem_of_inputs,
    -- sources and columns
    coalesce(main_source, '') as main_source,
    coalesce(sources_missing, 0) as sources_missing,
    coalesce(missing_source, '') as missing_source,
    coalesce(missing_why, '') as missing_why,
    coalesce(columns_missing, 0) as columns_missing,
    coalesce(column_source, '') as column_source,
    coalesce(missing_columns, '') as missing_columns,
    {types.columns()},
    coalesce(sources_stale, 0) as sources_stale,
    coalesce(stale_source, '') as stale_source,
    coalesce(stale_through, {NO_DATE}) as stale_through,
    coalesce(stale_promised, {NO_DATE}) as stale_promised,
    -- days
    coalesce(expected_days, 0) as expected_days,
    case when sources_missing > 0 or not is_computed then 0
        else coalesce(present_days, 0) end as present_days,
    case when is_due and awaited is not null
            then 'the ' || awaited || ' that it ends in is promised for later'
        when no_day_yet then 'no day of it is expected yet'
        when (has_nothing and reads_data) or numerator_ended or has_empty_part
            then 'nothing of it has been measured so far'
        when waits_for_end and present_days = expected_days then 'it is compared once it is whole'
        when day_share >= min_coverage and earlier_share < min_coverage
            then earlier_present || ' of ' || earlier_expected
                || ' earlier days that it rests on are there'
        else present_days || ' of ' || expected_days || ' days expected by now are there'
    end as days_so_far,
    day_share,
    coverage,
    cast(is_counted as integer) as days_are_counted,
    coalesce(readable_days, 0) as readable_days,
    least(
        if(readable_days < present_days, readable_day_share, 1.0),
        if(earlier_readable < earlier_present, earlier_readable_share, 1.0)
    ) as readable_share,
    if(
        coalesce(readable_days < present_days, false),
        'so this period lacks rows or may lack them',
        'so the earlier days that this period rests on may lack rows'
    ) as unreadable_why,
    coalesce(unreadable_source, '') as unreadable_source,
    coalesce(unreadable_files, '') as unreadable_files,
    coalesce(rejected_lines, 0) as rejected_lines,
    coalesce(undated_rows, 0) as undated_rows,
    coalesce(undated_dataset, '') as undated_dataset,
    if(min_coverage < 1, format('{{:g}} %', 100 * min_coverage), 'all') as days_needed,
    coalesce(absent_kind, '') as absent_kind,
    coalesce(absent_id, '') as absent_id,
    coalesce(absent_source, '') as absent_source,
    coalesce(absent_days, '') as absent_days,
    coalesce(earlier_expected, 0) as earlier_expected,
    coalesce(earlier_present, 0) as earlier_present,
    earlier_share,
    coalesce(earlier_kind, '') as earlier_kind,
    coalesce(earlier_id, '') as earlier_id,
    coalesce(earlier_source, '') as earlier_source,
    coalesce(earlier_absent, '') as earlier_absent,
    coalesce(data_through, {NO_DATE}) as data_through,
    -- time: before it is due, a period waits until the days elapsed so far are all there and
    -- something is measured, unless a source has broken its promise; growth never compares a part
    -- of a period with a whole one
    cast(
        (waits_for_end and (is_open or not is_due))
        or (has_inputs and (
            (not is_open and not is_due and data_through < period_end)
            or (not is_warming_up and (current_status = 'pending' or base_status = 'pending'))
        ))
        or (reads_data and is_due and awaited is not null)
        or (reads_data and not is_due and coalesce(sources_stale, 0) = 0 and (
            no_day_yet or least(day_share, earlier_share) < min_coverage
            or has_nothing or numerator_ended or has_empty_part
        ))
    as integer) as waiting,
    cast(coalesce(
        (warm_up > 0 and period_start < first_day + warm_up)
        -- What it takes over means nothing before: so no day that it takes may lie there.
        or (taken_warm_up > 0 and needs_from < first_day + taken_warm_up)
        or (reads_data and (
            needs_from < counted_from
            or needs_until < first_day
            or (
                needs_from < first_day
                and (span_kind = 'window' or needs_from < history_from)
            )
        ))
        or (has_inputs and is_warming_up),
        false
    ) as integer) as warming_up,
    coalesce(first_day, {NO_DATE}) as first_day,
    case
        when warming_now is not null
            then 'there is too little for ' || warming_now.kpi || ', which it is computed from: '
                || rtrim(warming_now.why, '.')
        when has_inputs and coalesce(is_warming_up, false)
            then 'there is no earlier period with a value of ' || warming_upstream
                || ' to compare with'
        when taken_warm_up > 0 and needs_from < first_day + taken_warm_up
            then 'data starts on ' || first_day || ', and ' || taken_warm_up
                || ' days of it are needed before the first day that it takes, ' || needs_from
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
    case
        when value is null then 'none'
        when isnan(value) then 'NaN'
        -- The extreme of rows among which NaN is: infinity stands for both.
        when not isfinite(value) then 'NaN or infinity'
        when not is_finite then value || ' = ' || numerator || ' / ' || denominator
        else cast(value as varchar)
    end as observed_value,
    case
        when highest is null then coalesce(lowest || ' or more', 'any')
        when lowest is null then highest || ' or less'
        else lowest || ' to ' || highest
    end as valid_range,
    cast(has_nothing and not is_closed_throughout and not is_none as integer) as nothing_measured,
    cast(has_nothing and not is_closed_throughout and is_none as integer) as nothing_without,
    cast(has_nothing and is_closed_throughout as integer) as closed_throughout,
    case
        when value is null and unpromised_source is null
            then 'an average or a ratio of nothing is no zero'
        when unpromised_source is null then 'the spec does not say that this is a zero'
        else 'nothing says that ' || unpromised_source || ', whose newest day is '
            || unpromised_through || ', holds all of it'
    end as why_no_zero,
    case
        when unpromised_source is null then 'kpi:' || kpi
        else 'source:' || unpromised_source
    end as no_rows_root,
    coalesce(unpromised_source, main_source, '') as no_rows_source,
    cast(numerator_ended as integer) as numerator_ended,
    coalesce(numerator_source, '') as numerator_source,
    cast(has_empty_part as integer) as part_empty,
    coalesce(numerator_fed_by, main_source, '') as part_source,
    coalesce(numerator_through, {NO_DATE}) as numerator_through,
    coalesce('from ' || numerator_source || ' through ' || numerator_through, '') as numerator_seen,
    dataset,
    measured,
    cast(is_null_measure as integer) as null_measure,
    cast(divides_by_nothing and not is_null_measure as integer) as zero_denominator,
    cast(has_negative_base and not is_null_measure as integer) as negative_base,
    coalesce(denominator, sample_rows, row_count, 0) as sample_size,
    min_sample,
    cast(value is null or coalesce(denominator, sample_rows, row_count, 0) >= min_sample as integer)
        as sample_ok,
    -- What more rows can cure is no fault of a period that is not due.
    cast(not is_due and (zero_denominator = 1 or negative_base = 1 or sample_ok = 0) as integer)
        as not_enough_yet,
    case
        when zero_denominator = 1
            then 'its denominator is zero so far; rows in the period: ' || coalesce(row_count, 0)
        when negative_base = 1
            then 'its base, ' || compared_with || ', is ' || format('{{:g}}', sample_size)
                || ' so far, and of what is below zero nothing grows'
        else 'its sample is ' || format('{{:g}}', sample_size) || ' so far, at least '
            || format('{{:g}}', min_sample) || if(min_sample = 1, ' is', ' are') || ' needed'
    end as too_little_so_far,
    -- keys and joins
    {keys.columns()},
    -- values
    {domain.columns()},
    {units.columns()},
    {recon.columns()},
    {entities.columns()},
    {nans.columns()},
    {jumps.columns()},
    {volume.columns()},
    -- inputs of a KPI that is computed from another
    coalesce(failing.kpi, warned.kpi, first_upstream, '') as upstream,
    coalesce(current_status, 'none') as upstream_current,
    coalesce(base_status, 'none') as upstream_base,
    coalesce(inputs_warned, 0) as inputs_warned,
    cast(never_upstream is not null as integer) as never_compared,
    coalesce(never_upstream, '') as never_upstream,
    coalesce(compared_with, '') as base_period,
    coalesce(failing.period, warned.period, '') as upstream_period,
    coalesce(failing.reason, warned.reason, '') as upstream_reason,
    coalesce(failing.root, warned.root, '') as upstream_root,
    coalesce(failing.party, warned.party, '') as upstream_party
from (
    select
        *,
        (value is null and not divides_by_nothing and not is_null_measure
            and not has_negative_base)
            or (
                coalesce(row_count, 0) = 0
                and reads_data
                and (not zero_is_valid or unpromised_source is not null)
            )
            -- One of several datasets has no rows: a 0 of it only if nothing of it can be missing.
            or (coalesce(least_rows, 0) = 0 and reads_data and unpromised_source is not null)
            -- What may be cut off is compared with nothing.
            or (coalesce(base_status, 'none') <> 'none' and cut_off_source is not null
                and not is_open)
            -- A window that still holds earlier days says nothing of a period after the last one.
            or coalesce(span_kind <> '' and period_start > unpromised_through, false)
            as has_nothing,
        -- The slice of the rows that lack a dimension: it is as it should be that there are none.
        contains(slice_value, '(none)') and coalesce(row_count, 0) = 0 as is_none,
        -- Earlier days of a window do not make up for the period's own.
        coalesce(expected_days, 0) = 0 or (span_kind <> '' and period_start > expected_until)
            as no_day_yet,
        -- A numerator of another dataset: where its source has ended, 0 may be nothing measured.
        coalesce(value, 1) = 0 and numerator_source is not null as numerator_ended,
        -- A 0 of several datasets, one of which has no rows: the spec has to say that it is one.
        coalesce(
            value = 0 and least_rows = 0 and row_count > 0 and reads_data and not zero_is_valid,
            false
        ) as has_empty_part
    from ({_facts(rows, periods)})
)"""
