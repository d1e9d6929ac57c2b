"""The assets from staging to verdicts: keys, dependencies, partitions. Nothing here runs."""

import warnings
from collections.abc import Mapping

from dagster import (
    AllPartitionMapping,
    AssetCheckSpec,
    AssetDep,
    AssetKey,
    AssetSpec,
    BetaWarning,
    TimeWindowPartitionMapping,
)

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from orchestration.assets.keys import MEASURABLE, VERDICTS, kpi_key, model_key, raw_key
from orchestration.assets.partitions import Clock, is_of_windows, partitions_of, rhythm_of
from orchestration.model_graph import Model, ModelGraph


def shared_models(graph: ModelGraph) -> dict[AssetKey, Model]:
    """All models but the KPI tables, by asset key."""
    return {model_key(m): m for m in graph.models.values() if not m.is_kpi}


def model_specs(project: Project, graph: ModelGraph) -> list[AssetSpec]:
    """Staging, marts and shared parts."""
    return [
        AssetSpec(
            key,
            deps=_inputs(model, graph, project),
            group_name=key.path[0],
            skippable=True,
            kinds={"dbt", "duckdb"},
        )
        for key, model in shared_models(graph).items()
    ]


def kpi_specs(project: Project, graph: ModelGraph, clock: Clock) -> list[AssetSpec]:
    """One asset per KPI, partitioned by the periods of the finest of its cadences."""
    return [
        AssetSpec(
            kpi_key(kpi.kpi),
            deps=[_dep(one, kpi, project) for one in _kpi_inputs(kpi, graph, project)],
            partitions_def=partitions_of(rhythm_of(kpi), project.settings, clock),
            group_name="kpi",
            skippable=True,
            kinds={"dbt", "duckdb"},
            owners=[f"team:{kpi.owner}"],
            description=_first(kpi.purpose),
            metadata={
                "title": _first(kpi.title),
                "objective": kpi.objective,
                "cadence": ", ".join(kpi.cadence),
                "calendar": kpi.calendar,
                "spec_version": kpi.version,
            },
        )
        for kpi in project.kpis.values()
    ]


def verdict_spec(project: Project) -> AssetSpec:
    """The verdicts on all KPIs."""
    return AssetSpec(
        VERDICTS,
        deps=[kpi_key(kpi) for kpi in project.kpis],
        group_name="verdicts",
        skippable=True,
        kinds={"greatexpectations", "duckdb"},
        description="Whether each KPI's value may be believed, per period and slice, and why.",
    )


def check_specs(project: Project) -> list[AssetCheckSpec]:
    """One check per KPI. It does not block: a blocked publication could not tell the reason."""
    return [
        AssetCheckSpec(
            MEASURABLE,
            asset=kpi_key(kpi),
            blocking=False,
            description="The newest due periods have a value that may be believed.",
        )
        for kpi in project.kpis
    ]


def _inputs(model: Model, graph: ModelGraph, project: Project) -> list[AssetKey]:
    """Keys of what a model reads. A table that is not of this project is not drawn."""
    keys = [raw_key(source) for source in model.sources if source in project.sources]
    for ref in model.refs:
        upstream = graph.models.get(ref)
        if upstream is not None:
            keys.append(kpi_key(upstream.kpi) if upstream.is_kpi else model_key(upstream))
    return keys


def _kpi_inputs(kpi: Kpi, graph: ModelGraph, project: Project) -> list[AssetKey]:
    model = graph.models.get(f"kpi_{kpi.kpi}")
    if model is not None:
        return _inputs(model, graph, project)
    if kpi.metric.inputs:  # not compiled yet: drawn as the spec says
        return [kpi_key(one) for one in kpi.metric.uses]
    return [raw_key(source) for source in project.sources_of(kpi)]


def _dep(upstream: AssetKey, kpi: Kpi, project: Project) -> AssetDep:
    """A KPI over another KPI of the same cadence also reads the period before.

    Periods that are no time windows to Dagster are not followed one by one.
    """
    base = project.kpis.get(upstream.path[-1]) if upstream.path[0] == "kpi" else None
    if base is None:
        return AssetDep(upstream)
    rhythms = [rhythm_of(base), rhythm_of(kpi)]
    if not all(is_of_windows(rhythm, project.settings) for rhythm in rhythms):
        return AssetDep(upstream, partition_mapping=AllPartitionMapping())
    if rhythms[0] != rhythms[1]:
        return AssetDep(upstream)
    with warnings.catch_warnings():
        # The argument is marked beta; whoever runs `kpi run` can do nothing about it.
        warnings.simplefilter("ignore", BetaWarning)
        mapping = TimeWindowPartitionMapping(
            start_offset=-1, allow_nonexistent_upstream_partitions=True
        )
    return AssetDep(upstream, partition_mapping=mapping)


def _first(text: Mapping[str, str]) -> str:
    return next(iter(text.values()))
