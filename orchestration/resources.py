"""Dagster's instance, and the session that the operations of one run share."""

import datetime as dt
from collections.abc import Iterator

from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    InitResourceContext,
    ResourceDefinition,
    RunsFilter,
    resource,
)

from kpi_specs.language.project import Project
from orchestration.paths import ProjectPaths
from orchestration.run_context import RunContext, resolve_as_of
from orchestration.run_lock import RunLockedError, hold_run_lock
from orchestration.run_log import last_clock
from orchestration.session import Session

# Runs that are started from the UI or by a schedule queue up one behind the other: the warehouse
# has one writer. Capturing stdout starts two `tail` processes per run and garbles progress bars;
# what the operations log is in the run's events.
INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""

UNDER_WAY = (DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING)


def prepare_home(paths: ProjectPaths) -> None:
    """Write dagster.yaml; a file that says something else is replaced."""
    paths.dagster_home.mkdir(parents=True, exist_ok=True)
    file = paths.dagster_home / "dagster.yaml"
    if not file.exists() or file.read_text(encoding="utf-8") != INSTANCE_SETTINGS:
        file.write_text(INSTANCE_SETTINGS, encoding="utf-8")


def open_instance(paths: ProjectPaths) -> DagsterInstance:
    """The project's persistent run history (SQLite), which the UI opens too."""
    prepare_home(paths)
    return DagsterInstance.from_config(str(paths.dagster_home))


def close_orphan_runs(instance: DagsterInstance, *, but: str = "") -> list[str]:
    """Mark runs failed whose process ended without a word; returns their ids.

    The caller holds the run lock. Whatever else the history says is under way cannot be: without
    the lock it would not have come past its first step.

    Args:
        instance: The history.
        but: Id of the caller's own run.
    """
    under_way = instance.get_runs(RunsFilter(statuses=list(UNDER_WAY)))
    orphans = [run for run in under_way if run.run_id != but]
    for run in orphans:
        instance.report_run_failed(
            run, "The process of this run ended without a word (killed, or a crash of the machine)."
        )
    return [run.run_id for run in orphans]


def tidy_history(paths: ProjectPaths) -> None:
    """Close orphan runs before the UI starts, unless a run is under way just now.

    The UI starts one run at a time: an orphan would keep all others waiting.
    """
    try:
        with hold_run_lock(paths.var, "tidy"), open_instance(paths) as instance:
            close_orphan_runs(instance)
    except RunLockedError:
        return  # that run has closed them already


def given(session: Session) -> ResourceDefinition:
    """A session made elsewhere, whose maker holds the run lock."""
    return ResourceDefinition.hardcoded_resource(session)


def session_resource(project: Project, paths: ProjectPaths) -> ResourceDefinition:
    """The session of a run started from the UI, by a schedule or a backfill: holds the run lock."""

    @resource(description="The run's steps and what they share.")
    def session(context: InitResourceContext) -> Iterator[Session]:
        run = context.run
        run_id = context.run_id or "unknown"
        with hold_run_lock(paths.var, run_id):
            if context.instance is not None:
                close_orphan_runs(context.instance, but=run_id)
            made = Session(context_of(run, run_id, project, paths))
            try:
                yield made
            finally:
                made.close()

    return session


def context_of(
    run: DagsterRun | None, run_id: str, project: Project, paths: ProjectPaths
) -> RunContext:
    """A run that does not load the sources keeps the warehouse's clock: no other data is there."""
    now = dt.datetime.now(dt.UTC)
    selection = run.asset_selection if run else None  # none or empty: the whole job
    whole = not selection or any(_is_raw(key) for key in selection)
    clock = None if whole else last_clock(paths.warehouse)
    return RunContext(
        project=project,
        paths=paths,
        run_id=run_id,
        as_of=resolve_as_of(project.settings, clock, now),
        started_at=now,
    )


def _is_raw(key: AssetKey) -> bool:
    return key.path[0] == "raw"
