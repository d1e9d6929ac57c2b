"""The life of an incident: opened, extended, resolved, reopened; each is written to the outbox.

An incident is one root cause, reason and owner. While it stays open it says nothing more, with one
exception, which is `extended`: a KPI that had been measurable again in between breaks anew, the
machinery fails for a further KPI, or a further slice loses its rows. Without it a gap in March that
nobody will ever fill would silence every later gap of the same source, and one broken check the
next.
A cause that comes back within `alerts.reopen_within` of its end reopens its incident. A run that
looks back (`--as-of` an earlier day) neither opens nor ends any, but for those of the machinery and
of the specs.
"""

import datetime as dt
import json
from dataclasses import dataclass, fields
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts import message
from orchestration.alerts.affected import spans
from orchestration.alerts.ending import resolve
from orchestration.alerts.findings import Finding, find
from orchestration.alerts.invalid_specs import SPEC_INVALID, follow_specs_without_rows
from orchestration.alerts.opening import (
    OpenIncident,
    keep_incident,
    open_incident,
    open_incidents,
)
from orchestration.alerts.subscriptions import read_facts, tell_changes
from orchestration.alerts.tables import ensure_tables, naive_utc
from orchestration.alerts.unread_files import follow_files, told_with, unread_files
from orchestration.run_context import resolve_as_of
from orchestration.run_log import ensure_run_log

OF_THE_MACHINERY = ("COMPUTE_ERROR", "CHECK_ERROR")
OF_RARE_SLICES = ("LOW_SAMPLE", "ZERO_DENOMINATOR")  # small slices come and go by these
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Incident:
    """One incident. `kpis` are ids; times are naive UTC."""

    incident_id: str
    fingerprint: str
    root: str
    reason_code: str
    owner: str
    severity: str
    state: str
    opened_at: dt.datetime
    last_seen_at: dt.datetime
    resolved_at: dt.datetime | None
    kpis: tuple[str, ...]
    message: str


def record_incidents(
    con: duckdb.DuckDBPyConnection, project: Project, *, run_id: str, now: dt.datetime
) -> tuple[Incident, ...]:
    """Open, keep and resolve incidents from `audit.verdicts`, and write what is to be said.

    Subscribers are told in the same transaction what the publication changed.

    Args:
        con: read-write connection to the warehouse, in no transaction; all changes are one.
        project: the specs: owners, titles, routes.
        run_id: the run.
        now: when; an aware time is kept as naive UTC.

    Returns:
        The incidents that are open, then those that this run resolved.
    """
    now = naive_utc(now)
    ensure_tables(con)
    ensure_run_log(con)
    facts = read_facts(con, project)
    con.execute("BEGIN")
    try:
        tell_changes(con, project, facts, run_id=run_id, now=now)
        _follow(con, project, run_id, now)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return incidents(con, resolved_at=now)


def foresee(
    con: duckdb.DuckDBPyConnection, project: Project, *, run_id: str, now: dt.datetime
) -> list[dict[str, Any]]:
    """All incidents as `record_incidents` will leave them, with the ids that it will give.

    For the publication, which comes before: what it shows is told only once it is in place. Nothing
    is written.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: the specs.
        run_id: the run.
        now: as it will be told `record_incidents`: an id is made of it.

    Returns:
        Rows of audit.incidents by column, the oldest first.
    """
    ensure_tables(con)
    ensure_run_log(con)
    con.execute("BEGIN")
    try:
        _follow(con, project, run_id, naive_utc(now))
        cursor = con.execute("FROM audit.incidents ORDER BY opened_at, incident_id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        con.execute("ROLLBACK")


def _follow(
    con: duckdb.DuckDBPyConnection, project: Project, run_id: str, now: dt.datetime
) -> None:
    """Open, keep and resolve, in the caller's transaction."""
    before = open_incidents(con)
    found = find(con, project)
    looks_back = _looks_back(con, project, run_id, now)
    if looks_back:
        timeless = (*OF_THE_MACHINERY, SPEC_INVALID)
        found = tuple(one for one in found if one.reason_code in timeless)
    for finding in found:
        known = before.pop(finding.fingerprint, None)
        if known is None:
            _open(con, project, finding, run_id, now)
        else:
            _keep(con, project, finding, known, run_id, now)
    prints = {one.fingerprint for one in found}
    follow_specs_without_rows(con, project, before, prints, run_id, now)
    if not looks_back:
        told = {one.root for one in found if one.severity == "kpi"}
        for unread in unread_files(con, project).values():
            known = before.pop(unread.fingerprint, None)
            if not any(told_with({unread.source: unread}, root) for root in told):
                follow_files(con, project, unread, known, run_id, now)
        resolve(con, project, before.values(), run_id, now)


def _looks_back(
    con: duckdb.DuckDBPyConnection, project: Project, run_id: str, now: dt.datetime
) -> bool:
    """Whether the run was asked for an earlier day (`--as-of`) than readers have been shown.

    What was not late then is late now: of the data such a run tells nothing. A run with the clock
    that the project has by itself never looks back, else a clock that had once been wrong would
    silence every run until that day.
    """
    ((clock, newest),) = con.execute(
        "SELECT max(as_of) FILTER (run_id = $run), "
        "max(as_of) FILTER (run_id <> $run AND status = 'published') FROM audit.runs",
        {"run": run_id},
    ).fetchall()
    if clock is None or newest is None:
        return False
    own: dt.date = resolve_as_of(project.settings, None, now.replace(tzinfo=dt.UTC))
    return bool(clock < min(newest, own))


def incidents(
    con: duckdb.DuckDBPyConnection, *, resolved_at: dt.datetime | None = None
) -> tuple[Incident, ...]:
    """Open incidents, then those resolved at `resolved_at`."""
    names = [field.name for field in fields(Incident)]
    found = con.execute(
        f"""
        SELECT {", ".join(names)}
        FROM audit.incidents WHERE state <> 'resolved' OR resolved_at = ?
        ORDER BY state = 'resolved', severity, opened_at, fingerprint
        """,
        [resolved_at],
    ).fetchall()
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in found]
    return tuple(Incident(**{**row, "kpis": tuple(json.loads(row["kpis"]))}) for row in rows)


def _open(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    finding: Finding,
    run_id: str,
    now: dt.datetime,
) -> None:
    context = message.look_up(con, project, finding)

    def content_of(event: str, incident_id: str, opened_at: dt.datetime) -> dict[str, Any]:
        return message.payload(
            project, finding, context,
            event=event, incident_id=incident_id, opened_at=opened_at, now=now,
        )  # fmt: skip

    open_incident(
        con, project, fingerprint=finding.fingerprint, root=finding.root,
        reason_code=finding.reason_code, owner=finding.owner, severity=finding.severity,
        kpis=finding.kpis, periods=_periods_json(finding), content_of=content_of,
        run_id=run_id, now=now,
    )  # fmt: skip


def _keep(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    finding: Finding,
    known: OpenIncident,
    run_id: str,
    now: dt.datetime,
) -> None:
    content = message.payload(
        project, finding, message.look_up(con, project, finding),
        event="extended" if _breaks_anew(finding, known) else "opened",
        incident_id=known.incident_id, opened_at=known.opened_at, now=now,
    )  # fmt: skip
    keep_incident(
        con, project, known, kpis=finding.kpis, periods=_periods_json(finding), content=content,
        run_id=run_id, now=now,
    )  # fmt: skip


def _breaks_anew(finding: Finding, known: OpenIncident) -> bool:
    """Whether a KPI is affected again after a period that was not, or the machinery fails more."""
    if finding.severity == "slice":
        return finding.reason_code not in OF_RARE_SLICES and _loses_a_slice(finding, known)
    if finding.reason_code in OF_THE_MACHINERY and not set(finding.kpis) <= set(known.kpis):
        return True
    for span in spans(finding.affected):
        end = known.ends.get((span.kpi, span.cadence))
        if end is not None and span.start > end + _DAY:
            return True
    return False


def _loses_a_slice(finding: Finding, known: OpenIncident) -> bool:
    """Whether a slice is affected now that was not, in a period after those that were.

    One that was is told once: small ones come and go.
    """
    if not known.slices:
        return False  # written by a version that did not keep them
    return any(
        one.period_start > known.ends.get((one.kpi, one.cadence), dt.date.max)
        and any((one.kpi, name) not in known.slices for name in one.slices)
        for one in finding.affected
    )


def _periods_json(finding: Finding) -> str:
    names: dict[str, set[str]] = {}
    for one in finding.affected:
        names.setdefault(one.kpi, set()).update(one.slices)
    return json.dumps(
        [
            {
                "kpi": span.kpi, "cadence": span.cadence, "from": span.first, "to": span.last,
                "count": span.count, "start": span.start.isoformat(), "end": span.end.isoformat(),
                "slices": sorted(names[span.kpi]),
            }
            for span in spans(finding.affected)
        ]
    )  # fmt: skip
