"""One schedule per cadence, in the project's time zone, on the day after a period closed.

It begins at six in the morning, or once every source is there by its own promise (`arrives.by`).

Each runs its cadence's job for the partition just closed. A cadence that KPIs have besides a finer
one partitions nothing and has no job: its schedule runs the main job. So does the schedule of
periods that no cron follows (jalali months): it looks every morning whether one has just closed.

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

from kpi_specs.calendars import DAY
from kpi_specs.language.project import Project, ProjectSettings
from orchestration.assets.partitions import (
    Rhythm,
    cron_of,
    partition_key,
    partitions_of,
    rhythms_of,
)
from orchestration.due_runs import hour_of


def closed_partition(rhythm: Rhythm, settings: ProjectSettings, today: dt.date) -> str:
    """Key of the newest period that has ended before `today`."""
    open_period = settings.calendar_of(rhythm.calendar).period_of(today, rhythm.cadence)
    return partition_key(rhythm, settings, open_period.start - DAY)


def cadence_schedules(
    project: Project, jobs: Mapping[Rhythm, UnresolvedAssetJobDefinition], main: JobDefinition
) -> list[ScheduleDefinition]:
    """The schedules of all cadences that KPIs have.

    Args:
        project: The specs.
        jobs: The jobs of the cadences that partition KPIs.
        main: The job of the others.
    """
    settings, hour = project.settings, hour_of(project)
    schedules: list[ScheduleDefinition] = []
    for rhythm in rhythms_of(project):
        name = rhythm.name(settings)
        cron = cron_of(settings.calendar_of(rhythm.calendar), rhythm.cadence, hour)
        if cron is None:
            schedules.append(_of_the_calendar(rhythm, main, settings, hour))
        elif rhythm in jobs:
            schedules.append(_of_partitions(rhythm, jobs[rhythm], cron, settings))
        else:
            schedules.append(
                ScheduleDefinition(
                    name=f"kpi_{name}_schedule",
                    job=main,
                    cron_schedule=cron,
                    execution_timezone=settings.time_zone,
                    description=f"Every KPI, once a {name} period has closed.",
                )
            )
    return schedules


def _of_partitions(
    rhythm: Rhythm, job: UnresolvedAssetJobDefinition, cron: str, settings: ProjectSettings
) -> ScheduleDefinition:
    partitions = partitions_of(rhythm, settings)
    name = rhythm.name(settings)

    @schedule(
        name=f"kpi_{name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=settings.time_zone,
        description=f"The {name} KPIs, once the period has closed.",
    )
    def request(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        key = closed_partition(rhythm, settings, _today(context, settings))
        if not partitions.has_partition_key(key):
            return SkipReason(
                f"{key} lies outside the project's periods (history_from {settings.history_from}, "
                f"as_of {settings.as_of}): remove as_of from project.yml to follow the real date."
            )
        return RunRequest(run_key=key, partition_key=key)

    return request


def _of_the_calendar(
    rhythm: Rhythm, main: JobDefinition, settings: ProjectSettings, hour: int
) -> ScheduleDefinition:
    calendar = settings.calendar_of(rhythm.calendar)
    name = rhythm.name(settings)

    @schedule(
        name=f"kpi_{name}_schedule",
        job=main,
        cron_schedule=f"0 {hour} * * *",
        execution_timezone=settings.time_zone,
        description=f"Every KPI, once a {name} period has closed.",
    )
    def request(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        today = _today(context, settings)
        period = calendar.period_of(today, rhythm.cadence)
        if period.start != today:
            return SkipReason(f"{period.period} runs until {period.end}.")
        return RunRequest(run_key=period.previous_period)

    return request


def _today(context: ScheduleEvaluationContext, settings: ProjectSettings) -> dt.date:
    return context.scheduled_execution_time.astimezone(ZoneInfo(settings.time_zone)).date()
