"""The ledger of publications: what readers were shown, when, and since when.

Its tables (`history_tables`) are kept twice: `audit` of the warehouse and every published file have
all of them. A run writes its own part into the file that it stages, so that it counts exactly when
the file is swapped in; the next start takes it into the warehouse. A lost warehouse gets it back
from the published files, a damaged file from the warehouse.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.publish.columns import literal, quoted
from orchestration.publish.history_tables import (
    HISTORY_TABLES,
    KNOWN_ON_SQL,
    KPI_PUBLICATIONS,
    KPI_RESTATEMENTS,
)

log = logging.getLogger(__name__)

KNOWN_ON = "kpi_values_known_on"
_OTHER = "publication_of_before"  # attached name of a file that is read for its ledger
_TIME = {KPI_RESTATEMENTS.name: "restated_at"}  # the others: shown_from


@dataclass(frozen=True)
class Entry:
    """One row of `kpi_publications`, about to be written; times are naive UTC.

    Attributes:
        before: When the values of the publication before were computed; None for the first.
    """

    event: str
    run_id: str
    computed_at: dt.datetime
    as_of: dt.date
    shown_from: dt.datetime
    shown_on: dt.date
    before: dt.datetime | None


def ensure(con: duckdb.DuckDBPyConnection, ledger: str) -> None:
    """Create the tables of the ledger where there are none; `ledger` is a schema as SQL."""
    for table in HISTORY_TABLES:
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        con.execute(f"CREATE TABLE IF NOT EXISTS {ledger}.{table.name} ({columns})")


def remember(con: duckdb.DuckDBPyConnection, ledger: str, files: Iterable[Path]) -> None:
    """Add to the ledger what these publications know beyond it."""
    for file in files:
        try:
            con.execute(f"ATTACH {literal(str(file))} AS {_OTHER} (READ_ONLY)")
        except duckdb.Error as error:
            log.warning("The history in %s cannot be read: %s", file, error)
            continue
        try:
            if has_ledger(con, _OTHER):
                _collect(con, ledger)
        finally:
            con.execute(f"DETACH {_OTHER}")


def has_ledger(con: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether a publication was made by a version that kept history."""
    return _has(con, database, KPI_PUBLICATIONS.name)


def _has(con: duckdb.DuckDBPyConnection, database: str, table: str) -> bool:
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND table_name = ?",
        [database, table],
    ).fetchall()
    return bool(found[0][0])


def is_empty(con: duckdb.DuckDBPyConnection, ledger: str) -> bool:
    """Whether the ledger knows no publication."""
    return not con.execute(f"FROM {ledger}.{KPI_PUBLICATIONS.name} LIMIT 1").fetchall()


def _collect(con: duckdb.DuckDBPyConnection, ledger: str) -> None:
    other = f"{_OTHER}.main"
    con.execute("BEGIN")
    try:
        for table in HISTORY_TABLES:
            if not _has(con, _OTHER, table.name):
                continue  # made by a version that did not have it
            time = _TIME.get(table.name, "shown_from")
            con.execute(
                f"INSERT INTO {ledger}.{table.name} BY NAME SELECT * FROM {other}.{table.name} "
                f"WHERE {time} IN (SELECT shown_from FROM {other}.{KPI_PUBLICATIONS.name}) "
                f"AND {time} NOT IN (SELECT shown_from FROM {ledger}.{KPI_PUBLICATIONS.name})"
            )
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def next_entry(
    con: duckdb.DuckDBPyConnection,
    ledger: str,
    *,
    event: str,
    run_id: str,
    computed_at: dt.datetime,
    as_of: dt.date,
    shown_at: dt.datetime,
    time_zone: str,
) -> Entry | None:
    """The entry of a publication; None for a run with an earlier clock than the one before.

    Such a run looks back: it knows less than what readers already had, and what it shows would
    read as if periods had been taken back.
    """
    last = con.execute(
        f"SELECT shown_from, computed_at, as_of FROM {ledger}.{KPI_PUBLICATIONS.name} "
        "ORDER BY shown_from DESC LIMIT 1"
    ).fetchone()
    shown_from, before = shown_at, None
    if last is not None:
        if event == "run" and as_of < last[2]:
            log.warning(
                "The clock (%s) is earlier than that of the publication before (%s): this is a "
                "look back, which the history of values leaves out.", as_of, last[2],
            )  # fmt: skip
            return None
        # A clock that was set back, or two publications in one instant: order still tells.
        shown_from = max(shown_at, last[0] + dt.timedelta(microseconds=1))
        before = last[1]
    local = shown_from.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(time_zone))
    return Entry(event, run_id, computed_at, as_of, shown_from, local.date(), before)


def copy_sql(ledger: str, target: str) -> str:
    """Statements that copy the ledger into empty tables of another schema."""
    return ";\n".join(
        f"INSERT INTO {target}.{table.name} BY NAME SELECT * FROM {ledger}.{table.name} "
        f"ORDER BY {_TIME.get(table.name, 'shown_from')}"
        for table in HISTORY_TABLES
    )


def create_known_on(con: duckdb.DuckDBPyConnection, database: str, *, back_to: str) -> None:
    """Create the macro in `database`, whose tables must be there; then use `back_to` again.

    Its body names them without their database, because a file is opened under any name.
    """
    con.execute(f"USE {quoted(database)}")
    try:
        con.execute(f"CREATE OR REPLACE MACRO {KNOWN_ON}(day) AS TABLE {KNOWN_ON_SQL}")
        con.execute(
            f"COMMENT ON MACRO TABLE {KNOWN_ON} IS 'What readers were shown at the end of that day'"
        )
    finally:
        con.execute(f"USE {quoted(back_to)}")


def audit_ledger(warehouse: str) -> str:
    """Where a warehouse keeps its ledger."""
    return f"{quoted(warehouse)}.audit"
