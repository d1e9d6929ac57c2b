"""The load log (`audit.loads`) and the rejects (`audit.rejects`): what became of every file."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

LoadStatus = Literal["loaded", "failed", "empty"]

_TABLES = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.loads (
    load_id VARCHAR, run_id VARCHAR, source VARCHAR, file VARCHAR, sha256 VARCHAR, bytes BIGINT,
    rows_loaded BIGINT, rows_rejected BIGINT, status VARCHAR, message VARCHAR,
    missing_columns VARCHAR, loaded_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS audit.rejects (
    load_id VARCHAR, source VARCHAR, file VARCHAR, line BIGINT, column_name VARCHAR,
    value VARCHAR, reason VARCHAR
);
"""


@dataclass(frozen=True)
class Load:
    """One row of `audit.loads`: an attempt to load one content of one file."""

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


def ensure_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Create the schemas `raw` and `audit` and the tables `audit.loads` and `audit.rejects`.

    Does nothing where they exist.
    """
    con.execute(_TABLES)


def loaded_hashes(con: duckdb.DuckDBPyConnection, source: str) -> frozenset[str]:
    """Content hashes that this source has already loaded. Failed contents are tried again."""
    rows = con.execute(
        "SELECT DISTINCT sha256 FROM audit.loads WHERE source = ? AND status = 'loaded'", [source]
    ).fetchall()
    return frozenset(row[0] for row in rows)


def forget_attempts(con: duckdb.DuckDBPyConnection, source: str, file: str, sha256: str) -> None:
    """Remove earlier unsuccessful attempts at this content: the log keeps the newest one only.

    Otherwise a file that stays broken would add a row to the log and its rejects on every run.
    """
    condition = "source = ? AND file = ? AND sha256 = ? AND status <> 'loaded'"
    values = [source, file, sha256]
    con.execute(
        "DELETE FROM audit.rejects WHERE load_id IN"
        f" (SELECT load_id FROM audit.loads WHERE {condition})",
        values,
    )
    con.execute(f"DELETE FROM audit.loads WHERE {condition}", values)


def record(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Append one load to the log."""
    con.execute(
        "INSERT INTO audit.loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        ],
    )
