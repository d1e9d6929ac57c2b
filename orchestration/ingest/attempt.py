"""One attempt at one file, whole or not at all, and its row in the load log."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest.audit import (
    Load,
    LoadStatus,
    forget_attempts,
    mark_superseded,
    record,
    replaced_loads,
    standing_loads,
    supersede_all,
)
from orchestration.ingest.database import NAME
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Found, find, fingerprint, make_readable, relative
from orchestration.ingest.load import Counts, contract_of, load_rows
from orchestration.ingest.rank import outranked_rows
from orchestration.ingest.tables import ensure_table, qualified

_NO_ROWS = Counts(0, 0)


@dataclass(frozen=True)
class Attempt:
    """What all files of one ingest share."""

    con: duckdb.DuckDBPyConnection
    source: Source
    root: Path
    run_id: str
    loaded_at: datetime  # naive, UTC


def look(attempt: Attempt, path: Path) -> Found | Load:
    """The file as it lies there, or the log's row of why it cannot be read."""
    try:
        return fingerprint(path, attempt.root)
    except OSError as error:
        unread = Found(path, relative(path, attempt.root), "", 0)
        return log_failure(attempt, unread, error)


def load_file(attempt: Attempt, found: Found) -> Load:
    """Load one file in its own transaction, or log why not.

    What the file held before leaves the raw table in the same transaction. A content that cannot be
    used replaces nothing.
    """
    con = attempt.con
    con.execute("BEGIN")
    try:
        load = _load(attempt, found)
        con.execute("COMMIT")
    except (LoadError, duckdb.Error, OSError) as error:
        _rollback(con)
        return log_failure(attempt, found, error)
    except BaseException:
        _rollback(con)
        raise
    return load


def withdraw(attempt: Attempt, found: Found) -> None:
    """Take back whatever else the file held: its content is in the raw table already."""
    attempt.con.execute("BEGIN")
    try:
        _supersede(attempt, found, keeps=found.sha256)
        attempt.con.execute("COMMIT")
    except BaseException:
        _rollback(attempt.con)
        raise


def withdraw_reading(attempt: Attempt) -> None:
    """Take back what was read of a database, of a source that has files now and one of them stands.

    Its rows and the files' would be counted side by side.
    """
    con, source = attempt.con, attempt.source
    standing = standing_loads(con, source.source)
    if NAME in standing and len(standing) > 1:
        withdraw(attempt, Found(attempt.root, NAME, "", 0))


def move(attempt: Attempt, before: str, found: Found) -> None:
    """Give the rows of a file its new name: by names is decided which of two files holds."""
    con, source = attempt.con, attempt.source
    standing = "source = ? AND file = ? AND sha256 = ? AND status = 'loaded'"
    values = [source.source, before, found.sha256]
    con.execute("BEGIN")
    try:
        loads = f"SELECT load_id FROM audit.loads WHERE {standing}"
        for table, column, load_id in (
            (qualified(source), "_file", "_load_id"),
            ("audit.rejects", "file", "load_id"),
        ):
            con.execute(
                f"UPDATE {table} SET {column} = ? WHERE {load_id} IN ({loads})",
                [found.file, *values],
            )
        con.execute(f"UPDATE audit.loads SET file = ? WHERE {standing}", [found.file, *values])
        con.execute("COMMIT")
    except BaseException:
        _rollback(con)
        raise


def rebuild(
    attempt: Attempt, changes: Sequence[str], there: Sequence[Found]
) -> tuple[list[Load], str]:
    """Load the contents that stand again, with the contract's new types, in one transaction.

    Each is taken once, from its file or from wherever it lies now. A content that is nowhere any
    more is history where its file holds another one: that is loaded instead.

    Args:
        attempt: the ingest.
        changes: what differs between table and contract, for the message.
        there: what can be read now.

    Returns:
        The loads and '', or nothing and what stood in the way; then the table is as it was.
    """
    con, source = attempt.con, attempt.source
    standing = standing_loads(con, source.source)
    if source.database is not None:  # what stood before is in it or gone
        standing = {found.file: found.sha256 for found in there}
    elif there:
        standing.pop(NAME, None)
    by_file = {found.file: found for found in there}
    by_content = {found.sha256: found for found in there}
    by_content |= {f.sha256: f for f in there if standing.get(f.file) == f.sha256}
    sources = {file: by_content.get(sha) or by_file.get(file) for file, sha in standing.items()}
    loads: list[Load] = []
    con.execute("BEGIN")
    try:
        if gone := [file for file, found in sources.items() if found is None]:
            raise LoadError(f"{', '.join(sorted(gone))} is no longer there; put it back")
        wanted = {found.sha256: found for found in sources.values() if found is not None}
        con.execute(f"DROP TABLE {qualified(source)}")
        supersede_all(con, source.source)
        ensure_table(con, source)
        for found in sorted(wanted.values(), key=lambda found: found.file):
            load = _load(attempt, found)
            if load.status != "loaded":
                raise LoadError(f"{found.file}: {load.message}")
            loads.append(load)
        con.execute("COMMIT")
    except (LoadError, duckdb.Error, OSError) as error:
        _rollback(con)
        trouble = (
            f"the contract's types have changed ({', '.join(changes)}) and raw.{source.source}"
            f" cannot be rebuilt from {'its database' if source.database else 'its files'}:"
            f" {_words(error)}"
        )
        nowhere = Found(attempt.root, source.path or NAME, "", 0)
        log_failure(attempt, nowhere, LoadError(trouble))
        return [], trouble
    except BaseException:
        _rollback(con)
        raise
    return loads, ""


def _load(attempt: Attempt, found: Found) -> Load:
    """Rows, rejects and log row of one file, in the transaction that the caller has begun."""
    con, source = attempt.con, attempt.source
    forget_attempts(con, source.source, found.file, found.sha256)
    with tempfile.TemporaryDirectory(prefix="kpi-ingest-") as folder:
        counts = load_rows(
            con,
            source,
            make_readable(found.path, source, Path(folder)),
            file=found.file,
            load_id=_load_id(attempt, found),
            loaded_at=attempt.loaded_at,
        )
    if found.path.stat().st_mtime_ns != found.modified:
        raise LoadError("the file was written to while it was read; the next run tries it again")
    outranked, by = outranked_rows(con, source, found.file, _load_id(attempt, found))
    what = "the file" if source.database is None else "the database"
    status, message = _outcome(con, counts, _load_id(attempt, found), what)
    if outranked:
        said = f"rows that {by} has, too: {outranked}; its name sorts later, so it holds"
        message = f"{message}; {said}" if message else said
    load = _row(attempt, found, status, message, counts=counts, outranked=outranked)
    if status == "loaded":
        # An older load of the same content goes too: a warehouse may hold several of one file.
        _supersede(attempt, found, keeps=None)
    record(con, load)
    return load


def _supersede(attempt: Attempt, found: Found, *, keeps: str | None) -> None:
    """Remove the rows of what this file held before, in the transaction the caller has begun.

    The log's row of the present load is not written yet. `keeps` is the hash of a content whose
    rows stay.
    """
    con, source = attempt.con, attempt.source
    # A database is read whole: what files, or another database, held before is in it or gone.
    file = found.file if source.database is None else None
    replaced = replaced_loads(con, source.source, file, keeps=keeps)
    if replaced:
        con.execute(f"DELETE FROM {qualified(source)} WHERE list_contains(?, _load_id)", [replaced])
        mark_superseded(con, replaced)


def _outcome(
    con: duckdb.DuckDBPyConnection, counts: Counts, load_id: str, what: str
) -> tuple[LoadStatus, str]:
    if not counts.rows_loaded and not counts.rows_rejected:
        return "empty", f"{what} holds no data row; the next run tries it again"
    remarks: list[str] = []
    if counts.rows_rejected:
        first = con.execute(
            "SELECT line, coalesce(column_name || ' ', ''), reason FROM audit.rejects"
            " WHERE load_id = ? ORDER BY line LIMIT 1",
            [load_id],
        ).fetchone()
        assert first is not None, "rejected rows are in audit.rejects"
        rows = counts.rows_loaded + counts.rows_rejected
        remarks.append(
            f"{counts.rows_rejected} of {rows} rows rejected, the first at line {first[0]}:"
            f" {first[1]}{first[2]}"
        )
    if counts.absent:
        remarks.append(f"optional columns not in {what}: {', '.join(counts.absent)}")
    return ("loaded" if counts.rows_loaded else "failed"), "; ".join(remarks)


def log_failure(attempt: Attempt, found: Found, error: Exception) -> Load:
    """Write why something cannot be loaded into the load log; what was loaded before stays."""
    missing = error.missing_columns if isinstance(error, LoadError) else ()
    load = _row(attempt, found, "failed", _words(error), missing=missing)
    attempt.con.execute("BEGIN")
    try:
        forget_attempts(attempt.con, load.source, load.file, load.sha256)
        record(attempt.con, load)
        attempt.con.execute("COMMIT")
    except BaseException:
        _rollback(attempt.con)
        raise
    return load


def _row(
    attempt: Attempt,
    found: Found,
    status: LoadStatus,
    message: str,
    *,
    counts: Counts = _NO_ROWS,
    missing: tuple[str, ...] = (),
    outranked: int = 0,
) -> Load:
    return Load(
        load_id=_load_id(attempt, found),
        run_id=attempt.run_id,
        source=attempt.source.source,
        file=found.file,
        sha256=found.sha256,
        bytes=found.bytes,
        rows_loaded=counts.rows_loaded,
        rows_rejected=counts.rows_rejected,
        status=status,
        message=message,
        missing_columns=missing,
        loaded_at=attempt.loaded_at,
        contract=contract_of(attempt.source),
        rows_outranked=outranked,
    )


def _load_id(attempt: Attempt, found: Found) -> str:
    """Unique within a run, and the same when a run is repeated."""
    what = hashlib.sha256(f"{found.file}\n{found.sha256}".encode()).hexdigest()[:12]
    return f"{attempt.run_id}:{attempt.source.source}:{what}"


def readable_files(attempt: Attempt) -> list[Found]:
    """The files that can be read now; of the others `rebuild` misses the content and says so."""
    found: list[Found] = []
    for path in find(attempt.source, attempt.root):
        try:
            found.append(fingerprint(path, attempt.root))
        except OSError:
            continue
    return found


def _rollback(con: duckdb.DuckDBPyConnection) -> None:
    """Roll back, unless DuckDB has already done so on a fatal error or a failed commit."""
    try:
        con.execute("ROLLBACK")
    except duckdb.TransactionException:
        return


def _words(error: Exception) -> str:
    """The part of an error that a person can use: DuckDB adds SQL and hints on its options."""
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or error}); check the file and its permissions"
    if isinstance(error, duckdb.Error):
        return " ".join(str(error).split("\n\n")[0].split())
    return str(error)
