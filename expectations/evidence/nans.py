"""CTEs of NaN: rows whose comparison says nothing, in the days that a value rests on."""


def nan_facts() -> str:
    """What was compared and is no number."""
    most = "(-row_count, read.dataset, read.column_name)"  # of equally many the first by name
    return f"""
-- One row per KPI and period: a column that it compares and that is NaN in rows of its days. Which
-- of the days before a period decide something is not known, so all do.
nan_facts as (
    select
        periods.kpi, cadence, period,
        cast(sum(row_count) as bigint) as nan_rows,
        arg_min(read.dataset, {most}) as nan_dataset,
        arg_min(read.column_name, {most}) as nan_column,
        arg_min(read.source, {most}) as nan_source
    from periods
    inner join spec_kpi_compares as read using (kpi)
    inner join nan_days as found
        on found.dataset = read.dataset and found.column_name = read.column_name
    where business_date between checked_from
        and if(is_followed, greatest(needs_until, expected_until), needs_until)
    group by periods.kpi, cadence, period
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(nan_rows, 0) as nan_rows,
    coalesce(nan_dataset, '') as nan_dataset,
    coalesce(nan_column, '') as nan_column,
    coalesce(nan_source, '') as nan_source"""
