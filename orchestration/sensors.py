"""The sensor of alerts: looks for runs that are missing, and sends what waits in the outbox.

It is off until someone turns it on in the UI, as the schedules are.
"""

import datetime as dt
from collections.abc import Sequence

from dagster import DefaultSensorStatus, SensorDefinition, SkipReason, sensor

from kpi_specs.language import load_project
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project
from orchestration.paths import ProjectPaths
from orchestration.run_lock import ALERTS, RunLockedError, hold_run_lock

SECONDS = 15 * 60


def look_and_send(
    project: Project, paths: ProjectPaths, now: dt.datetime, errors: Sequence[Problem] = ()
) -> str:
    """Check the runs and deliver, unless a run is under way.

    Args:
        project: the specs as they were loaded last.
        paths: of the project.
        now: an aware time.
        errors: what is wrong with the specs as they are now.

    Returns:
        What was done, in words.
    """
    import duckdb

    from orchestration.alerts import check_runs, deliver, tell_invalid
    from orchestration.run_log import ensure_run_log

    if not paths.warehouse.is_file():
        return "there is no warehouse yet: nothing has run."
    try:
        with (
            hold_run_lock(paths.var, ALERTS),
            duckdb.connect(str(paths.warehouse)) as con,
        ):
            ensure_run_log(con)
            if errors:
                tell_invalid(con, paths.root, errors, now=now)
                wrong = "SPEC_INVALID"
            else:
                missed = check_runs(con, project, now=now)
                wrong = ", ".join(one.reason_code for one in missed) or "runs are as expected"
            report = deliver(con, project, now=now)
    except RunLockedError:
        return "a run is under way; it sends what waits."
    return f"{wrong}; {report.sent} sent, {report.pending} pending."


def alert_sensor(project: Project, paths: ProjectPaths) -> SensorDefinition:
    """Every quarter of an hour; starts no run itself."""

    @sensor(
        name="kpi_alerts",
        minimum_interval_seconds=SECONDS,
        default_status=DefaultSensorStatus.STOPPED,
        description="Tells of runs that failed or did not come, and sends alerts that wait.",
    )
    def look() -> SkipReason:
        errors = load_project(paths.root).errors
        return SkipReason(look_and_send(project, paths, dt.datetime.now(dt.UTC), errors))

    return look
