"""What is kept of an incident while it is open: opened or reopened, found again, told.

Whatever is told of (verdicts, files, runs) comes here, with words of its own.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.outbox import post_to_owner


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
        periods: JSON, one object per KPI and run of periods, as `open_incidents` reads it.
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
    post_to_owner(con, project, owner, about=incident_id, event=event, content=content, now=now)


def keep_incident(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    known: OpenIncident,
    *,
    kpis: Iterable[str],
    periods: str,
    content: dict[str, Any],
    run_id: str,
    now: dt.datetime,
) -> None:
    """Keep an incident open that was found again; where its event is `extended`, say so.

    Args:
        con: in a transaction.
        project: for the routes.
        known: the incident.
        kpis: ids of the KPIs that are affected now.
        periods: JSON, as of `open_incident`.
        content: the payload. That of `extended` is told, of any other event only kept.
        run_id: the run that found it.
        now: when, naive UTC.
    """
    con.execute(
        "UPDATE audit.incidents SET last_seen_at = ?, kpis = ?, periods = ?, message = ?, "
        "run_id = ? WHERE incident_id = ?",
        [now, json.dumps(list(kpis)), periods, content["text"], run_id, known.incident_id],
    )
    if content["event"] == "extended":
        con.execute(
            "UPDATE audit.incidents SET told_at = ? WHERE incident_id = ?",
            [now, known.incident_id],
        )
        post_to_owner(
            con, project, known.owner, about=known.incident_id, event="extended",
            content=content, now=now,
        )  # fmt: skip
