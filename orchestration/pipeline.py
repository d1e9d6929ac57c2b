"""The main job from start to end, as `kpi run` calls it: in-process, kept in Dagster's history."""

import datetime as dt
import traceback
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_specs.language.project import Project
from orchestration.model_graph import Outcome
from orchestration.paths import ProjectPaths
from orchestration.progress import OnProgress, silent
from orchestration.run_context import (
    RunContext,
    check_days,
    check_selection,
    resolve_as_of,
)
from orchestration.run_lock import hold_run_lock
from orchestration.session import Session
from orchestration.steps import Steps


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        run_id: Its id in Dagster's history and in the published rows.
        status: `published`, or `unchanged` when the last publication still holds.
        reason: Why that much was computed, in words.
        as_of: The clock.
        ingested: One report per source.
        built: One outcome per dbt model built.
        computed: Ids of the KPIs computed.
        compute_errors: KPI id to what went wrong with its model or one it rests on.
        unmeasurable_due: KPIs whose newest due total has no value: `--strict` fails on them.
        verdicts: The judge's summary; None when unchanged.
        publication: What was published; None when unchanged.
        incidents: Incidents opened, reminded or resolved.
        delivery: What became of the alerts.
        seconds: Wall time by stage; `total` includes Dagster and imports.
    """

    run_id: str
    status: Literal["published", "unchanged"]
    reason: str
    as_of: dt.date
    ingested: tuple[Any, ...]
    built: tuple[Outcome, ...]
    computed: tuple[str, ...]
    compute_errors: Mapping[str, str]
    unmeasurable_due: tuple[str, ...]
    verdicts: Any
    publication: Any
    incidents: tuple[Any, ...]
    delivery: Any
    seconds: Mapping[str, float]


def run(
    paths: ProjectPaths,
    project: Project,
    *,
    as_of: dt.date | None = None,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    on_progress: OnProgress = silent,
    steps: Steps | None = None,
) -> RunResult:
    """Run the pipeline from the sources to the alerts.

    Args:
        paths: Where the project keeps its files.
        project: The specs, without errors.
        as_of: The clock; default: the project's, else today.
        select: KPIs to compute even if nothing changed, besides those that must be.
        full_refresh: Compute and publish everything, changed or not.
        from_: First day of a backfill: its KPIs are computed even if nothing changed.
        to: Last day of a backfill, inclusive.
        on_progress: Told of progress.
        steps: Step functions in place of the real ones.

    Raises:
        OrderError: An unknown KPI, or a clock or backfill outside the project's calendar.
        RunLockedError: Another run is under way.
        Exception: Whatever a step raised. The run is marked failed and nothing was published,
            unless only the alerts failed.
    """
    selected = check_selection(project, select)
    started_at = dt.datetime.now(dt.UTC)
    clock = resolve_as_of(project.settings, as_of, started_at)
    check_days(project.settings, clock, from_, to)
    context = RunContext(
        project=project,
        paths=paths,
        run_id=str(uuid.uuid4()),
        as_of=clock,
        started_at=started_at,
        select=selected,
        full_refresh=full_refresh,
        from_=from_,
        to=to,
    )
    with hold_run_lock(paths.var, context.run_id):
        session = Session(context, steps or Steps(), on_progress)
        try:
            _execute(session)
        except BaseException as error:
            _note_failure(session, error)
            raise
        return _result(session)


def _execute(session: Session) -> None:
    """Run the main job on the project's own instance; a step's exception comes through as it is."""
    # Dagster costs half a second to import: `kpi run` with a broken spec has ended before that.
    from orchestration.definitions import build_defs
    from orchestration.jobs import MAIN_JOB, QUIET, SHOWN_IN_UI
    from orchestration.resources import close_orphan_runs, given, open_instance

    context = session.context
    _ = session.compiled  # the generated models are part of the asset graph
    defs = build_defs(
        context.project, context.paths, as_of=context.as_of, overrides={"session": given(session)}
    )
    with open_instance(context.paths) as instance:
        close_orphan_runs(instance)
        defs.resolve_job_def(MAIN_JOB).execute_in_process(
            instance=instance,
            run_id=context.run_id,
            run_config=QUIET,
            tags={**_tags(context), **SHOWN_IN_UI},
        )


def _tags(context: RunContext) -> dict[str, str]:
    """What the run was asked, for the history."""
    asked = {
        "kpi/as_of": context.as_of.isoformat(),
        "kpi/select": ",".join(context.select),
        "kpi/full_refresh": "true" if context.full_refresh else "",
        "kpi/from": context.from_.isoformat() if context.from_ else "",
        "kpi/to": context.to.isoformat() if context.to else "",
    }
    return {key: value for key, value in asked.items() if value}


def _note_failure(session: Session, error: BaseException) -> None:
    """Write the failure into audit.runs; a warehouse that cannot take it adds to the message."""
    # What the failed frames hold of the warehouse keeps it open, and DuckDB waits for it for ever.
    traceback.clear_frames(error.__traceback__)
    try:
        session.fail(error)
    except Exception as second:  # noqa: BLE001 - the first error is the one to be raised
        error.add_note(
            f"The failure could not be noted in {session.context.paths.warehouse}: {second}"
        )


def _result(session: Session) -> RunResult:
    context = session.context
    facts = session.check_facts()
    kpi_of = {model: kpi for kpi, model in session.compiled.kpi_models.items()}
    total = (dt.datetime.now(dt.UTC) - context.started_at).total_seconds()
    return RunResult(
        run_id=context.run_id,
        status="published" if session.publication is not None else "unchanged",
        reason=session.plan.reason,
        as_of=context.as_of,
        ingested=tuple(session.ingested),
        built=tuple(session.built),
        computed=tuple(kpi_of[outcome.name] for outcome in session.built if outcome.name in kpi_of),
        compute_errors=session.compute_errors,
        unmeasurable_due=tuple(kpi for kpi, fact in facts.items() if not fact.measurable),
        verdicts=session.verdicts,
        publication=session.publication,
        incidents=tuple(session.incidents),
        delivery=session.delivery,
        seconds={**session.seconds, "total": total},
    )
