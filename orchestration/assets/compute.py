"""The operation behind the assets from staging to verdicts.

One operation, because Dagster skips an operation as soon as one of its inputs was not
materialized: a KPI whose source is missing stays unmaterialized while the others are judged and
published. It runs with KPIs of one cadence at a time (Dagster refuses several partitions in one
asset run); the main job goes its own way, see `orchestration.jobs`.
"""

from collections.abc import Iterator, Sequence

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    multi_asset,
)

from kpi_specs.language.project import Project
from orchestration.assets.graph import (
    check_specs,
    kpi_specs,
    model_specs,
    shared_models,
    verdict_spec,
)
from orchestration.assets.keys import VERDICTS, kpi_key, model_key
from orchestration.assets.metadata import check_result, model_metadata, verdict_metadata
from orchestration.assets.partitions import Clock, covered_keys
from orchestration.last_valid_specs import withheld_lines
from orchestration.model_graph import ModelGraph, Outcome
from orchestration.session import Session

Event = MaterializeResult[None] | AssetCheckResult


def compute_assets(project: Project, graph: ModelGraph, clock: Clock) -> AssetsDefinition:
    """The assets from staging to verdicts and the operation that builds the selected ones.

    Args:
        project: The specs.
        graph: The dbt models on disk.
        clock: Where the partitions end; None: they grow with time.
    """
    shared = shared_models(graph)

    @multi_asset(
        name="compute",
        specs=[
            *model_specs(project, graph),
            *kpi_specs(project, graph, clock),
            verdict_spec(project),
        ],
        check_specs=check_specs(project),
        can_subset=True,
        backfill_policy=BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def compute(context: AssetExecutionContext) -> Iterator[Event]:
        session: Session = context.resources.session
        if session.unchanged:
            context.log.info(f"{session.plan.reason} since the last publication")
            session.end_unchanged()
            return
        for line in withheld_lines(project):
            context.log.warning(line)
        selected = context.selected_asset_keys
        if models := [model.name for key, model in shared.items() if key in selected]:
            for outcome in session.build_models(models):
                key = model_key(session.graph.models[outcome.name])
                yield from _built(context, key, outcome, [None])
        if kpis := [kpi for kpi in project.kpis if kpi_key(kpi) in selected]:
            for outcome in session.build_kpis(kpis):
                kpi = project.kpis[session.graph.models[outcome.name].kpi]
                partitions = covered_keys(kpi, session.context)
                yield from _built(context, kpi_key(kpi.kpi), outcome, partitions)
        checks = context.selected_asset_check_keys
        if VERDICTS in selected or checks:
            session.judge()
            facts = session.check_facts()
            for check in sorted(checks, key=lambda check: check.asset_key):
                yield check_result(check, facts[check.asset_key.path[-1]])
            if VERDICTS in selected:
                told = verdict_metadata(facts, session.source_facts())
                yield MaterializeResult(asset_key=VERDICTS, metadata=told)

    return compute


def _built(
    context: AssetExecutionContext,
    key: AssetKey,
    outcome: Outcome,
    partitions: Sequence[str | None],
) -> Iterator[MaterializeResult[None]]:
    """A model that was built is materialized; one that was not is in the log, with the reason.

    Args:
        context: The operation's.
        key: The asset.
        outcome: What dbt said.
        partitions: To show where the plan added the asset to those selected; of a selected one
            Dagster knows them itself.
    """
    metadata = model_metadata(outcome)
    if outcome.status != "success":
        context.log.error(f"{outcome.name}: {outcome.status}. {outcome.message}")
    elif key in context.selected_asset_keys:
        yield MaterializeResult(asset_key=key, metadata=metadata)
    else:
        for partition in partitions:
            context.log_event(AssetMaterialization(key, metadata=metadata, partition=partition))
