"""Final values that did not stay: restated, withdrawn, reopened, returned, rolled back.

Compared are the rows about to be shown (`publish_rows`) with what the ledger says was shown last,
each under its own definition: a changed definition is no restatement, and coming back to an earlier
one goes on where that one ended.
"""

import datetime as dt
import json
from collections.abc import Mapping

import duckdb

from expectations.sql import columns_in, first_named
from orchestration.publish.history import Entry
from orchestration.publish.history_tables import (
    ABSENT,
    KPI_HISTORY,
    KPI_PUBLICATIONS,
    KPI_RESTATEMENTS,
)
from orchestration.publish.rows import KEY

SAME = 1e-11  # relative: a cent in a billion; sums of DOUBLE differ from run to run below it
WORKING_TABLES = (
    "publish_before", "publish_finals", "publish_changes", "publish_revisions", "publish_loads",
)  # fmt: skip

_KEYS = ", ".join(KEY)


def before_sql(ledger: str) -> str:
    """`publish_before`: what was shown last of every key; `publish_finals`: its last final value.

    The latter per definition, so that each is compared with its own.
    """
    return f"""
CREATE OR REPLACE TEMP TABLE publish_before AS
SELECT * FROM {ledger}.{KPI_HISTORY.name}
QUALIFY row_number() OVER (PARTITION BY {_KEYS} ORDER BY shown_from DESC) = 1;

CREATE OR REPLACE TEMP TABLE publish_finals AS
SELECT {_KEYS}, spec_fingerprint, value, shown_from, run_id
FROM {ledger}.{KPI_HISTORY.name}
WHERE data_status = 'final'
QUALIFY row_number() OVER (PARTITION BY {_KEYS}, spec_fingerprint ORDER BY shown_from DESC) = 1"""


def changes_sql(event: str) -> str:
    """`publish_changes`: rows that are not what was shown last, and what that does to finals.

    Rows of before that are gone are among them, as absent.
    """
    return f"""
CREATE OR REPLACE TEMP TABLE publish_changes AS
WITH paired AS (
    SELECT {_KEYS}, r.kpi IS NOT NULL AS is_there,
        coalesce(r.spec_version, b.spec_version) AS spec_version,
        coalesce(r.spec_fingerprint, b.spec_fingerprint) AS spec_fingerprint,
        b.spec_fingerprint AS old_fingerprint,
        r.value, b.value AS before_value,
        coalesce(r.data_status, '{ABSENT}') AS data_status, b.data_status AS old_status,
        coalesce(r.reason_codes, '') AS reason_codes, b.reason_codes AS old_codes,
        coalesce(r.reason, '') AS reason
    FROM publish_rows AS r
    FULL JOIN publish_before AS b USING ({_KEYS})
),
compared AS (
    SELECT p.*,
        -- A row that is gone with its KPI or its definition went for that reason.
        coalesce(old_fingerprint = p.spec_fingerprint, false)
            AND (is_there OR k.kpi IS NOT NULL) AS is_same_definition
    FROM paired AS p
    LEFT JOIN publish_kpis AS k USING (kpi, spec_fingerprint)
    WHERE old_status IS NULL OR old_fingerprint <> p.spec_fingerprint
        OR old_status <> data_status OR old_codes <> reason_codes
        OR {_differ("before_value", "value")}
)
SELECT c.*, f.value AS old_value, f.shown_from AS old_computed_at, f.run_id AS old_run_id,
    CASE
        WHEN f.kpi IS NULL THEN NULL
        WHEN '{event}' = 'rollback' THEN
            CASE WHEN is_same_definition AND 'final' IN (old_status, c.data_status)
                THEN 'rolled_back' END
        WHEN c.data_status = 'final' AND {_differ("f.value", "c.value")} THEN 'restated'
        WHEN NOT is_same_definition THEN NULL
        WHEN c.data_status = 'final' AND old_status <> 'final' THEN 'returned'
        WHEN c.data_status = 'provisional' AND old_status = 'final' THEN 'reopened'
        WHEN c.data_status <> 'final' AND old_status = 'final' THEN 'withdrawn'
    END AS change
FROM compared AS c
LEFT JOIN publish_finals AS f USING ({_KEYS}, spec_fingerprint)"""


def revisions_sql(ledger: str) -> str:
    """`publish_revisions`: how often each row was restated under its definition; none: no row."""
    return f"""
CREATE OR REPLACE TEMP TABLE publish_revisions AS
SELECT {_KEYS}, count(*)::INTEGER AS revision
FROM (
    SELECT {_KEYS}, spec_fingerprint FROM {ledger}.{KPI_RESTATEMENTS.name} WHERE change = 'restated'
    UNION ALL
    SELECT {_KEYS}, spec_fingerprint FROM publish_changes WHERE change = 'restated'
)
JOIN publish_kpis USING (kpi, spec_fingerprint)
GROUP BY ALL"""


def write_loads(
    con: duckdb.DuckDBPyConnection, since: dt.datetime | None, restates: Mapping[str, int]
) -> bool:
    """`publish_loads`: per source the files loaded since, and the promise that they break.

    Args:
        con: connection to the warehouse.
        since: when the publication before was made.
        restates: source -> days that it revises: a period is not final before they are over.

    Returns:
        Whether the load log can say: a warehouse that was made anew has loaded every file since.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE publish_loads (source VARCHAR, files VARCHAR, beyond VARCHAR)"
    )
    if since is None or "audit.loads" not in columns_in(con, "audit"):
        return False
    con.execute(
        f"""
        INSERT INTO publish_loads
        SELECT source, {first_named("files")},
            coalesce(' (beyond the ' || (?::JSON ->> source) || ' days that it revises)', '')
        FROM (
            SELECT source, list(DISTINCT file ORDER BY file) AS files FROM audit.loads
            WHERE status = 'loaded' AND loaded_at > ? GROUP BY source
        )
        """,
        [json.dumps(restates), since],
    )
    (first,) = con.execute("SELECT min(loaded_at) FROM audit.loads").fetchall()[0]
    return first is not None and first <= since


def write_entry(
    con: duckdb.DuckDBPyConnection,
    entry: Entry,
    target: str,
    *,
    restates: Mapping[str, int] | None = None,
) -> None:
    """Write an entry and what changed with it into `target`, a schema with a catalogue.

    `restates`: source -> days that it revises, as in `write_loads`.
    """
    con.execute(
        f"INSERT INTO {target}.{KPI_PUBLICATIONS.name} VALUES (?, ?, ?, ?, ?, ?)",
        [
            entry.shown_from, entry.shown_on, entry.event, entry.run_id, entry.computed_at,
            entry.as_of,
        ],
    )  # fmt: skip
    con.execute(
        history_sql(target),
        {"shown_from": entry.shown_from, "shown_on": entry.shown_on, "run_id": entry.run_id},
    )
    can_say = write_loads(con, entry.before, restates or {})
    con.execute(
        restatements_sql(target),
        {"restated_at": entry.shown_from, "run_id": entry.run_id, "can_say": can_say},
    )


def history_sql(target: str) -> str:
    """Add the changed rows to `kpi_history`. Parameters: $shown_from, $shown_on, $run_id."""
    return f"""
INSERT INTO {target}.{KPI_HISTORY.name} BY NAME
SELECT {_KEYS}, spec_version, spec_fingerprint, value, data_status, reason_codes,
    $shown_from AS shown_from, $shown_on AS shown_on, $run_id AS run_id
FROM publish_changes
ORDER BY kpi, cadence, slice, slice_value, period"""


def restatements_sql(target: str) -> str:
    """Fill `kpi_restatements` with the new ones. Parameters: $restated_at, $run_id, $can_say."""
    return f"""
INSERT INTO {target}.{KPI_RESTATEMENTS.name} BY NAME
WITH files AS (
    -- What came of each KPI's sources.
    SELECT kpi,
        string_agg(source || ': ' || files, '; ' ORDER BY source) AS came,
        string_agg(source || ': ' || files || beyond, '; ' ORDER BY source) AS came_late
    FROM (
        SELECT kpi, unnest(string_split(sources, ',')) AS source
        FROM {target}.kpi_catalog WHERE is_current
    )
    JOIN publish_loads USING (source)
    GROUP BY kpi
)
SELECT {_KEYS}, c.spec_version, c.spec_fingerprint, c.change, coalesce(m.revision, 0) AS revision,
    c.old_value, c.value AS new_value, c.data_status AS new_status,
    c.old_computed_at, c.old_run_id, $restated_at AS restated_at, $run_id AS run_id,
    CASE
        WHEN c.change = 'rolled_back' THEN 'An earlier publication was put back.'
        WHEN c.change = 'reopened' THEN 'The period counts as open to late data again.'
        WHEN c.data_status = '{ABSENT}' THEN 'The row is not published any more.'
        WHEN c.change = 'withdrawn' THEN c.reason_codes || ': ' || c.reason
        WHEN NOT $can_say THEN 'The load log does not reach back to the publication before.'
        WHEN f.kpi IS NULL THEN 'No file of its sources was loaded since the publication before.'
        ELSE if(c.change = 'restated', f.came_late, f.came)
    END AS why
FROM publish_changes AS c
LEFT JOIN publish_revisions AS m USING ({_KEYS})
LEFT JOIN files AS f USING (kpi)
WHERE c.change IS NOT NULL
ORDER BY ALL"""


def _differ(one: str, other: str) -> str:
    """Whether two values differ by more than a rounding error, NULL from a number too."""
    return (
        f"(({one} IS NULL) <> ({other} IS NULL) OR coalesce("
        f"abs({one} - {other}) > {SAME} * greatest(abs({one}), abs({other})), false))"
    )
