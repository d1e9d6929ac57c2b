"""The SQL that fills `kpi_values`: each row with its history, its target and its signal."""

from orchestration.publish.columns import quoted
from orchestration.publish.rows import KEY
from orchestration.publish.signals import signal
from orchestration.publish.target_judgement import share_reached, target_status


def values_sql(staging: str, warehouse: str) -> str:
    """Fill `kpi_values`. Parameters: $computed_at, $run_id. Needs `kpi_targets` filled."""
    s, w = quoted(staging), quoted(warehouse)
    same_slice = (
        "o.kpi = r.kpi AND o.cadence = r.cadence AND o.slice = r.slice "
        "AND o.slice_value = r.slice_value AND o.is_measured"
    )
    attainment = share_reached("r.target", "r.target_low", "r.target_high")
    pace = share_reached("x.pace_target", "x.pace_target_low", "x.pace_target_high")
    return f"""
INSERT INTO {s}.main.kpi_values BY NAME
WITH history AS (
    -- All that lies before the row, in its own slice.
    SELECT *,
        last_value(value IGNORE NULLS) OVER earlier AS last_good_value,
        last_value(CASE WHEN is_measured THEN period END IGNORE NULLS) OVER earlier
            AS last_good_period
    FROM publish_rows
    WINDOW earlier AS (
        PARTITION BY kpi, cadence, slice, slice_value ORDER BY period_start
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
seen AS (
    -- What readers saw before: the last good value of a KPI that is not computed any more.
    SELECT f.*, p.period_start
    FROM publish_finals AS f
    JOIN publish_kpis AS k ON k.kpi = f.kpi AND k.spec_fingerprint = f.spec_fingerprint
    JOIN {w}.calendar.dim_period AS p
        ON p.calendar = k.calendar AND p.cadence = f.cadence AND p.period = f.period
),
compared AS (
    -- By calendar key; an early period has seen fewer days than the one it would be compared with.
    SELECT r.* REPLACE (
            coalesce(r.last_good_value, seen.value) AS last_good_value,
            coalesce(r.last_good_period, seen.period) AS last_good_period
        ),
        CASE WHEN r.is_measured AND NOT r.is_early THEN previous.value END AS previous_value,
        CASE WHEN r.is_measured AND NOT r.is_early THEN year_ago.value END AS year_ago_value,
        t.target, t.target_low, t.target_high, t.warning,
        coalesce(t.target IS NOT NULL OR t.target_low IS NOT NULL, false) AS has_target
    FROM history AS r
    ASOF LEFT JOIN seen
        ON seen.kpi = r.kpi AND seen.cadence = r.cadence AND seen.slice = r.slice
        AND seen.slice_value = r.slice_value AND r.period_start > seen.period_start
    LEFT JOIN publish_rows AS previous
        ON {same_slice.replace("o.", "previous.")} AND previous.period = r.previous_period
    LEFT JOIN publish_rows AS year_ago
        ON {same_slice.replace("o.", "year_ago.")} AND year_ago.period = r.year_ago_period
    LEFT JOIN {s}.main.kpi_targets AS t
        ON t.kpi = r.kpi AND t.cadence = r.cadence AND t.period = r.period
        AND t.slice = r.slice AND t.slice_value = r.slice_value
)
SELECT
    r.kpi, r.spec_version, r.spec_fingerprint, r.cadence, r.calendar, r.period, r.period_start,
    r.period_end, r.period_days, r.slice, r.slice_value, r.dimensions, r.value, r.numerator,
    r.denominator, r.unit, r.data_status, r.reason_codes, r.reason, r.last_good_value,
    r.last_good_period, r.target, r.target_low, r.target_high,
    CASE WHEN r.is_measured AND NOT r.is_early THEN {attainment} END AS attainment,
    {target_status()} AS target_status,
    x.pace_target, x.pace_target_low, x.pace_target_high,
    {pace} AS pace,
    {signal()} AS signal,
    r.previous_value,
    {_change("r.previous_value")} AS previous_change,
    r.year_ago_value,
    {_change("r.year_ago_value")} AS year_ago_change,
    r.open_rows, r.coverage, r.data_through, r.due_at, r.closed_at,
    coalesce(m.revision, 0) AS revision,
    $computed_at AS computed_at, $run_id AS run_id
FROM compared AS r
LEFT JOIN publish_revisions AS m USING ({", ".join(KEY)})
LEFT JOIN publish_signals AS g USING ({", ".join(KEY)})
LEFT JOIN publish_pace AS x USING ({", ".join(KEY)})
ORDER BY r.kpi, r.cadence, r.slice, r.slice_value, r.period_start"""


def _change(base: str) -> str:
    return f"CASE WHEN {base} > 0 THEN r.value / {base} - 1 END"
