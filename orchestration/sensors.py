"""The sensor of alerts: looks for runs that are missing, and sends what waits in the outbox.

It is off until someone turns it on in the UI, as the schedules are.
"""

import datetime as dt

from dagster import DefaultSensorStatus, SensorDefinition, SkipReason, sensor

from kpi_specs.language import Loaded, Project
from orchestration.last_valid_specs import load_for_run
from orchestration.paths import ProjectPaths
from orchestration.run_lock import ALERTS, RunLockedError, hold_run_lock

SECONDS = 15 * 60


def look_and_send(
    project: Project, paths: ProjectPaths, now: dt.datetime, loaded: Loaded | None = None
) -> str:
    """Check the runs and deliver, unless a run is under way.

    Args:
        project: the specs as they were when the sensor was started.
        paths: of the project.
        now: an aware time.
        loaded: the specs as they are now; absent: the same.

    Returns:
        What was done, in words.
    """
    from orchestration.alerts import check_runs, deliver, tell_invalid, tell_unloadable
    from orchestration.run_log import ensure_run_log
    from orchestration.warehouse_file import connect

    if not paths.warehouse.is_file():
        return "there is no warehouse yet: nothing has run."
    try:
        with (
            hold_run_lock(paths.var, ALERTS),
            connect(paths.warehouse) as con,
        ):
            ensure_run_log(con)
            if loaded is not None and loaded.project is None:
                tell_unloadable(con, paths.root, loaded.errors, now=now)
                wrong = "SPEC_INVALID"
            else:
                project = project if loaded is None or loaded.project is None else loaded.project
                found = [one.reason_code for one in check_runs(con, project, now=now)]
                if project.invalid:
                    tell_invalid(con, project, now=now)
                    found.append(f"SPEC_INVALID of {', '.join(project.invalid)}")
                wrong = ", ".join(found) or "runs are as expected"
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
        now = dt.datetime.now(dt.UTC)
        return SkipReason(look_and_send(project, paths, now, load_for_run(paths)))

    return look
