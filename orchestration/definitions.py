"""Assembles Dagster's definitions of one project; everything in them is made elsewhere."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dagster import Definitions, in_process_executor

from kpi_specs.language.project import Project
from orchestration.assets.compute import compute_assets
from orchestration.assets.freshness import freshness_checks
from orchestration.assets.graph import shared_models
from orchestration.assets.published import published_assets
from orchestration.assets.raw import raw_assets
from orchestration.jobs import cadence_jobs, main_job
from orchestration.model_graph import read_graph
from orchestration.paths import ProjectPaths
from orchestration.resources import session_resource
from orchestration.schedules import cadence_schedules
from orchestration.sensors import alert_sensor


def build_defs(
    project: Project,
    paths: ProjectPaths,
    *,
    as_of: dt.date | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Definitions:
    """The project's graph from sources to alerts, jobs, schedules and sensor. dbt is not started.

    Args:
        project: The specs, without errors.
        paths: Where the project keeps its files.
        as_of: A clock other than the project's; it bounds the partitions.
        overrides: Resources in place of the real ones: `{"session": ResourceDefinition}`.
    """
    resources = {"session": session_resource(project, paths), **(overrides or {})}
    graph = read_graph(paths.dbt_project)
    main = main_job(resources["session"])
    by_cadence = cadence_jobs(project, shared_models(graph))
    return Definitions(
        assets=[raw_assets(project), compute_assets(project, graph, as_of), *published_assets()],
        asset_checks=[freshness_checks(project)] if project.sources else [],
        resources=resources,
        jobs=[main, *by_cadence.values()],
        schedules=cadence_schedules(project, by_cadence, main),
        sensors=[alert_sensor(project, paths)],
        executor=in_process_executor,
    )
