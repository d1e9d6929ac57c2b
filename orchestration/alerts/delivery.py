"""Send what is in the outbox.

A message is marked sent only after its channel took it, each on its own, so that a crash repeats at
most one. A channel that does not answer is left alone for the rest of the delivery; its messages
stay pending and are tried again later, at growing intervals. A message that the receiver refuses as
such is failed and holds up nobody. Where a channel does not say which of the two it is (apprise
never does), it is left alone after the second message, and what was tried least comes first.

The messages of an incident keep their order on a channel: nobody reads that it is resolved before
it was told, nor that it is open after it was resolved.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.channels import ChannelDown, MessageRefused, Undelivered, send
from orchestration.alerts.handling import remind
from orchestration.alerts.tables import ensure_tables, naive_utc

TIMEOUT_SECONDS = 5.0
FIRST_RETRY = dt.timedelta(minutes=1)
LONGEST_RETRY = dt.timedelta(days=1)
UNCLEAR_FAILURES = 2  # after so many a channel is taken to be down


@dataclass(frozen=True)
class DeliveryReport:
    """Messages sent and failed now; those still pending; what channels said.

    `told` counts what every channel has taken now: an alert that two took is one, one that the log
    took and the mail server did not is none.
    """

    sent: int
    failed: int
    pending: int
    errors: tuple[str, ...]
    told: int = 0


def deliver(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    *,
    now: dt.datetime,
    timeout: float = TIMEOUT_SECONDS,
) -> DeliveryReport:
    """Send the pending messages that are due: those tried least first, then the oldest.

    Reminders that are due are written before.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: for the webhook's URL and the log's place.
        now: when; an aware time is kept as naive UTC.
        timeout: seconds that a webhook has to answer.
    """
    now = naive_utc(now)
    ensure_tables(con)
    remind(con, project, now=now)
    due = con.execute(_DUE, [now]).fetchall()
    sent, failed, errors = _deliver_all(con, project, due, now, timeout)
    pending = con.execute("SELECT count(*) FROM audit.outbox WHERE state = 'pending'").fetchall()
    left = con.execute("SELECT incident_id, event FROM audit.outbox WHERE state <> 'sent'")
    told = set(sent) - set(left.fetchall())
    return DeliveryReport(len(sent), failed, pending[0][0], errors, told=len(told))


def _deliver_all(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    due: list[tuple[Any, ...]],
    now: dt.datetime,
    timeout: float,
) -> tuple[list[tuple[str, str]], int, tuple[str, ...]]:
    """Try every due message once.

    Returns incident and event of each message sent, how many failed, and what channels said.
    """
    down: set[str] = set()
    unclear: Counter[str] = Counter()
    held: set[tuple[str, str]] = set()  # incident and channel whose earlier message waits
    errors: list[str] = []
    sent: list[tuple[str, str]] = []
    failed = 0
    for message_id, incident_id, event, channel, content, attempts in due:
        if channel in down or (incident_id, channel) in held:
            continue
        try:
            send(project, channel, message_id, content, timeout)
        except (ChannelDown, Undelivered) as error:
            unclear[channel] += 1
            if isinstance(error, ChannelDown) or unclear[channel] >= UNCLEAR_FAILURES:
                down.add(channel)
            held.add((incident_id, channel))
            errors.append(f"{channel}: {error}")
            _postpone(con, message_id, attempts + 1, str(error), now)
        except MessageRefused as error:
            failed += 1
            errors.append(f"{channel}: {error}")
            _mark(con, message_id, "failed", attempts + 1, str(error), None)
        else:
            sent.append((incident_id, event))
            _mark(con, message_id, "sent", attempts + 1, None, now)
            if event in ("opened", "reopened"):
                con.execute(
                    "UPDATE audit.incidents SET state = 'notified' "
                    "WHERE incident_id = ? AND state = 'open'",
                    [incident_id],
                )
    return sent, failed, tuple(errors)


def _postpone(
    con: duckdb.DuckDBPyConnection, message_id: str, attempts: int, error: str, now: dt.datetime
) -> None:
    wait = min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LONGEST_RETRY)
    con.execute(
        "UPDATE audit.outbox SET attempts = ?, last_error = ?, next_attempt_at = ? "
        "WHERE message_id = ?",
        [attempts, error, now + wait, message_id],
    )


def _mark(
    con: duckdb.DuckDBPyConnection,
    message_id: str,
    state: str,
    attempts: int,
    error: str | None,
    sent_at: dt.datetime | None,
) -> None:
    con.execute(
        "UPDATE audit.outbox SET state = ?, attempts = ?, last_error = ?, sent_at = ? "
        "WHERE message_id = ?",
        [state, attempts, error, sent_at, message_id],
    )


# A message waits behind an earlier one of its incident and channel that is pending and not due.
# `tried` is at least that of the earlier ones, so that none overtakes them.
_DUE = """
WITH pending AS (
    SELECT *, max(attempts) OVER same AS tried, max(next_attempt_at) OVER same AS not_before
    FROM audit.outbox
    WHERE state = 'pending'
    WINDOW same AS (PARTITION BY incident_id, channel ORDER BY created_at, message_id)
)
SELECT message_id, incident_id, event, channel, payload, attempts
FROM pending
WHERE not_before <= ?
ORDER BY tried, created_at, message_id
"""
