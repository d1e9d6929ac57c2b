"""CTEs of the keys: rows that share one, and what a KPI's joins find, in the days it takes."""

# Whether a key of a day that a period looks back on still matters is not known, so it does.
_RESTED_ON = """business_date between checked_from
            and if(is_followed, greatest(needs_until, expected_until), needs_until)"""

# The days whose rows are in a period's slices: of a balance that is carried all before as well.
SLICED = """business_date between if(span_kind like 'until%', checked_from, needs_from)
            and needs_until"""


def key_facts() -> str:
    """Rows that share their key with another row, of the datasets that a KPI reads."""
    return f"""
-- One row per KPI and period: the first of its datasets with rows that share their key.
key_facts as (
    select
        periods.kpi, cadence, period,
        read.dataset as duplicate_dataset,
        cast(sum(row_count) as bigint) as duplicate_rows,
        min(example) as duplicate_example,
        key_columns as duplicate_key,
        source as duplicate_source
    from periods
    inner join spec_kpi_keys as read using (kpi)
    inner join duplicate_days on duplicate_days.dataset = read.dataset
        and {_RESTED_ON}
    group by periods.kpi, cadence, period, position, read.dataset, key_columns, source
    qualify row_number() over (partition by periods.kpi, cadence, period order by position) = 1
)"""


def join_facts() -> str:
    """What the joins of a KPI's slices find."""
    return f"""
-- One row per KPI and period: the first of its joins that meets a key twice, and the first that
-- finds no match for too many rows.
join_facts as (
    select
        kpi, cadence, period,
        arg_min(found, position) filter (found.doubled > 0) as doubled,
        arg_min(found, position) filter (found.unmatched / found.rows_before > orphans) as orphaned
    from (
        select
            periods.kpi, cadence, period, position, orphans,
            struct_pack(
                dataset := joins.dataset,
                model := joins.model,
                key_columns := key_columns,
                source := source,
                orphans := orphans,
                rows_before := sum(rows_before),
                rows_after := sum(rows_after),
                unmatched := sum(unmatched),
                doubled := sum(doubled),
                unmatched_example := min(unmatched_example),
                doubled_example := min(doubled_example)
            ) as found
        from periods
        inner join spec_kpi_joins as joins using (kpi)
        inner join join_days on join_days.dataset = joins.dataset
            and join_days.model = joins.model
            and {SLICED}
        group by
            periods.kpi, cadence, period, position, joins.dataset, joins.model, key_columns,
            source, orphans
    )
    group by kpi, cadence, period
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(duplicate_rows, 0) as duplicate_rows,
    coalesce(duplicate_dataset, '') as duplicate_dataset,
    coalesce(duplicate_key, '') as duplicate_key,
    coalesce(duplicate_example, '') as duplicate_example,
    coalesce(duplicate_source, '') as duplicate_source,
    coalesce(cast(doubled.doubled as bigint), 0) as doubled_rows,
    coalesce(doubled.dataset, '') as doubled_dataset,
    coalesce(doubled.model, '') as doubled_model,
    coalesce(doubled.key_columns, '') as doubled_key,
    coalesce(doubled.doubled_example, '') as doubled_example,
    coalesce(doubled.source, '') as doubled_source,
    coalesce(cast(doubled.rows_before as bigint), 0) as rows_before_join,
    coalesce(cast(doubled.rows_after as bigint), 0) as rows_after_join,
    coalesce(cast(doubled.rows_after - doubled.rows_before as bigint), 0) as rows_added_by_join,
    coalesce(cast(orphaned.unmatched as bigint), 0) as orphan_rows,
    coalesce(cast(orphaned.rows_before as bigint), 0) as orphan_rows_of,
    coalesce(orphaned.dataset, '') as orphan_dataset,
    coalesce(orphaned.model, '') as orphan_model,
    coalesce(orphaned.key_columns, '') as orphan_key,
    coalesce(orphaned.unmatched_example, '') as orphan_example,
    coalesce(orphaned.source, '') as orphan_source,
    coalesce(100 * orphaned.unmatched / orphaned.rows_before, 0.0) as orphan_percent,
    coalesce(100 * orphaned.orphans, 0.0) as orphan_percent_allowed"""
