"""The SQL that fills `kpi_values`: one function per part, each returning a readable query.

Working tables live in the connection's temporary database, so that the warehouse is not changed:
`publish_kpis` (one row per KPI), `publish_computed` (the KPI tables, one under the other) and
`publish_rows` (one row per verdict, with what was computed for it).
"""

from collections.abc import Mapping

from kpi_specs.language.project import Project
from orchestration.publish.catalogue import CompiledKpis
from orchestration.publish.schema import MEASURED, quoted

XMR_POINTS = 8  # due measured periods needed before limits mean anything
XMR_FACTOR = 2.66  # 3 / d2 of moving ranges of two points; Wheeler, Understanding Variation
SLACK = 1e-9  # relative; keeps a constant series from leaving its limits by a rounding error

KEY = ("kpi", "cadence", "period", "slice", "slice_value")
WORKING_TABLES = ("publish_kpis", "publish_computed", "publish_rows")

KPIS_DDL = """
CREATE OR REPLACE TEMP TABLE publish_kpis (
    kpi VARCHAR, spec_version INTEGER, spec_fingerprint VARCHAR, calendar VARCHAR, unit VARCHAR,
    direction VARCHAR, has_table BOOLEAN
)"""


def kpi_parameters(
    project: Project, compiled: CompiledKpis, tables: Mapping[str, str]
) -> list[list[object]]:
    """Rows of `publish_kpis`. `tables` maps the KPIs that have a table to its name."""
    return [
        [
            key, kpi.version, compiled.fingerprints[key], kpi.calendar, kpi.unit, kpi.direction,
            key in tables,
        ]
        for key, kpi in project.kpis.items()
    ]  # fmt: skip


def computed_sql(warehouse: str, tables: Mapping[str, str]) -> str:
    """What dbt computed. The KPI's id is taken from the project, not from the table."""
    columns = """
        {kpi} AS kpi, cadence, period, slice, slice_value,
        CAST(dimensions AS VARCHAR) AS dimensions, CAST(value AS DOUBLE) AS value,
        CAST(numerator AS DOUBLE) AS numerator, CAST(denominator AS DOUBLE) AS denominator"""
    parts = [
        f"SELECT {columns.format(kpi=repr(kpi))}\nFROM {quoted(warehouse)}.kpi.{quoted(table)}"
        for kpi, table in tables.items()
    ]
    nothing = (
        "SELECT NULL::VARCHAR AS kpi, NULL::VARCHAR AS cadence, NULL::VARCHAR AS period, "
        "NULL::VARCHAR AS slice, NULL::VARCHAR AS slice_value, NULL::VARCHAR AS dimensions, "
        "NULL::DOUBLE AS value, NULL::DOUBLE AS numerator, NULL::DOUBLE AS denominator WHERE false"
    )
    union = "\nUNION ALL\n".join([nothing, *parts])
    return f"CREATE OR REPLACE TEMP TABLE publish_computed AS\n{union}"


def rows_sql(warehouse: str) -> str:
    """One row per verdict of the project, with the numbers where the verdict lets them through."""
    w = quoted(warehouse)
    return f"""
CREATE OR REPLACE TEMP TABLE publish_rows AS
SELECT
    k.kpi, k.spec_version, k.spec_fingerprint, k.unit, k.direction,
    v.cadence, k.calendar, v.period, p.period_start, p.period_end, p.period_days,
    p.period_number, p.previous_period, p.year_ago_period,
    v.slice, v.slice_value,
    -- A KPI without a table has its slices from the verdicts alone.
    coalesce(c.dimensions, CASE
        WHEN v.slice = 'total' THEN '{{}}'
        ELSE CAST(to_json(map_from_entries(list_zip(
            string_split(v.slice, '+'),
            CASE WHEN contains(v.slice, '+') THEN string_split(v.slice_value, ' | ')
                 ELSE [v.slice_value] END
        ))) AS VARCHAR)
    END) AS dimensions,
    v.data_status, v.data_status IN {MEASURED} AS is_measured,
    CASE WHEN is_measured THEN c.value END AS value,
    CASE WHEN is_measured THEN c.numerator END AS numerator,
    CASE WHEN is_measured THEN c.denominator END AS denominator,
    coalesce(v.reason_codes, '') AS reason_codes, coalesce(v.reason, '') AS reason,
    v.coverage, v.data_through, v.due_at, v.closed_at,
    c.kpi IS NOT NULL AS is_computed
FROM {w}.audit.verdicts AS v
JOIN publish_kpis AS k ON k.kpi = v.kpi
LEFT JOIN {w}.calendar.dim_period AS p
    ON p.calendar = k.calendar AND p.cadence = v.cadence AND p.period = v.period
LEFT JOIN publish_computed AS c
    ON c.kpi = v.kpi AND c.cadence = v.cadence AND c.period = v.period
    AND c.slice = v.slice AND c.slice_value = v.slice_value"""


def values_sql(staging: str, warehouse: str) -> str:
    """Fill `kpi_values`. Parameters: $as_of, $computed_at, $run_id. Needs `kpi_targets` filled."""
    s, w = quoted(staging), quoted(warehouse)
    same_slice = (
        "o.kpi = r.kpi AND o.cadence = r.cadence AND o.slice = r.slice "
        "AND o.slice_value = r.slice_value AND o.is_measured"
    )
    return f"""
INSERT INTO {s}.main.kpi_values BY NAME
WITH points AS (
    -- Due measured periods are the points of the process; a gap is skipped, not bridged by zero.
    -- Before it is due a period may lack its last days, though it has ended.
    SELECT *,
        $as_of <= period_end OR $as_of < due_at AS is_early,
        CASE WHEN is_measured AND NOT is_early THEN value END AS point
    FROM publish_rows
),
ranges AS (
    SELECT *, abs(point - lag(point IGNORE NULLS) OVER earlier) AS moving_range
    FROM points
    WINDOW earlier AS (PARTITION BY kpi, cadence, slice, slice_value ORDER BY period_start)
),
history AS (
    -- All that lies before the row, in its own slice.
    SELECT *,
        last_value(value IGNORE NULLS) OVER earlier AS last_good_value,
        last_value(CASE WHEN is_measured THEN period END IGNORE NULLS) OVER earlier
            AS last_good_period,
        count(point) OVER earlier AS points_before,
        avg(point) OVER earlier AS centre,
        avg(moving_range) OVER earlier * {XMR_FACTOR} AS reach
    FROM ranges
    WINDOW earlier AS (
        PARTITION BY kpi, cadence, slice, slice_value ORDER BY period_start
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
seen AS (
    -- What readers saw before: the last good value of a KPI that is not computed any more.
    SELECT f.*, p.period_start
    FROM {w}.audit.published_finals AS f
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
        coalesce(t.target IS NOT NULL OR t.target_low IS NOT NULL, false) AS has_target,
        abs(r.point - r.centre) > r.reach + {SLACK} * greatest(abs(r.point), abs(r.centre))
            AS is_outside
    FROM history AS r
    ASOF LEFT JOIN seen
        ON seen.kpi = r.kpi AND seen.cadence = r.cadence AND seen.slice = r.slice
        AND seen.slice_value = r.slice_value AND r.period_start > seen.period_start
    LEFT JOIN publish_rows AS previous
        ON {same_slice.replace("o.", "previous.")} AND previous.period = r.previous_period
    LEFT JOIN publish_rows AS year_ago
        ON {same_slice.replace("o.", "year_ago.")} AND year_ago.period = r.year_ago_period
    LEFT JOIN {s}.main.kpi_targets AS t
        ON t.kpi = r.kpi AND t.slice = r.slice AND t.slice_value = r.slice_value
        AND (t.cadence IS NULL OR t.cadence = r.cadence)
        AND r.period_start BETWEEN t.valid_from AND coalesce(t.valid_to, DATE '9999-12-31')
)
SELECT
    r.kpi, r.spec_version, r.spec_fingerprint, r.cadence, r.calendar, r.period, r.period_start,
    r.period_end, r.period_days, r.slice, r.slice_value, r.dimensions, r.value, r.numerator,
    r.denominator, r.unit, r.data_status, r.reason_codes, r.reason, r.last_good_value,
    r.last_good_period, r.target, r.target_low, r.target_high,
    CASE WHEN r.is_measured AND NOT r.is_early THEN {_attainment()} END AS attainment,
    {_target_status()} AS target_status,
    {_signal()} AS signal,
    r.previous_value,
    {_change("r.previous_value")} AS previous_change,
    r.year_ago_value,
    {_change("r.year_ago_value")} AS year_ago_change,
    r.coverage, r.data_through, r.due_at, r.closed_at,
    coalesce(m.revision, 0) AS revision,
    $computed_at AS computed_at, $run_id AS run_id
FROM compared AS r
LEFT JOIN publish_revisions AS m USING ({", ".join(KEY)})
ORDER BY r.kpi, r.cadence, r.slice, r.slice_value, r.period_start"""


def latest_sql(staging: str) -> str:
    """Fill `kpi_latest`. Parameter: $as_of."""
    s = quoted(staging)
    return f"""
INSERT INTO {s}.main.kpi_latest BY NAME
SELECT CASE WHEN $as_of <= period_end THEN 'open' ELSE 'closed' END AS which, *
FROM {s}.main.kpi_values
WHERE slice = 'total' AND period_start <= $as_of AND (period_end >= $as_of OR due_at <= $as_of)
QUALIFY row_number() OVER (PARTITION BY kpi, cadence, which ORDER BY period_start DESC) = 1
ORDER BY kpi, cadence, period_start"""


def kpi_sql(staging: str, table: str, dimensions: tuple[str, ...]) -> str:
    """Fill `kpi_<id>` from `kpi_values`. Parameter: $kpi."""
    s = quoted(staging)
    columns = "".join(
        f""", json_extract_string(dimensions, '$."{name}"') AS {quoted(name)}"""
        for name in dimensions
    )
    return f"""
INSERT INTO {s}.main.{quoted(table)} BY NAME
SELECT *{columns} FROM {s}.main.kpi_values WHERE kpi = $kpi"""


def _attainment() -> str:
    """Above zero only: of a zero or negative target or base no share can be taken."""
    return """CASE
        WHEN r.direction = 'higher_is_better' AND r.target > 0 THEN r.value / r.target
        WHEN r.direction = 'lower_is_better' AND r.target > 0 AND r.value > 0
            THEN r.target / r.value
        WHEN r.direction = 'in_range' AND r.value BETWEEN r.target_low AND r.target_high THEN 1.0
        WHEN r.direction = 'in_range' AND r.value < r.target_low AND r.target_low > 0
            THEN r.value / r.target_low
        WHEN r.direction = 'in_range' AND r.value > r.target_high AND r.target_high > 0
            THEN r.target_high / r.value
    END"""


def _target_status() -> str:
    """Boundaries inclusive, on unrounded values. Inside a band is on target, never exceeded."""
    return """CASE
        WHEN NOT r.is_measured THEN 'not_judged'
        WHEN NOT r.has_target THEN 'no_target'
        WHEN r.is_early THEN 'too_early'
        WHEN r.direction = 'in_range' THEN
            CASE WHEN r.value BETWEEN r.target_low AND r.target_high THEN 'on_target'
                 ELSE 'off_target' END
        WHEN r.value = r.target THEN 'on_target'
        WHEN r.direction = 'higher_is_better' THEN
            CASE WHEN r.value > r.target THEN 'exceeded'
                 WHEN r.value >= r.warning THEN 'warning' ELSE 'off_target' END
        ELSE
            CASE WHEN r.value < r.target THEN 'exceeded'
                 WHEN r.value <= r.warning THEN 'warning' ELSE 'off_target' END
    END"""


def _signal() -> str:
    """A point outside the limits of the points before it; inside a band counts as good."""
    return f"""CASE
        WHEN r.point IS NULL THEN NULL
        WHEN r.points_before < {XMR_POINTS} THEN 'too_few_points'
        WHEN NOT r.is_outside THEN 'none'
        WHEN r.direction = 'in_range' THEN
            CASE WHEN r.value BETWEEN r.target_low AND r.target_high THEN 'improving'
                 ELSE 'concerning' END
        WHEN (r.point > r.centre) = (r.direction = 'higher_is_better') THEN 'improving'
        ELSE 'concerning'
    END"""


def _change(base: str) -> str:
    return f"CASE WHEN {base} > 0 THEN r.value / {base} - 1 END"
