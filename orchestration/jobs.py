"""The whole pipeline as one job, and one job per cadence for schedules and backfills.

Both run the same steps of `orchestration.session`. The cadence jobs are made of assets. The main
job cannot be: Dagster refuses an asset job over several partitions. It is made of plain operations,
one per stage, which log what they materialized and checked.
"""

from collections.abc import Iterable, Iterator

from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    In,
    JobDefinition,
    Nothing,
    OpExecutionContext,
    Out,
    Output,
    ResourceDefinition,
    define_asset_job,
    in_process_executor,
    job,
    op,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from kpi_specs.language.project import Project
from orchestration.assets.keys import (
    ALERTS,
    FRESH,
    MEASURABLE,
    PUBLISHED,
    VERDICTS,
    kpi_key,
    model_key,
    raw_key,
)
from orchestration.assets.metadata import (
    Metadata,
    alert_metadata,
    check_evaluation,
    fresh_evaluation,
    model_metadata,
    publication_metadata,
    raw_metadata,
    verdict_metadata,
)
from orchestration.assets.partitions import Rhythm, covered_keys, rhythm_of, rhythms_of
from orchestration.last_valid_specs import withheld_lines
from orchestration.model_graph import Outcome
from orchestration.session import Session

MAIN_JOB = "kpi_run"

# Run config of a run in a terminal: events go to the history, not to the screen.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

# The UI lists a job's runs by this tag: repository and code location, as `kpi ui` loads them.
SHOWN_IN_UI = {".dagster/repository": "__repository__@orchestration.code_location"}

_AFTER = {"after": In(Nothing)}
_SESSION = {"session"}


@op(out=Out(Nothing, is_required=False), required_resource_keys=_SESSION)
def ingest(context: OpExecutionContext) -> Iterator[Output[None]]:
    """Load the new files. With nothing new the rest is skipped."""
    session = _session(context)
    for line in withheld_lines(session.context.project):
        context.log.warning(line)
    for report in session.ingest():
        _materialized(context, raw_key(report.source), raw_metadata(report))
    context.log.info(f"{session.plan.reason}: {len(session.plan.kpis)} KPIs to compute")
    if session.unchanged:
        session.end_unchanged()
    else:
        yield Output(None)


@op(ins=_AFTER, out=Out(Nothing), required_resource_keys=_SESSION)
def models(context: OpExecutionContext) -> None:
    """Build staging, marts and shared parts."""
    session = _session(context)
    for outcome in session.build_models():
        if _succeeded(context, outcome):
            key = model_key(session.graph.models[outcome.name])
            _materialized(context, key, model_metadata(outcome))


@op(ins=_AFTER, out=Out(Nothing), required_resource_keys=_SESSION)
def kpis(context: OpExecutionContext) -> None:
    """Build the KPI tables."""
    session = _session(context)
    for outcome in session.build_kpis():
        if _succeeded(context, outcome):
            kpi = session.context.project.kpis[session.graph.models[outcome.name].kpi]
            for partition in covered_keys(kpi, session.context):
                _materialized(context, kpi_key(kpi.kpi), model_metadata(outcome), partition)


@op(ins=_AFTER, out=Out(Nothing), required_resource_keys=_SESSION)
def verdicts(context: OpExecutionContext) -> None:
    """Judge every KPI, period and slice."""
    session = _session(context)
    session.judge()
    facts = session.check_facts()
    for kpi, fact in facts.items():
        check = check_evaluation(AssetCheckKey(kpi_key(kpi), MEASURABLE), fact)
        context.log_event(check)  # type: ignore[arg-type]  # taken, though its types lag behind
    sources = session.source_facts()
    for source, reach in sources.items():
        fresh = fresh_evaluation(AssetCheckKey(raw_key(source), FRESH), reach)
        context.log_event(fresh)  # type: ignore[arg-type]
    _materialized(context, VERDICTS, verdict_metadata(facts, sources))


@op(ins=_AFTER, out=Out(Nothing), required_resource_keys=_SESSION)
def publish(context: OpExecutionContext) -> None:
    """Put the judged tables in place."""
    session = _session(context)
    _materialized(context, PUBLISHED, publication_metadata(session.publish()))


@op(ins=_AFTER, required_resource_keys=_SESSION)
def alerts(context: OpExecutionContext) -> None:
    """Send what the incidents have put into the outbox."""
    session = _session(context)
    session.alert()
    _materialized(context, ALERTS, alert_metadata(session))


def main_job(session: ResourceDefinition) -> JobDefinition:
    """Everything, from the sources to the alerts, in one run; `session` gives its steps."""

    @job(
        name=MAIN_JOB,
        executor_def=in_process_executor,
        resource_defs={"session": session},
        description="Sources, models, KPIs, verdicts, publication, alerts: what `kpi run` does.",
    )
    def whole() -> None:
        alerts(after=publish(after=verdicts(after=kpis(after=models(after=ingest())))))

    return whole


def _session(context: OpExecutionContext) -> Session:
    session: Session = context.resources.session
    return session


def _materialized(
    context: OpExecutionContext, key: AssetKey, metadata: Metadata, partition: str | None = None
) -> None:
    context.log_event(AssetMaterialization(key, metadata=metadata, partition=partition))


def _succeeded(context: OpExecutionContext, outcome: Outcome) -> bool:
    """Whether a model was built; if not, the log says why."""
    if outcome.status != "success":
        context.log.error(f"{outcome.name}: {outcome.status}. {outcome.message}")
    return outcome.status == "success"


def cadence_jobs(
    project: Project, shared_models: Iterable[AssetKey]
) -> dict[Rhythm, UnresolvedAssetJobDefinition]:
    """One job for each cadence that partitions a KPI: that cadence's KPIs with all around them.

    KPIs of another calendar have other partitions, and so a job of their own: `kpi_monthly` is the
    project's own calendar's, `kpi_jalali_monthly` another's.

    Args:
        project: The specs.
        shared_models: Keys of the models that are not KPIs.
    """
    around = [*(raw_key(s) for s in project.sources), *shared_models, VERDICTS, PUBLISHED, ALERTS]
    jobs: dict[Rhythm, UnresolvedAssetJobDefinition] = {}
    for rhythm in rhythms_of(project):
        own = [kpi_key(k.kpi) for k in project.kpis.values() if rhythm_of(k) == rhythm]
        if own:
            name = rhythm.name(project.settings)
            jobs[rhythm] = define_asset_job(
                f"kpi_{name}",
                selection=AssetSelection.assets(*around, *own),
                executor_def=in_process_executor,
                description=f"The pipeline with the {name} KPIs, for the period just closed.",
            )
    return jobs
