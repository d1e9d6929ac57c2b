"""The load log (`audit.loads`) and the rejects (`audit.rejects`): what became of every file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

# superseded: a later load of the same file has taken its place; the raw table has none of its rows.
LoadStatus = Literal["loaded", "failed", "empty", "superseded"]

_TABLES = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.loads (
    load_id VARCHAR, run_id VARCHAR, source VARCHAR, file VARCHAR, sha256 VARCHAR, bytes BIGINT,
    rows_loaded BIGINT, rows_rejected BIGINT, status VARCHAR, message VARCHAR,
    missing_columns VARCHAR, loaded_at TIMESTAMP, contract VARCHAR
);
ALTER TABLE audit.loads ADD COLUMN IF NOT EXISTS contract VARCHAR;
CREATE TABLE IF NOT EXISTS audit.rejects (
    load_id VARCHAR, source VARCHAR, file VARCHAR, line BIGINT, column_name VARCHAR,
    value VARCHAR, reason VARCHAR, event_time TIMESTAMP
);
ALTER TABLE audit.rejects ADD COLUMN IF NOT EXISTS event_time TIMESTAMP;
"""


@dataclass(frozen=True)
class Load:
    """One row of `audit.loads`: an attempt to load one content of one file.

    Its rejects (`audit.rejects`) carry the event time of their line where it could be read, so that
    the judge knows which days lack a row.
    """

    load_id: str
    run_id: str
    source: str
    file: str  # relative to the project's root
    sha256: str  # of the bytes as they lie on disk; '' when the file could not be read
    bytes: int
    rows_loaded: int
    rows_rejected: int  # rows, not reject records: a row with two bad columns counts once
    status: LoadStatus
    message: str
    missing_columns: tuple[str, ...]  # required columns that the file lacks
    loaded_at: datetime  # naive, UTC
    contract: str  # what decided which of its lines are rejects, as `contract_of` writes it
    rows_outranked: int = 0  # rows that a file of a later name has, too; told once, not logged


def ensure_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Create the schemas `raw` and `audit` and the tables `audit.loads` and `audit.rejects`.

    Does nothing where they exist.
    """
    con.execute(_TABLES)


def standing_loads(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """File -> hash of its content that is in the raw table. Failed contents are tried again."""
    rows = con.execute(
        "SELECT file, sha256 FROM audit.loads WHERE source = ? AND status = 'loaded'"
        " ORDER BY loaded_at",
        [source],
    ).fetchall()
    return dict(rows)


def read_otherwise(con: duckdb.DuckDBPyConnection, source: str, contract: str) -> set[str]:
    """Files that stand as another contract than this one had them read."""
    rows = con.execute(
        "SELECT file FROM audit.loads WHERE source = ? AND status = 'loaded'"
        " AND contract IS DISTINCT FROM ?",
        [source, contract],
    ).fetchall()
    return {row[0] for row in rows}


def contents_by_file(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, set[str]]:
    """File -> hashes of what was last tried of it, loaded or not; history is left out."""
    rows = con.execute(
        "SELECT file, list(sha256) FROM audit.loads WHERE source = ? AND status <> 'superseded'"
        " GROUP BY file",
        [source],
    ).fetchall()
    return {file: set(hashes) for file, hashes in rows}


def replaced_loads(
    con: duckdb.DuckDBPyConnection, source: str, file: str | None, *, keeps: str | None
) -> list[str]:
    """Ids of the loads and attempts of this file, but for those of the content `keeps`.

    Without a file: of all, for a source that is read whole.
    """
    rows = con.execute(
        "SELECT load_id FROM audit.loads WHERE source = ? AND (file = ? OR ? IS NULL)"
        " AND sha256 IS DISTINCT FROM ? AND status <> 'superseded'",
        [source, file, file, keeps],
    ).fetchall()
    return [row[0] for row in rows]


def mark_superseded(con: duckdb.DuckDBPyConnection, load_ids: Sequence[str]) -> None:
    """Keep loads as history only; the caller removes their rows in the same transaction."""
    con.execute(
        "UPDATE audit.loads SET status = 'superseded' WHERE list_contains(?, load_id)",
        [list(load_ids)],
    )


def supersede_all(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Keep all loads of a source as history only, before each is loaded again."""
    con.execute(
        "UPDATE audit.loads SET status = 'superseded' WHERE source = ? AND status = 'loaded'",
        [source],
    )


def forget_attempts(con: duckdb.DuckDBPyConnection, source: str, file: str, sha256: str) -> None:
    """Remove earlier unsuccessful attempts at this content: the log keeps the newest one only.

    Otherwise a file that stays broken would add a row to the log and its rejects on every run.
    """
    condition = "source = ? AND file = ? AND sha256 = ? AND status IN ('failed', 'empty')"
    values = [source, file, sha256]
    con.execute(
        "DELETE FROM audit.rejects WHERE load_id IN"
        f" (SELECT load_id FROM audit.loads WHERE {condition})",
        values,
    )
    con.execute(f"DELETE FROM audit.loads WHERE {condition}", values)


def forget_tries_of_other_contracts(
    con: duckdb.DuckDBPyConnection, source: str, contract: str
) -> None:
    """Remove failed attempts at contents that stand, read as this contract has them read.

    A contract asked for a column that no file has, and no longer does: nothing is read again then,
    and the failure would be the newest that is known of the source.
    """
    rows = con.execute(
        "SELECT DISTINCT tried.file, tried.sha256 FROM audit.loads AS tried"
        " JOIN audit.loads AS stands USING (source, file, sha256)"
        " WHERE source = ? AND tried.status IN ('failed', 'empty') AND stands.status = 'loaded'"
        " AND tried.contract IS DISTINCT FROM ? AND stands.contract = ?",
        [source, contract, contract],
    ).fetchall()
    for file, sha256 in rows:
        forget_attempts(con, source, file, sha256)


def record(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Append one load to the log."""
    con.execute(
        "INSERT INTO audit.loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load.load_id,
            load.run_id,
            load.source,
            load.file,
            load.sha256,
            load.bytes,
            load.rows_loaded,
            load.rows_rejected,
            load.status,
            load.message,
            ", ".join(load.missing_columns),
            load.loaded_at,
            load.contract,
        ],
    )
