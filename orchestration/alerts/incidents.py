"""The life of an incident: opened, notified, extended, resolved; and what is written to the outbox.

An incident is one root cause, reason and owner. While it stays open it says nothing more, with one
exception: a KPI that had been measurable again in between breaks anew, which is `extended`. Without
it a gap in March that nobody will ever fill would silence every later gap of the same source.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import duckdb

from kpi_specs.language.alert_routes import BUILT_IN
from kpi_specs.language.project import Project
from orchestration.alerts import message
from orchestration.alerts.findings import Finding, Span, find, spans

_DDL = """
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.incidents (
    incident_id VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, root VARCHAR NOT NULL,
    reason_code VARCHAR NOT NULL, owner VARCHAR NOT NULL, severity VARCHAR NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('open', 'notified', 'resolved')),
    opened_at TIMESTAMP NOT NULL, last_seen_at TIMESTAMP NOT NULL, resolved_at TIMESTAMP,
    kpis VARCHAR NOT NULL, periods VARCHAR NOT NULL, message VARCHAR NOT NULL, run_id VARCHAR
);
CREATE TABLE IF NOT EXISTS audit.outbox (
    message_id VARCHAR PRIMARY KEY, incident_id VARCHAR NOT NULL,
    event VARCHAR NOT NULL CHECK (event IN ('opened', 'extended', 'resolved')),
    channel VARCHAR NOT NULL, payload VARCHAR NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    attempts INTEGER NOT NULL, last_error VARCHAR, created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP, next_attempt_at TIMESTAMP NOT NULL
);
"""
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
class _Open:
    """What is known of an incident that was open before this run."""

    incident_id: str
    owner: str
    root: str
    reason_code: str
    opened_at: dt.datetime
    kpis: list[str]
    ends: dict[tuple[str, str], dt.date]  # KPI, cadence -> last day of the newest affected period


def ensure_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.incidents` and `audit.outbox` where they are missing."""
    con.execute(_DDL)


def record_incidents(
    con: duckdb.DuckDBPyConnection, project: Project, *, run_id: str, now: dt.datetime
) -> tuple[Incident, ...]:
    """Open, keep and resolve incidents from `audit.verdicts`, and write what is to be said.

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
    con.execute("BEGIN")
    try:
        before = _open_incidents(con)
        findings = find(con, project)
        for finding in findings:
            known = before.pop(finding.fingerprint, None)
            if known is None:
                _open(con, project, finding, run_id, now)
            else:
                _keep(con, project, finding, known, run_id, now)
        for known in before.values():
            _resolve(con, project, known, run_id, now)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return incidents(con, resolved_at=now)


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


def naive_utc(time: dt.datetime) -> dt.datetime:
    """An aware time as naive UTC; a naive one is taken as such."""
    return time if time.tzinfo is None else time.astimezone(dt.UTC).replace(tzinfo=None)


def _open_incidents(con: duckdb.DuckDBPyConnection) -> dict[str, _Open]:
    rows = con.execute(
        "SELECT fingerprint, incident_id, owner, root, reason_code, opened_at, kpis, periods "
        "FROM audit.incidents WHERE state <> 'resolved'"
    ).fetchall()
    found: dict[str, _Open] = {}
    for fingerprint, incident_id, owner, root, code, opened_at, kpis, periods in rows:
        ends: dict[tuple[str, str], dt.date] = {}
        for one in json.loads(periods):
            ends[one["kpi"], one["cadence"]] = dt.date.fromisoformat(one["end"])
        found[fingerprint] = _Open(
            incident_id, owner, root, code, opened_at, json.loads(kpis), ends
        )
    return found


def _open(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    finding: Finding,
    run_id: str,
    now: dt.datetime,
) -> None:
    digest = hashlib.sha256(f"{finding.fingerprint}|{now.isoformat()}".encode()).hexdigest()
    incident_id = f"INC-{digest[:10]}"
    content = message.payload(
        project, finding, message.look_up(con, project, finding),
        event="opened", incident_id=incident_id, opened_at=now, now=now,
    )  # fmt: skip
    con.execute(
        "INSERT INTO audit.incidents VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?, NULL, ?, ?, ?, ?)",
        [
            incident_id, finding.fingerprint, finding.root, finding.reason_code, finding.owner,
            finding.severity, now, now, json.dumps(finding.kpis),
            _periods_json(spans(finding.affected)), content["text"], run_id,
        ],
    )  # fmt: skip
    _post(con, project, incident_id, "opened", finding.owner, content, now)


def _keep(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    finding: Finding,
    known: _Open,
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
            now, json.dumps(finding.kpis), _periods_json(spans(finding.affected)),
            content["text"], run_id, known.incident_id,
        ],
    )  # fmt: skip
    if extended:
        _post(con, project, known.incident_id, "extended", finding.owner, content, now)


def _resolve(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    known: _Open,
    run_id: str,
    now: dt.datetime,
) -> None:
    con.execute(
        "UPDATE audit.incidents SET state = 'resolved', resolved_at = ?, run_id = ? "
        "WHERE incident_id = ?",
        [now, run_id, known.incident_id],
    )
    content = message.resolved_payload(
        project, incident_id=known.incident_id, owner=known.owner, root=known.root,
        reason_code=known.reason_code, kpis=known.kpis, opened_at=known.opened_at, now=now,
    )  # fmt: skip
    _post(con, project, known.incident_id, "resolved", known.owner, content, now)


def _breaks_anew(finding: Finding, known: _Open) -> bool:
    """Whether a KPI that was affected before is affected again after a period that was not."""
    if finding.severity == "slice":
        return False  # a rare slice comes and goes; it is told once
    for span in spans(finding.affected):
        end = known.ends.get((span.kpi, span.cadence))
        if end is not None and span.start > end + _DAY:
            return True
    return False


def _periods_json(found: Iterable[Span]) -> str:
    return json.dumps(
        [
            {
                "kpi": span.kpi, "cadence": span.cadence, "from": span.first, "to": span.last,
                "count": span.count, "start": span.start.isoformat(), "end": span.end.isoformat(),
            }
            for span in found
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
    for channel in channels_of(project, owner):
        con.execute(
            "INSERT INTO audit.outbox VALUES (?, ?, ?, ?, ?, 'pending', 0, NULL, ?, NULL, ?)",
            [
                f"{incident_id}:{event}:{now.isoformat()}:{channel}", incident_id, event, channel,
                json.dumps(content, ensure_ascii=False), now, now,
            ],
        )  # fmt: skip


def channels_of(project: Project, owner: str) -> tuple[str, ...]:
    """Where an owner's alerts go: the log always, the project's webhook where there is one, URLs.

    URLs are as the specs write them: what `${NAME}` stands for is no business of the outbox. An
    owner without a route gets those of the default owner.
    """
    routes = project.owners[owner].alerts if owner in project.owners else ()
    default = project.owners.get(project.settings.default_owner)
    if not routes and default is not None:
        routes = default.alerts
    webhook = ("webhook",) if project.settings.alerts.webhook else ()
    urls = tuple(route for route in routes if route not in BUILT_IN)
    return tuple(dict.fromkeys(("log", *webhook, *urls)))
