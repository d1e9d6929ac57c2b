"""The SQL of the rows to publish: one function per part, each returning a readable query.

Working tables live in the connection's temporary database, so that the warehouse is not changed:
`publish_kpis` (one row per KPI), `publish_computed` (the KPI tables, one under the other) and
`publish_rows` (one row per verdict, with what was computed for it).
"""

from collections.abc import Mapping

from expectations.newest import NOBODYS_MATTER
from kpi_specs.language.project import Project
from orchestration.publish.catalogue import CompiledKpis
from orchestration.publish.columns import quoted
from orchestration.publish.value_columns import LIMIT_COLUMNS, MEASURED

KEY = ("kpi", "cadence", "period", "slice", "slice_value")
WORKING_TABLES = ("publish_kpis", "publish_computed", "publish_rows")

KPIS_DDL = """
CREATE OR REPLACE TEMP TABLE publish_kpis (
    kpi VARCHAR, spec_version INTEGER, spec_fingerprint VARCHAR, calendar VARCHAR, unit VARCHAR,
    direction VARCHAR, is_additive BOOLEAN, has_table BOOLEAN,
    overlapping VARCHAR[] -- cadences in which a period shares days with the one before it
)"""


def kpi_parameters(
    project: Project, compiled: CompiledKpis, tables: Mapping[str, str]
) -> list[list[object]]:
    """Rows of `publish_kpis`. `tables` maps the KPIs that have a table to its name."""
    return [
        [
            key, kpi.version, compiled.fingerprints[key], kpi.calendar, kpi.unit, kpi.direction,
            kpi.metric.additive, key in tables,
            [one for one in kpi.cadence if (span := kpi.metric.takes) and span.overlaps(one)],
        ]
        for key, kpi in project.kpis.items()
    ]  # fmt: skip


def computed_sql(warehouse: str, project: Project, tables: Mapping[str, str]) -> str:
    """What dbt computed. The KPI's id is taken from the project, not from the table.

    A table may have cadences that other KPIs need; those that the spec lists are published.
    """
    columns = """
        {kpi} AS kpi, cadence, period, slice, slice_value,
        CAST(dimensions AS VARCHAR) AS dimensions, CAST(value AS DOUBLE) AS value,
        CAST(numerator AS DOUBLE) AS numerator, CAST(denominator AS DOUBLE) AS denominator,
        open_rows"""
    # Only some types leave rows open.
    none_open = "SELECT NULL::BIGINT AS open_rows WHERE false UNION ALL BY NAME"
    parts = [
        f"SELECT {columns.format(kpi=repr(kpi))}\n"
        f"FROM ({none_open} FROM {quoted(warehouse)}.kpi.{quoted(table)})\n"
        f"WHERE cadence IN ({', '.join(map(repr, project.kpis[kpi].cadence))})"
        for kpi, table in tables.items()
    ]
    nothing = (
        "SELECT NULL::VARCHAR AS kpi, NULL::VARCHAR AS cadence, NULL::VARCHAR AS period, "
        "NULL::VARCHAR AS slice, NULL::VARCHAR AS slice_value, NULL::VARCHAR AS dimensions, "
        "NULL::DOUBLE AS value, NULL::DOUBLE AS numerator, NULL::DOUBLE AS denominator, "
        "NULL::BIGINT AS open_rows WHERE false"
    )
    union = "\nUNION ALL\n".join([nothing, *parts])
    return f"CREATE OR REPLACE TEMP TABLE publish_computed AS\n{union}"


def rows_sql(warehouse: str) -> str:
    """One row per verdict of the project, with the numbers where the verdict lets them through.

    Parameter: $as_of.
    """
    w = quoted(warehouse)
    return f"""
CREATE OR REPLACE TEMP TABLE publish_rows AS
SELECT
    k.kpi, k.spec_version, k.spec_fingerprint, k.unit, k.direction, k.is_additive,
    v.cadence, k.calendar, v.period, p.period_start, p.period_end, p.period_days,
    p.period_number, p.previous_period, p.year_ago_period,
    v.slice, v.slice_value,
    -- A KPI without a table has its slices from the verdicts alone.
    coalesce(c.dimensions, CASE
        WHEN v.slice = 'total' THEN '{{}}'
        ELSE CAST(to_json(map_from_entries(list_zip(
            string_split(v.slice, '+'),
            -- Only the bars between values stand alone: those inside are written with a backslash.
            CASE WHEN contains(v.slice, '+')
                 THEN [replace(one, '\\|', '|') FOR one IN string_split(v.slice_value, ' | ')]
                 ELSE [v.slice_value] END
        ))) AS VARCHAR)
    END) AS dimensions,
    v.data_status, v.data_status IN {MEASURED} AS is_measured,
    {NOBODYS_MATTER} AS is_nobodys_matter,
    CASE WHEN is_measured THEN c.value END AS value,
    CASE WHEN is_measured THEN c.numerator END AS numerator,
    CASE WHEN is_measured THEN c.denominator END AS denominator,
    CASE WHEN is_measured THEN c.open_rows END AS open_rows,
    -- Before it is due a period may lack its last days, though it has ended.
    $as_of <= p.period_end OR $as_of < v.due_at AS is_early,
    NOT list_contains(k.overlapping, v.cadence) AS has_own_days,
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


def latest_sql(staging: str) -> str:
    """Fill `kpi_latest`; what is nobody's matter says nothing of the KPI. Parameter: $as_of."""
    s = quoted(staging)
    return f"""
INSERT INTO {s}.main.kpi_latest BY NAME
SELECT CASE WHEN $as_of <= period_end THEN 'open' ELSE 'closed' END AS which, *
FROM {s}.main.kpi_values
ANTI JOIN (FROM publish_rows WHERE is_nobodys_matter) USING ({", ".join(KEY)})
WHERE slice = 'total' AND period_start <= $as_of AND (period_end >= $as_of OR due_at <= $as_of)
QUALIFY row_number() OVER (PARTITION BY kpi, cadence, which ORDER BY period_start DESC) = 1
ORDER BY kpi, cadence, period_start"""


def kpi_sql(staging: str, table: str, dimensions: tuple[str, ...]) -> str:
    """Fill `kpi_<id>` from `kpi_values` and the limits. Parameter: $kpi."""
    s = quoted(staging)
    limits = ", ".join(column.name for column in LIMIT_COLUMNS)
    columns = "".join(
        f""", json_extract_string(dimensions, '$."{name}"') AS {quoted(name)}"""
        for name in dimensions
    )
    return f"""
INSERT INTO {s}.main.{quoted(table)} BY NAME
SELECT v.*, {limits}{columns}
FROM {s}.main.kpi_values AS v
LEFT JOIN publish_signals USING ({", ".join(KEY)})
WHERE kpi = $kpi
ORDER BY cadence, slice, slice_value, period_start"""
