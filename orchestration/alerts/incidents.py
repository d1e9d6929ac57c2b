"""The life of an incident: opened, extended, resolved, reopened; each is written to the outbox.

An incident is one root cause, reason and owner. While it stays open it says nothing more, with one
exception, which is `extended`: a KPI that had been measurable again in between breaks anew, the
machinery fails for a further KPI, or a further slice loses its rows. Without it a gap in March that
nobody will ever fill would silence every later gap of the same source, and one broken check the
next.
A cause that comes back within `alerts.reopen_within` of its end reopens its incident. A run that
looks back (`--as-of` an earlier day) neither opens nor ends any, but for those of the machinery.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts import message
from orchestration.alerts.ending import fates_of, resolved_payload
from orchestration.alerts.findings import Finding, find, spans
from orchestration.alerts.outbox import channels_of, post
from orchestration.alerts.subscriptions import read_facts, tell_changes
from orchestration.alerts.tables import ensure_tables, naive_utc
from orchestration.alerts.unread_files import (
    FILE_UNREADABLE,
    UnreadFiles,
    has_another,
    told_with,
    unread_files,
)
from orchestration.alerts.unread_files import payload as files_payload
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


@dataclass(frozen=True)
class OpenIncident:
    """What is known of an incident that was open before this run."""

    incident_id: str
    owner: str
    root: str
    reason_code: str
    opened_at: dt.datetime
    kpis: list[str]
    ends: dict[tuple[str, str], dt.date]  # KPI, cadence -> last day of the newest affected period
    slices: frozenset[tuple[str, str]]  # KPI, value of a slice that is affected


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
        found = tuple(one for one in found if one.reason_code in OF_THE_MACHINERY)
    for finding in found:
        known = before.pop(finding.fingerprint, None)
        if known is None:
            _open(con, project, finding, run_id, now)
        else:
            _keep(con, project, finding, known, run_id, now)
    if not looks_back:
        told = {one.root for one in found if one.severity == "kpi"}
        for unread in unread_files(con, project).values():
            known = before.pop(unread.fingerprint, None)
            if not any(told_with({unread.source: unread}, root) for root in told):
                _follow_files(con, project, unread, known, run_id, now)
        resolve(con, project, before.values(), run_id, now)


def _follow_files(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    unread: UnreadFiles,
    known: OpenIncident | None,
    run_id: str,
    now: dt.datetime,
) -> None:
    """Tell of files that cannot be read, once each."""
    owner = project.owners.get(unread.owner)

    def content_of(event: str, incident_id: str, opened_at: dt.datetime) -> dict[str, Any]:
        return files_payload(
            project, unread, cause=message.root_title(project, unread.root),
            titles=tuple(message.title_of(project, kpi) for kpi in unread.kpis),
            owner_name=message.words_in(owner.name, project) if owner else unread.owner,
            event=event, incident_id=incident_id, opened_at=opened_at, now=now,
        )  # fmt: skip

    if known is None:
        open_incident(
            con, project, fingerprint=unread.fingerprint, root=unread.root,
            reason_code=FILE_UNREADABLE, owner=unread.owner, severity="warning", kpis=unread.kpis,
            periods="[]", content_of=content_of, run_id=run_id, now=now,
        )  # fmt: skip
        return
    ((told,),) = con.execute(
        "SELECT message FROM audit.incidents WHERE incident_id = ?", [known.incident_id]
    ).fetchall()
    content = content_of("extended", known.incident_id, known.opened_at)
    con.execute(
        "UPDATE audit.incidents SET last_seen_at = ?, kpis = ?, message = ?, run_id = ? "
        "WHERE incident_id = ?",
        [now, json.dumps(unread.kpis), content["text"], run_id, known.incident_id],
    )
    if has_another(unread, told):
        con.execute(
            "UPDATE audit.incidents SET told_at = ? WHERE incident_id = ?",
            [now, known.incident_id],
        )
        _post(con, project, known.incident_id, "extended", unread.owner, content, now)


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


def open_incidents(con: duckdb.DuckDBPyConnection) -> dict[str, OpenIncident]:
    """What is known of the open incidents, by fingerprint."""
    rows = con.execute(
        "SELECT fingerprint, incident_id, owner, root, reason_code, opened_at, kpis, periods "
        "FROM audit.incidents WHERE state <> 'resolved'"
    ).fetchall()
    found: dict[str, OpenIncident] = {}
    for fingerprint, incident_id, owner, root, code, opened_at, kpis, periods in rows:
        ends: dict[tuple[str, str], dt.date] = {}
        slices: set[tuple[str, str]] = set()
        for one in json.loads(periods):
            ends[one["kpi"], one["cadence"]] = dt.date.fromisoformat(one["end"])
            slices |= {(one["kpi"], name) for name in one.get("slices", ())}
        found[fingerprint] = OpenIncident(
            incident_id, owner, root, code, opened_at, json.loads(kpis), ends, frozenset(slices)
        )
    return found


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


def open_incident(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    *,
    fingerprint: str,
    root: str,
    reason_code: str,
    owner: str,
    severity: str,
    kpis: Iterable[str],
    periods: str,
    content_of: Callable[[str, str, dt.datetime], dict[str, Any]],
    run_id: str | None,
    now: dt.datetime,
) -> None:
    """Open an incident, or reopen the one that ended lately, and say so.

    Args:
        con: in a transaction.
        project: for the routes and `alerts.reopen_within`.
        fingerprint: what makes it the same incident next time; no open one has it.
        root: the cause, e.g. source:ads.
        reason_code: why, in one word.
        owner: who is told.
        severity: kpi or slice; run where a run is missing.
        kpis: ids of the affected KPIs.
        periods: JSON, as `_periods_json` makes it.
        content_of: the payload, from event, incident id and the time of its first opening.
        run_id: the run that found it.
        now: when, naive UTC.
    """
    lately = con.execute(
        "SELECT incident_id, opened_at FROM audit.incidents "
        "WHERE fingerprint = ? AND state = 'resolved' AND resolved_at > ? "
        "ORDER BY resolved_at DESC LIMIT 1",
        [fingerprint, now - dt.timedelta(days=project.settings.alerts.reopen_within)],
    ).fetchone()
    listed = json.dumps(list(kpis))
    if lately is not None:
        event, (incident_id, opened_at) = "reopened", lately
        content = content_of(event, incident_id, opened_at)
        con.execute(
            "UPDATE audit.incidents SET state = 'open', last_seen_at = ?, resolved_at = NULL, "
            "kpis = ?, periods = ?, message = ?, run_id = ?, told_at = ?, acknowledged_at = NULL, "
            "acknowledged_by = NULL, note = NULL WHERE incident_id = ?",
            [now, listed, periods, content["text"], run_id, now, incident_id],
        )
    else:
        digest = hashlib.sha256(f"{fingerprint}|{now.isoformat()}".encode()).hexdigest()
        event, incident_id = "opened", f"INC-{digest[:10]}"
        content = content_of(event, incident_id, now)
        con.execute(
            "INSERT INTO audit.incidents VALUES "
            "(?, ?, ?, ?, ?, ?, 'open', ?, ?, NULL, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
            [
                incident_id, fingerprint, root, reason_code, owner, severity, now, now, listed,
                periods, content["text"], run_id, now,
            ],
        )  # fmt: skip
    _post(con, project, incident_id, event, owner, content, now)


def _keep(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    finding: Finding,
    known: OpenIncident,
    run_id: str,
    now: dt.datetime,
) -> None:
    extended = _breaks_anew(finding, known)
    event = "extended" if extended else "opened"
    content = message.payload(
        project, finding, message.look_up(con, project, finding),
        event=event, incident_id=known.incident_id, opened_at=known.opened_at, now=now,
    )  # fmt: skip
    con.execute(
        "UPDATE audit.incidents SET last_seen_at = ?, kpis = ?, periods = ?, message = ?, "
        "run_id = ? WHERE incident_id = ?",
        [
            now, json.dumps(finding.kpis), _periods_json(finding),
            content["text"], run_id, known.incident_id,
        ],
    )  # fmt: skip
    if extended:
        con.execute(
            "UPDATE audit.incidents SET told_at = ? WHERE incident_id = ?",
            [now, known.incident_id],
        )
        _post(con, project, known.incident_id, "extended", finding.owner, content, now)


def resolve(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    over: Collection[OpenIncident],
    run_id: str | None,
    now: dt.datetime,
) -> None:
    """End incidents, and say how long each lasted; in the caller's transaction."""
    for known in over:  # all of them, before any message tells what is still open
        con.execute(
            "UPDATE audit.incidents SET state = 'resolved', resolved_at = ?, run_id = ? "
            "WHERE incident_id = ?",
            [now, run_id, known.incident_id],
        )
    for known in over:
        content = resolved_payload(
            project, incident_id=known.incident_id, owner=known.owner, root=known.root,
            reason_code=known.reason_code, fates=fates_of(con, project, known.incident_id),
            opened_at=known.opened_at, now=now,
        )  # fmt: skip
        _post(con, project, known.incident_id, "resolved", known.owner, content, now)


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


def _post(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    incident_id: str,
    event: str,
    owner: str,
    content: dict[str, Any],
    now: dt.datetime,
) -> None:
    post(
        con, channels_of(project, owner), about=incident_id, event=event, owner=owner,
        content=content, now=now,
    )  # fmt: skip
