"""One schedule per cadence, in the project's time zone, on the morning after a period closed.

Each runs its cadence's job for the partition just closed. A cadence that KPIs have besides a finer
one partitions nothing and has no job: its schedule runs the main job.

They are off until someone turns them on in the UI: a project on a laptop should not wake up by
itself.
"""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from dagster import (
    JobDefinition,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from kpi_specs.compiler.calendar import DAY, period_of
from kpi_specs.language.cadence import CADENCES, Cadence
from kpi_specs.language.project import Project, ProjectSettings
from orchestration.assets.partitions import partition_key, partitions_of

CRON: dict[Cadence, str] = {
    "daily": "0 6 * * *",
    "weekly": "0 6 * * 1",
    "monthly": "0 6 1 * *",
    "yearly": "0 6 1 1 *",
}


def closed_partition(cadence: Cadence, today: dt.date) -> str:
    """Key of the newest period that has ended before `today`."""
    return partition_key(cadence, period_of(today, cadence).start - DAY)


def cadence_schedules(
    project: Project, jobs: Mapping[Cadence, UnresolvedAssetJobDefinition], main: JobDefinition
) -> list[ScheduleDefinition]:
    """The schedules of all cadences that KPIs have.

    Args:
        project: The specs.
        jobs: The jobs of the cadences that partition KPIs.
        main: The job of the others.
    """
    used = [c for c in CADENCES if any(c in kpi.cadence for kpi in project.kpis.values())]
    return [
        _of_partitions(cadence, jobs[cadence], project.settings)
        if cadence in jobs
        else ScheduleDefinition(
            name=_name(cadence),
            job=main,
            cron_schedule=CRON[cadence],
            execution_timezone=project.settings.time_zone,
            description=f"Every KPI, once a {cadence} period has closed.",
        )
        for cadence in used
    ]


def _name(cadence: Cadence) -> str:
    return f"kpi_{cadence}_schedule"


def _of_partitions(
    cadence: Cadence, job: UnresolvedAssetJobDefinition, settings: ProjectSettings
) -> ScheduleDefinition:
    partitions = partitions_of(cadence, settings)

    @schedule(
        name=_name(cadence),
        job=job,
        cron_schedule=CRON[cadence],
        execution_timezone=settings.time_zone,
        description=f"The {cadence} KPIs, once the period has closed.",
    )
    def request(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        today = context.scheduled_execution_time.astimezone(ZoneInfo(settings.time_zone)).date()
        key = closed_partition(cadence, today)
        if not partitions.has_partition_key(key):
            return SkipReason(
                f"{key} lies outside the project's periods (history_from {settings.history_from}, "
                f"as_of {settings.as_of}): remove as_of from project.yml to follow the real date."
            )
        return RunRequest(run_key=key, partition_key=key)

    return request
