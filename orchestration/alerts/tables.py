"""The tables of alerts in the warehouse: audit.incidents and audit.outbox."""

import datetime as dt

import duckdb

_INCIDENTS = """
CREATE TABLE {name} (
    incident_id VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, root VARCHAR NOT NULL,
    reason_code VARCHAR NOT NULL, owner VARCHAR NOT NULL, severity VARCHAR NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('open', 'notified', 'resolved')),
    opened_at TIMESTAMP NOT NULL, last_seen_at TIMESTAMP NOT NULL, resolved_at TIMESTAMP,
    kpis VARCHAR NOT NULL, periods VARCHAR NOT NULL, message VARCHAR NOT NULL, run_id VARCHAR,
    told_at TIMESTAMP, acknowledged_at TIMESTAMP, acknowledged_by VARCHAR, note VARCHAR
)"""
_OUTBOX = """
CREATE TABLE {name} (
    message_id VARCHAR PRIMARY KEY, incident_id VARCHAR NOT NULL,
    event VARCHAR NOT NULL CHECK (
        event IN ('opened', 'extended', 'reminded', 'resolved', 'reopened', 'changed')
    ),
    channel VARCHAR NOT NULL, payload VARCHAR NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    attempts INTEGER NOT NULL, last_error VARCHAR, created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP, next_attempt_at TIMESTAMP NOT NULL, owner VARCHAR
)"""
# Each with a column that its earlier form lacks: such a table is made anew with its rows.
_TABLES = (("incidents", _INCIDENTS, "told_at"), ("outbox", _OUTBOX, "owner"))


def ensure_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables where they are missing; those of an earlier version take the new form.

    Args:
        con: read-write connection to the warehouse, in no transaction.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS audit")
    for name, ddl, newest in _TABLES:
        columns = _columns(con, name)
        if newest in columns:
            continue
        con.execute("BEGIN")
        try:
            if columns:  # DuckDB cannot change a CHECK
                con.execute(f"CREATE TEMP TABLE earlier_{name} AS SELECT * FROM audit.{name}")
                con.execute(f"DROP TABLE audit.{name}")
            con.execute(ddl.format(name=f"audit.{name}"))
            if columns:
                con.execute(f"INSERT INTO audit.{name} BY NAME SELECT * FROM earlier_{name}")
                con.execute(f"DROP TABLE earlier_{name}")
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise


def naive_utc(time: dt.datetime) -> dt.datetime:
    """An aware time as naive UTC; a naive one is taken as such."""
    return time if time.tzinfo is None else time.astimezone(dt.UTC).replace(tzinfo=None)


def _columns(con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    found = con.execute(
        "SELECT column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'audit' AND table_name = ?",
        [name],
    ).fetchall()
    return {column for (column,) in found}
