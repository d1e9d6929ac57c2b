"""The two tables that the evidence is kept in: facts of a period once, and what is a row's own."""


def of_periods() -> str:
    """One row per KPI and period: all facts that its slices share; NULL where one is missing."""
    return """
select
    row_number() over (order by kpi, cadence, period_start, period_end) as period_id,
    periods.*,
    sources.* exclude (kpi, cadence, period),
    days.* exclude (kpi, cadence, period),
    earlier.* exclude (kpi, cadence, period),
    unreadable.* exclude (kpi, cadence, period),
    types.* exclude (kpi, cadence, period),
    keys.* exclude (kpi, cadence, period),
    joins.* exclude (kpi, cadence, period),
    domain.* exclude (kpi, cadence, period),
    units.* exclude (kpi, cadence, period),
    recon.* exclude (kpi, cadence, period),
    entities.* exclude (kpi, cadence, period),
    nans.* exclude (kpi, cadence, period),
    jumps.* exclude (kpi, cadence, period),
    volumes.* exclude (kpi, cadence, period),
    records.* exclude (kpi, cadence, period),
    undated.* exclude (kpi),
    follow_ups.followed_through,
    first_days.first_day,
    first_days.counted_from,
    kpi in (select kpi from spec_requirements) as has_requirements,
    (select history_from from spec_clock) as history_from
from periods
left join source_facts as sources using (kpi, cadence, period)
left join period_days as days using (kpi, cadence, period)
left join earlier_days as earlier using (kpi, cadence, period)
left join unreadable_facts as unreadable using (kpi, cadence, period)
left join type_facts as types using (kpi, cadence, period)
left join key_facts as keys using (kpi, cadence, period)
left join join_facts as joins using (kpi, cadence, period)
left join domain_facts as domain using (kpi, cadence, period)
left join unit_facts as units using (kpi, cadence, period)
left join recon_facts as recon using (kpi, cadence, period)
left join entity_facts as entities using (kpi, cadence, period)
left join nan_facts as nans using (kpi, cadence, period)
left join jump_facts as jumps using (kpi, cadence, period)
left join volume_facts as volumes using (kpi, cadence, period)
left join record_facts as records using (kpi, cadence, period)
left join undated_facts as undated using (kpi)
left join follow_ups using (kpi)
left join first_days using (kpi)
order by period_id"""


def of_rows(rows_before: int) -> str:
    """One row per KPI, period and slice: what was computed, and what its inputs are worth."""
    return f"""
select
    row_number() over (order by period_id, slice, slice_value) + {rows_before} as row_id,
    period_id, slice, slice_value,
    is_computed, value, numerator, denominator, row_count, least_rows, open_rows, open_until,
    sample_rows,
    upstream.* exclude (kpi, cadence, period, slice, slice_value, coverage, data_through),
    upstream.coverage as upstream_coverage,
    upstream.data_through as upstream_through
from rows
inner join (select period_id, kpi, cadence, period from evidence_periods)
    using (kpi, cadence, period)
left join upstream using (kpi, cadence, period, slice, slice_value)
order by row_id"""
