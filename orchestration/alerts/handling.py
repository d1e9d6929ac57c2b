"""What time and people do to an incident: it is reminded of, acknowledged, told once more."""

import datetime as dt
import json
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.message import reminder_payload
from orchestration.alerts.outbox import channels_of, post
from orchestration.alerts.tables import ensure_tables, naive_utc


class NotFoundError(LookupError):
    """There is no such incident or message; the message says what there is."""


def remind(con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime) -> int:
    """Tell open incidents again that nobody has acknowledged; returns how many.

    A channel on which the incident still has a message waiting gets no reminder.

    Args:
        con: read-write connection to the warehouse, in no transaction; all changes are one.
        project: for `alerts.remind_after` and the routes.
        now: when; an aware time is kept as naive UTC.
    """
    now = naive_utc(now)
    days = project.settings.alerts.remind_after
    if days == 0:
        return 0
    ensure_tables(con)
    due = con.execute(
        "SELECT incident_id, owner, root, reason_code, severity, opened_at, kpis, message "
        "FROM audit.incidents WHERE state <> 'resolved' AND acknowledged_at IS NULL "
        "AND coalesce(told_at, opened_at) <= ? ORDER BY incident_id",
        [now - dt.timedelta(days=days)],
    ).fetchall()
    con.execute("BEGIN")
    try:
        for incident_id, owner, root, code, severity, opened_at, kpis, text in due:
            content = reminder_payload(
                project, incident_id=incident_id, owner=owner, root=root, reason_code=code,
                severity=severity, kpis=json.loads(kpis), opened_at=opened_at, text=text, now=now,
            )  # fmt: skip
            waiting = _waiting(con, incident_id)
            channels = [one for one in channels_of(project, owner) if one not in waiting]
            post(
                con, channels, about=incident_id, event="reminded", owner=owner, content=content,
                now=now,
            )  # fmt: skip
            con.execute(
                "UPDATE audit.incidents SET told_at = ? WHERE incident_id = ?", [now, incident_id]
            )
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return len(due)


def acknowledge(
    con: duckdb.DuckDBPyConnection, incident_id: str, *, by: str, note: str, now: dt.datetime
) -> None:
    """Note that somebody sees to an open incident: no more reminders. Its end is told all the same.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        incident_id: of an open incident.
        by: who.
        note: what they say; may be empty.
        now: when; an aware time is kept as naive UTC.

    Raises:
        NotFoundError: no open incident has this id.
    """
    ensure_tables(con)
    changed = con.execute(
        "UPDATE audit.incidents SET acknowledged_at = ?, acknowledged_by = ?, note = ? "
        "WHERE incident_id = ? AND state <> 'resolved' RETURNING incident_id",
        [naive_utc(now), by, note or None, incident_id],
    ).fetchall()
    if not changed:
        _refuse(con, "open incident", incident_id, "audit.incidents WHERE state <> 'resolved'")


def resend(con: duckdb.DuckDBPyConnection, which: str | None, *, now: dt.datetime) -> int:
    """Make messages due now, whatever became of them; returns how many. They are not sent yet.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        which: an incident or message; of an incident those that were not delivered, or where all
            were, its newest. None: every message that was not delivered.
        now: when; an aware time is kept as naive UTC.

    Raises:
        NotFoundError: there is no such incident or message.
    """
    ensure_tables(con)
    undelivered = "state <> 'sent'"
    if which is None:
        return _due_now(con, undelivered, [], now)
    count = _due_now(con, "message_id = ?", [which], now)
    count = count or _due_now(con, f"incident_id = ? AND {undelivered}", [which], now)
    newest = "created_at = (SELECT max(created_at) FROM audit.outbox WHERE incident_id = ?)"
    count = count or _due_now(con, f"incident_id = ? AND {newest}", [which, which], now)
    if not count:
        _refuse(con, "incident or message", which, "audit.outbox")
    return count


def _due_now(
    con: duckdb.DuckDBPyConnection, condition: str, values: list[Any], now: dt.datetime
) -> int:
    changed = con.execute(
        "UPDATE audit.outbox SET state = 'pending', attempts = 0, next_attempt_at = ? "
        f"WHERE {condition} RETURNING message_id",
        [naive_utc(now), *values],
    ).fetchall()
    return len(changed)


def _waiting(con: duckdb.DuckDBPyConnection, incident_id: str) -> set[str]:
    found = con.execute(
        "SELECT channel FROM audit.outbox WHERE state = 'pending' AND incident_id = ?",
        [incident_id],
    ).fetchall()
    return {channel for (channel,) in found}


def _refuse(con: duckdb.DuckDBPyConnection, noun: str, wanted: str, among: str) -> None:
    rows = con.execute(f"SELECT DISTINCT incident_id FROM {among} ORDER BY 1").fetchall()
    known = ", ".join(one for (one,) in rows) or "none"
    raise NotFoundError(f"no {noun} is called '{wanted}'. There are: {known}.")
