"""All files of one source, each in its own transaction; one bad file never stops the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest.attempt import Attempt, load_file, rebuild
from orchestration.ingest.audit import Load, ensure_schemas, loaded_hashes
from orchestration.ingest.files import find
from orchestration.ingest.tables import changed_types, ensure_table

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

    A content (SHA-256) is loaded once per source, under whatever name it lies there; a changed
    file is a new content and is loaded beside the old one. Nothing that is loaded is ever removed.
    `raw.<source>` exists afterwards in any case. Failures of files are in the report and in
    `audit.loads`; they raise nothing.

    When the contract's types differ from the table's, the table is rebuilt from the files, all in
    one transaction; where a loaded content is no longer there, nothing changes and the status is
    'failed'.

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
    attempt = Attempt(con, source, root, run_id, loaded_at)
    ensure_schemas(con)
    rebuilt: list[Load] = []
    if changes := changed_types(con, source):
        rebuilt, trouble = rebuild(attempt, changes)
        if trouble:
            return _report(source, [], 0, "failed", trouble)
    ensure_table(con, source)
    if source.path is None:
        return _report(source, [], 0, "not_connected", "the source is declared without a path")
    paths = find(source, root)
    if not paths and not rebuilt:
        return _report(source, [], 0, "no_files", f"no file matches {source.path}")
    known = set(loaded_hashes(con, source.source))
    loads: list[Load] = []
    for path in paths:
        load = load_file(attempt, path, known)
        if load is None:
            continue
        if load.status == "loaded":
            known.add(load.sha256)
        loads.append(load)
        if on_load is not None:
            on_load(load)
    return _report(source, [*rebuilt, *loads], len(paths) - len(loads) - len(rebuilt))


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
    )


def _status(loads: Sequence[Load]) -> IngestStatus:
    found = {load.status for load in loads}
    for status in ("failed", "empty", "loaded"):
        if status in found:
            return status
    return "unchanged"
