"""The dead man's switch: a run that failed or died, and one that was due and did not come.

Nothing that waits for verdicts can tell these: without a run there are none. Whoever looks must be
started by something else than the runs are: cron (`kpi alerts --check`) or Dagster's sensor.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.ending import resolve
from orchestration.alerts.opening import open_incident, open_incidents
from orchestration.alerts.tables import ensure_tables, naive_utc
from orchestration.due_runs import newest_deadline

_ROOT = "run:"
_ENDED_WELL = ("published", "unchanged")
_DIED = "its process ended without a word"


@dataclass(frozen=True)
class MissedRun:
    """What is wrong with the runs."""

    root: str  # run:failed, run:missed or run:specs
    reason_code: str
    head: str
    reason: str
    action: str

    def fingerprint(self, owner: str) -> str:
        """Of the incident of one who is told."""
        return "|".join(("run", self.root, self.reason_code, owner))


def check_runs(
    con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime
) -> tuple[MissedRun, ...]:
    """Open and resolve the incidents on runs, for the default owner; returns what is wrong now.

    The next publication resolves them too.

    Args:
        con: read-write connection to the warehouse, in no transaction. The caller holds the run
            lock: a run that is under way by the log has died.
        project: the specs.
        now: an aware time.
    """
    ensure_tables(con)
    found = missed_runs(con, project, now=now)
    owner, moment = project.settings.default_owner, naive_utc(now)
    con.execute("BEGIN")
    try:
        before = {k: o for k, o in open_incidents(con).items() if o.root.startswith(_ROOT)}
        for missed in found:
            if before.pop(missed.fingerprint(owner), None) is None:
                open_on_runs(con, project, missed, owner, moment)
        resolve(con, project, before.values(), None, moment)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return found


def missed_runs(
    con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime
) -> tuple[MissedRun, ...]:
    """Whether the last run failed, or else a run that was due has not ended well in time.

    A run of a part of the pipeline (`unpublished`) is neither.
    """
    runs = con.execute(
        "SELECT run_id, status, started_at, finished_at, message FROM audit.runs "
        "WHERE status <> 'unpublished' ORDER BY started_at DESC, run_id"
    ).fetchall()
    good = [one for one in runs if one[1] in _ENDED_WELL]
    if runs and runs[0] not in good:
        return (_failed(runs[0], good),)
    expected = newest_deadline(project, now)
    if expected is None:
        return ()
    begin, deadline = expected
    if good and good[0][3] >= naive_utc(begin):
        return ()
    zone = ZoneInfo(project.settings.time_zone)
    by = f"{deadline.astimezone(zone):%Y-%m-%d %H:%M} ({project.settings.time_zone})"
    reason = f"a run was due by {by}, and none has ended well since that day began."
    action = "start the scheduler ('kpi ui', or cron), and run 'kpi run'"
    head = f"NO RUN has ended well since {_last(good)}"
    return (MissedRun("run:missed", "RUN_MISSED", head, reason, action),)


def _failed(run: tuple[Any, ...], good: Sequence[tuple[Any, ...]]) -> MissedRun:
    run_id, status, started_at, _, message = run
    said = message if status == "failed" and message else _DIED
    reason = f"run {run_id}, begun {started_at:%Y-%m-%d %H:%M} UTC: {said}"
    action = "mend what the message names, then run 'kpi run'"
    head = f"THE LAST RUN FAILED; none has ended well since {_last(good)}"
    return MissedRun("run:failed", "RUN_FAILED", head, reason, action)


def last_good_run(con: duckdb.DuckDBPyConnection) -> str:
    """When a run has ended well the last time, in words."""
    return _last(
        con.execute(
            f"SELECT run_id, status, started_at, finished_at FROM audit.runs "
            f"WHERE status IN {_ENDED_WELL} ORDER BY started_at DESC LIMIT 1"
        ).fetchall()
    )


def _last(good: Sequence[tuple[Any, ...]]) -> str:
    return f"{good[0][3]:%Y-%m-%d %H:%M} UTC" if good else "the beginning"


def open_on_runs(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    missed: MissedRun,
    owner: str,
    now: dt.datetime,
) -> None:
    """Open an incident on runs, which has no KPI of its own; in the caller's transaction.

    Args:
        con: in a transaction.
        project: for routes and names.
        missed: what is wrong.
        owner: who is told.
        now: when, naive UTC.
    """

    def content_of(event: str, incident_id: str, opened_at: dt.datetime) -> dict[str, Any]:
        kind = "REOPENED" if event == "reopened" else "RUN"
        lines = (
            f"{kind}: {missed.head} ({missed.reason_code})",
            f"Why: {missed.reason}",
            "Readers have what was published last; it grows old without saying so.",
            f"Next: {owner}: {missed.action}.",
            f"Incident: {incident_id}",
        )
        return {
            "event": event,
            "incident": incident_id,
            "project": project.settings.name,
            "severity": "run",
            "owner": owner,
            "root": missed.root,
            "reason_code": missed.reason_code,
            "reason": missed.reason,
            "opened_at": opened_at.isoformat(),
            "sent_for": now.isoformat(),
            "action": missed.action,
            "kpis": [],
            "text": "\n".join(lines),
        }

    open_incident(
        con, project, fingerprint=missed.fingerprint(owner), root=missed.root,
        reason_code=missed.reason_code, owner=owner, severity="run", kpis=(), periods="[]",
        content_of=content_of, run_id=None, now=now,
    )  # fmt: skip
