"""Build a publication beside the live one, check it, swap it in; bring an earlier one back."""

import datetime as dt
import errno
import logging
from collections.abc import Sequence
from pathlib import Path

import duckdb

from kpi_specs.language.project import Project
from orchestration.paths import ProjectPaths
from orchestration.publish import files, history
from orchestration.publish.build import (
    STAGING,
    Build,
    attached,
    database_of,
    export_parquet,
)
from orchestration.publish.catalogue import CompiledKpis, Row
from orchestration.publish.errors import PublishError
from orchestration.publish.files import Publication
from orchestration.publish.rolling_back import rolled_back

log = logging.getLogger(__name__)


def publish(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    compiled: CompiledKpis,
    paths: ProjectPaths,
    *,
    run_id: str,
    computed_at: dt.datetime,
    as_of: dt.date,
    incidents: Sequence[Row] = (),
) -> Publication:
    """Publish what has a verdict: a DuckDB file and, where wanted, the same tables as Parquet.

    Args:
        con: read-write connection to the warehouse, without an open transaction. Reads kpi.*,
            audit.verdicts, audit.checks, audit.loads and calendar.dim_period; writes the history
            of values (audit.kpi_history, audit.kpi_check_history, audit.kpi_restatements,
            audit.kpi_publications).
        project: the specs.
        compiled: models, fingerprints, SQL and formulas of the KPIs.
        paths: where the publication goes.
        run_id: the run, as published in every row.
        computed_at: when; an aware time is published as naive UTC.
        as_of: the clock. A period is open while `as_of <= period_end`.
        incidents: as they are with this publication, by column of kpi_incidents.

    Raises:
        PublishError: a check failed, the disk is full, or a file cannot be read. The live file is
            as it was, unless the message says that only the Parquet folder could not be replaced.
    """
    if computed_at.tzinfo is not None:
        computed_at = computed_at.astimezone(dt.UTC).replace(tzinfo=None)
    try:
        paths.published.mkdir(parents=True, exist_ok=True)
        files.clean_leftovers(paths)
        before = files.archive_live(paths, run_id)
        _remember(con, paths, before)
        staged = files.staging_file(paths, run_id)
        with attached(con, staged, before.file if before else None, project):
            build = Build(
                con, project, compiled, run_id, computed_at, as_of, before is not None, incidents
            )
            counts = build.all()
            parquet = None
            if project.settings.publish.parquet:
                parquet = files.staging_parquet(paths, run_id)
                export_parquet(con, STAGING, parquet)
        files.swap_file(paths, staged)
    except (OSError, duckdb.Error) as error:
        _tidy(paths, run_id)
        raise PublishError(
            f"Nothing was published; {paths.published_file} is as it was. {_cause(error)}"
        ) from error
    except BaseException:
        _tidy(paths, run_id)
        raise
    _finish(paths, parquet, run_id)
    files.prune(paths, project.settings.publish.keep)
    return Publication(run_id, computed_at, counts, paths.published_file)


def rollback(
    paths: ProjectPaths, to: str | None = None, *, now: dt.datetime | None = None
) -> Publication:
    """Put an earlier publication back, DuckDB file and Parquet folder. The live one is kept too.

    Its values are as they were; to its history is added what came after it, this included.

    Args:
        paths: the project's files.
        to: run id of the publication wanted; None: the newest one older than the live one.
        now: when readers get it (naive UTC); None: by the clock.

    Raises:
        PublishError: there is no such publication, or a file cannot be read or written.
    """
    kept = files.publications(paths)
    live = files.archive_live(paths, "rollback")
    chosen = _choose(kept, live, to)
    name = f"rollback-{chosen.run_id}"
    staged = files.staging_file(paths, name)
    try:
        staged.write_bytes(chosen.file.read_bytes())
        parquet = None
        with duckdb.connect(str(staged)) as con:
            others = [one.file for one in kept] + ([live.file] if live else [])
            counts = rolled_back(con, chosen, others, now or dt.datetime.now(dt.UTC))
            if paths.parquet.exists():
                parquet = files.staging_parquet(paths, name)
                export_parquet(con, database_of(con), parquet)
        files.swap_file(paths, staged)
    except (OSError, duckdb.Error) as error:
        _tidy(paths, name)
        raise PublishError(
            f"Nothing was rolled back; {paths.published_file} is as it was. {_cause(error)}"
        ) from error
    _finish(paths, parquet, name)
    return Publication(chosen.run_id, chosen.computed_at, counts, paths.published_file)


def _remember(
    con: duckdb.DuckDBPyConnection, paths: ProjectPaths, before: Publication | None
) -> None:
    """Bring the warehouse's history up to date from the live file; a new warehouse from all."""
    ledger = history.audit_ledger(database_of(con))
    history.ensure(con, ledger)
    if history.is_empty(con, ledger):
        history.remember(con, ledger, sorted(paths.previous.glob("*.duckdb")))
    elif before is not None:
        history.remember(con, ledger, [before.file])


def _finish(paths: ProjectPaths, parquet: Path | None, run_id: str) -> None:
    """What follows the swap of the DuckDB file."""
    try:
        files.swap_parquet(paths, parquet, run_id)
    except OSError as error:
        raise PublishError(
            f"{paths.published_file} is published, but {paths.parquet} could not be replaced and "
            f"is one publication behind. {_cause(error)}"
        ) from error


def _choose(kept: tuple[Publication, ...], live: Publication | None, to: str | None) -> Publication:
    others = [one for one in kept if live is None or one.run_id != live.run_id]
    if to is None:
        older = [one for one in others if live is None or one.computed_at <= live.computed_at]
        if not older:
            raise PublishError("There is no publication before the live one to roll back to.")
        return older[0]
    for one in others:
        if one.run_id == to:
            return one
    known = ", ".join(one.run_id for one in others) or "none"
    raise PublishError(f"There is no earlier publication of run '{to}'. Kept: {known}.")


def _tidy(paths: ProjectPaths, run_id: str) -> None:
    try:
        files.discard(paths, run_id)
    except OSError as error:  # the first error is the one to report; the next start cleans up
        log.warning("Could not remove the staging files of %s: %s", run_id, error)


def _cause(error: Exception) -> str:
    text = str(error)
    if "No space left" in text or getattr(error, "errno", None) == errno.ENOSPC:
        return "The disk is full: free some space and run again."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Mend that and run again."
    return text
