"""The SQL that fills `kpi_targets`: the target of every period, and where it comes from.

A target that rests on another number (last year's, another KPI's) takes it from what is published:
judged, measured, and of a period that is due. Where that number is not there, there is no target,
and `reason` says why.
"""

from orchestration.publish.columns import quoted
from orchestration.publish.schema import KPI_TARGETS
from orchestration.publish.target_base import BASE_VALUE, base_join, base_reason, on_paper

WORKING_TABLES = (
    "publish_periods", "publish_target_specs", "publish_targets", "publish_parts", "publish_pace",
)  # fmt: skip


def targets_sql() -> str:
    """Fill `publish_targets`: one row per target, cadence and period; its parts apart."""
    return f"""
CREATE OR REPLACE TEMP TABLE publish_targets AS
WITH wanted AS (
    -- A target holds for the periods that begin within its dates.
    SELECT t.*, p.period, p.period_start, p.period_end,
        CASE t.kind WHEN 'of_last_year' THEN p.year_ago_period WHEN 'kpi' THEN p.period END
            AS base_period
    FROM publish_target_specs AS t
    JOIN publish_periods AS p
        ON p.calendar = t.calendar AND p.cadence = t.cadence
        AND p.period_start BETWEEN t.valid_from AND coalesce(t.valid_to, DATE '9999-12-31')
    WHERE t.kind <> 'split'
),
based AS (
    -- What a relative target is a factor on.
    SELECT w.*, {BASE_VALUE} AS base_value,
        CASE WHEN w.base_kpi IS NULL THEN '' ELSE {base_reason("w", "base_kpi")} END AS base_reason
    FROM wanted AS w
    {base_join("w", "base_kpi")}
),
reasoned AS (
    -- A factor on zero or less would turn "more than last year" into its opposite.
    SELECT *,
        CASE WHEN base_reason = '' AND kind = 'of_last_year' AND base_value <= 0
            THEN base_kpi || ' was not above zero in ' || base_period
                || '; a factor on that is no target.'
            ELSE base_reason END AS reason
    FROM based
)
SELECT * REPLACE (
        CASE WHEN reason <> '' THEN NULL WHEN base_kpi IS NULL THEN target
            ELSE {on_paper("base_value * factor")} END AS target,
        CASE WHEN reason <> '' THEN NULL WHEN base_kpi IS NULL THEN warning
            -- A share of zero or less lies on the wrong side of it.
            WHEN base_value > 0 THEN {on_paper("base_value * warning")} END AS warning
    ),
    NULL::VARCHAR AS whole_period, NULL::DOUBLE AS whole_target
FROM reasoned"""


def publish_targets_sql(staging: str) -> str:
    """Fill `kpi_targets` from the working tables."""
    columns = ", ".join(column.name for column in KPI_TARGETS.columns)
    return f"""
INSERT INTO {quoted(staging)}.main.kpi_targets BY NAME
SELECT {columns}
FROM (SELECT * FROM publish_targets UNION ALL BY NAME SELECT * FROM publish_parts)
WHERE is_published
ORDER BY kpi, cadence, slice, slice_value, period_start"""
