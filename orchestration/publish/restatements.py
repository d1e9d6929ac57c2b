"""How often a published final value was replaced by another one.

`audit.published_finals` in the warehouse remembers the last final value that readers saw of every
KPI, period and slice. It is brought up to date from the live file when the next publication starts,
so a kill can never make the two disagree, and a value that was unmeasurable for a while is compared
with what was there before, not with the gap.
"""

from orchestration.publish.columns import quoted
from orchestration.publish.rows import KEY

SAME = 1e-11  # relative: a cent in a billion; sums of DOUBLE differ from run to run below it

_KEYS = ", ".join(KEY)

FINALS_DDL = """
CREATE TABLE IF NOT EXISTS {w}.audit.published_finals (
    kpi VARCHAR, cadence VARCHAR, period VARCHAR, slice VARCHAR, slice_value VARCHAR,
    spec_fingerprint VARCHAR, value DOUBLE, revision INTEGER, computed_at TIMESTAMP, run_id VARCHAR
)"""

REVISIONS_SQL = f"""
CREATE OR REPLACE TEMP TABLE publish_revisions AS
SELECT {_KEYS}, f.spec_fingerprint, f.value AS old_value, r.value AS new_value,
    f.computed_at AS old_computed_at, f.run_id AS old_run_id,
    r.data_status = 'final'
        AND abs(r.value - f.value) > {SAME} * greatest(abs(r.value), abs(f.value)) AS is_restated,
    f.revision + is_restated::INTEGER AS revision
FROM {{w}}.audit.published_finals AS f
JOIN publish_rows AS r USING ({_KEYS})
WHERE r.spec_fingerprint = f.spec_fingerprint"""


def finals_ddl(warehouse: str) -> str:
    """Create the memory where there is none."""
    return FINALS_DDL.format(w=quoted(warehouse))


def remember_sql(warehouse: str, before: str) -> str:
    """Overlay the memory with the final values of the live publication, attached as `before`."""
    w, b = quoted(warehouse), quoted(before)
    return f"""
CREATE OR REPLACE TABLE {w}.audit.published_finals AS
WITH live AS (
    SELECT {_KEYS}, spec_fingerprint, value, revision, computed_at, run_id
    FROM {b}.main.kpi_values
    WHERE data_status = 'final'
)
SELECT * FROM live
UNION ALL
SELECT * FROM {w}.audit.published_finals ANTI JOIN live USING ({_KEYS})"""


def revisions_sql(warehouse: str) -> str:
    """Compare the rows with the memory; a changed definition starts again at revision 0."""
    return REVISIONS_SQL.format(w=quoted(warehouse))


def restatements_sql(staging: str, before: str | None) -> str:
    """Fill `kpi_restatements`: the earlier ones and the new. Parameters: $computed_at, $run_id."""
    s = quoted(staging)
    earlier = (
        f"SELECT * FROM {quoted(before)}.main.kpi_restatements UNION ALL BY NAME" if before else ""
    )
    return f"""
INSERT INTO {s}.main.kpi_restatements BY NAME
{earlier}
SELECT {_KEYS}, spec_fingerprint, revision, old_value, new_value, old_computed_at, old_run_id,
    $computed_at AS restated_at, $run_id AS run_id
FROM publish_revisions
WHERE is_restated"""
