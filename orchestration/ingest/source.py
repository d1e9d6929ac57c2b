"""All files of one source, each in its own transaction; one bad file never stops the others."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest.attempt import (
    Attempt,
    load_file,
    log_failure,
    look,
    move,
    readable_files,
    rebuild,
    withdraw,
    withdraw_reading,
)
from orchestration.ingest.audit import (
    Load,
    contents_by_file,
    ensure_schemas,
    forget_tries_of_other_contracts,
    read_otherwise,
    standing_loads,
)
from orchestration.ingest.database import NAME, as_lines, read_out
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Found, find
from orchestration.ingest.load import contract_of
from orchestration.ingest.tables import changed_types, ensure_table, existing_columns

IngestStatus = Literal["loaded", "unchanged", "empty", "failed", "no_files", "not_connected"]
OnLoad = Callable[[Load], None]


@dataclass(frozen=True)
class IngestReport:
    """What one ingest did for one source."""

    source: str
    files_new: int  # contents loaded now
    files_known: int  # contents that an earlier load holds
    rows_loaded: int
    rows_rejected: int
    status: IngestStatus  # 'failed' as soon as one file failed, whatever the others did
    message: str  # '' when there is nothing to say
    files_failed: int = 0  # failed and empty files; they are tried again by the next run
    rows_outranked: int = 0  # rows loaded now that a file of a later name has, too: that one holds


def ingest_source(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    root: Path,
    run_id: str,
    loaded_at: datetime,
    on_load: OnLoad | None = None,
) -> IngestReport:
    """Load what is new among the files of one source.

    The raw table holds what the files hold now. A content (SHA-256) is loaded once per source,
    under whatever name it lies there. A file whose content has changed replaces what it held
    before, in one transaction: a corrected file may lack rows, an earlier version may come back. So
    each delivery needs a file name of its own; the rows of a file that is gone stay, and so do
    those of a file that cannot be read now. A file that was moved gives its rows its new name.
    `raw.<source>` exists afterwards in any case. Failures of files are in the report and in
    `audit.loads`; they raise nothing.

    When the contract's types differ from the table's, the table is rebuilt from the files, all in
    one transaction; where a loaded content is no longer there, nothing changes and the status is
    'failed'. When something else has changed that decides which lines are rejects, the contents
    that are there are read again, each as a file of its own; what was read of others stays.

    Args:
        con: read-write connection to the warehouse, outside a transaction.
        source: the contract.
        root: the project's folder; the source's glob starts there.
        run_id: goes into the load log.
        loaded_at: the load's time; an aware one is converted to UTC and stored naive.
        on_load: called after each file, for progress.
    """
    if loaded_at.tzinfo is not None:
        loaded_at = loaded_at.astimezone(UTC).replace(tzinfo=None)
    ensure_schemas(con)
    if source.database is not None:
        with tempfile.TemporaryDirectory(prefix="kpi-database-") as folder:
            attempt = Attempt(con, as_lines(source), root, run_id, loaded_at)
            return _ingest_database(attempt, Path(folder), on_load)
    attempt = Attempt(con, source, root, run_id, loaded_at)
    rebuilt: list[Load] = []
    if changes := changed_types(con, source):
        rebuilt, trouble = rebuild(attempt, changes, readable_files(attempt))
        if trouble:
            return _report(source, [], 0, "failed", trouble)
    ensure_table(con, source)
    if source.path is None:
        return _report(source, [], 0, "not_connected", "the source is declared without a path")
    paths = find(source, root)
    if not paths and not rebuilt:
        return _report(source, [], 0, "no_files", f"no file matches {source.path}")
    loads = _load_files(attempt, paths, on_load)
    withdraw_reading(attempt)
    forget_tries_of_other_contracts(con, source.source, contract_of(source))
    return _report(source, [*rebuilt, *loads], len(paths) - len(loads) - len(rebuilt))


def _ingest_database(attempt: Attempt, folder: Path, on_load: OnLoad | None) -> IngestReport:
    """The same for a database, which is one file that is read out anew by every run."""
    con, source = attempt.con, attempt.source
    try:
        found = read_out(source, attempt.root, folder)
    except (LoadError, OSError) as error:
        if not existing_columns(con, source):
            ensure_table(con, source)
        failed = log_failure(attempt, Found(attempt.root, NAME, "", 0), error)
        return _report(source, [failed], 0)
    loads: list[Load] = []
    if changes := changed_types(con, source):
        loads, trouble = rebuild(attempt, changes, [found])
        if trouble:
            return _report(source, [], 0, "failed", trouble)
    ensure_table(con, source)
    is_other = standing_loads(con, source.source).get(NAME) != found.sha256
    if is_other or NAME in read_otherwise(con, source.source, contract_of(source)):
        loads = [load_file(attempt, found)]
    elif not loads:
        withdraw(attempt, found)
        forget_tries_of_other_contracts(con, source.source, contract_of(source))
    for load in loads:
        if on_load is not None:
            on_load(load)
    return _report(source, loads, 0 if loads else 1)


def _load_files(attempt: Attempt, paths: Sequence[Path], on_load: OnLoad | None) -> list[Load]:
    """Load the files whose content is not in the raw table; returns the loads, failed ones too."""
    loads: list[Load] = []

    def told(load: Load) -> Load:
        loads.append(load)
        if on_load is not None:
            on_load(load)
        return load

    standing = standing_loads(attempt.con, attempt.source.source)
    tried = contents_by_file(attempt.con, attempt.source.source)
    there: dict[str, Found] = {}
    for one in (look(attempt, path) for path in paths):
        if isinstance(one, Found):
            there[one.file] = one
        else:
            told(one)

    def is_known(found: Found) -> bool:
        """Whether the content stands, under this name or one whose own load is there to stay."""
        if standing.get(found.file) == found.sha256:
            return True
        holders = (file for file, sha256 in standing.items() if sha256 == found.sha256)
        return any(f not in there or there[f].sha256 == found.sha256 for f in holders)

    loaded_before = set(standing.values())

    def turn(found: Found) -> tuple[bool, bool, str]:
        """Who replaces something goes first, contents never loaded before copies of loaded ones.

        So what a failure leaves standing is known before a copy of it is looked at.
        """
        return found.file not in standing, found.sha256 in loaded_before, found.file

    for found in sorted(there.values(), key=turn):
        if is_known(found):
            if tried.get(found.file, set()) - {found.sha256}:
                withdraw(attempt, found)
            if standing.get(found.file) != found.sha256:
                standing.pop(found.file, None)
                moved_from = [f for f, sha in standing.items() if sha == found.sha256]
                if all(f not in there for f in moved_from):
                    move(attempt, moved_from[0], found)
                    standing[found.file] = standing.pop(moved_from[0])
        elif told(load_file(attempt, found)).status == "loaded":
            standing[found.file] = found.sha256
        elif found.file in standing:
            there[found.file] = replace(found, sha256=standing[found.file])

    tried_now = {load.file for load in loads}
    contract = contract_of(attempt.source)
    for file in sorted(read_otherwise(attempt.con, attempt.source.source, contract) - tried_now):
        if file in there and there[file].sha256 == standing[file]:
            told(load_file(attempt, there[file]))
    return loads


def _report(
    source: Source,
    loads: Sequence[Load],
    files_known: int,
    status: IngestStatus | None = None,
    message: str | None = None,
) -> IngestReport:
    """Sum up; the message names the first failure, or else the first remark."""
    troubled = [load for load in loads if load.status != "loaded"]
    remarks = [f"{load.file}: {load.message}" for load in (troubled or loads) if load.message]
    more = f" (and {len(remarks) - 1} more files)" if len(remarks) > 1 else ""
    return IngestReport(
        source=source.source,
        files_new=len(loads) - len(troubled),
        files_known=files_known,
        rows_loaded=sum(load.rows_loaded for load in loads),
        rows_rejected=sum(load.rows_rejected for load in loads),
        status=status or _status(loads),
        message=message if message is not None else "".join(remarks[:1]) + more,
        files_failed=len(troubled),
        rows_outranked=sum(load.rows_outranked for load in loads),
    )


def _status(loads: Sequence[Load]) -> IngestStatus:
    found = {load.status for load in loads}
    for status in ("failed", "empty", "loaded"):
        if status in found:
            return status
    return "unchanged"
