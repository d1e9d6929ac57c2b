"""Send what is in the outbox: to the log and to JSON webhooks.

A message is marked sent only after its channel took it, each on its own, so that a crash repeats at
most one. A channel that does not answer is left alone for the rest of the delivery; its messages
stay pending and are tried again later, at growing intervals. A message that the receiver refuses as
such is failed and holds up nobody.
"""

import datetime as dt
import http.client
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.incidents import ensure_tables, naive_utc
from orchestration.paths import ProjectPaths

LOGGER = "kpi.alerts"
LOG_FILE = "alerts.log"  # under var/logs, unless the logger has handlers of the caller's
TIMEOUT_SECONDS = 5.0
FIRST_RETRY = dt.timedelta(minutes=1)
LONGEST_RETRY = dt.timedelta(days=1)
REFUSED = (400, 413, 415, 422)  # HTTP: it is the message, not the receiver's state

log = logging.getLogger(LOGGER)


@dataclass(frozen=True)
class DeliveryReport:
    """Messages sent and failed now; those still pending; what channels said."""

    sent: int
    failed: int
    pending: int
    errors: tuple[str, ...]


class _AlertLog(logging.FileHandler):
    """A log file that says when it cannot be written: logging itself would swallow that."""

    def handleError(self, record: logging.LogRecord) -> None:
        raise  # the error that is being handled


class _ChannelDown(Exception):
    """The channel does not take messages at present."""


class _MessageRefused(Exception):
    """The channel works, but not with this message."""


def deliver(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    *,
    now: dt.datetime,
    timeout: float = TIMEOUT_SECONDS,
) -> DeliveryReport:
    """Send the pending messages that are due, oldest first.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: for the webhook's URL and the log.
        now: when; an aware time is kept as naive UTC.
        timeout: seconds that a webhook has to answer.
    """
    now = naive_utc(now)
    ensure_tables(con)
    due = con.execute(
        "SELECT message_id, incident_id, event, channel, payload, attempts FROM audit.outbox "
        "WHERE state = 'pending' AND next_attempt_at <= ? "
        "ORDER BY created_at, incident_id, event, channel",
        [now],
    ).fetchall()
    with _log_file(project):
        sent, failed, errors = _deliver_all(con, project, due, now, timeout)
    pending = con.execute("SELECT count(*) FROM audit.outbox WHERE state = 'pending'").fetchall()
    return DeliveryReport(sent, failed, pending[0][0], errors)


def _deliver_all(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    due: list[tuple[Any, ...]],
    now: dt.datetime,
    timeout: float,
) -> tuple[int, int, tuple[str, ...]]:
    """Try every due message once. Returns messages sent and failed, and what channels said."""
    down: set[str] = set()
    errors: list[str] = []
    sent = failed = 0
    for message_id, incident_id, event, channel, content, attempts in due:
        if channel in down:
            continue
        try:
            _send(project, channel, message_id, content, timeout)
        except _ChannelDown as error:
            down.add(channel)
            errors.append(f"{channel}: {error}")
            _postpone(con, message_id, attempts + 1, str(error), now)
        except _MessageRefused as error:
            failed += 1
            errors.append(f"{channel}: {error}")
            _mark(con, message_id, "failed", attempts + 1, str(error), None)
        else:
            sent += 1
            _mark(con, message_id, "sent", attempts + 1, None, now)
            if event == "opened":
                con.execute(
                    "UPDATE audit.incidents SET state = 'notified' "
                    "WHERE incident_id = ? AND state = 'open'",
                    [incident_id],
                )
    return sent, failed, tuple(errors)


@contextmanager
def _log_file(project: Project) -> Iterator[None]:
    """Where nobody listens to the alert log, write it to the project's log folder."""
    if log.handlers:
        yield
        return
    file = ProjectPaths(project.root).var / "logs" / LOG_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = _AlertLog(file, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s\n%(message)s\n"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def _send(project: Project, channel: str, message_id: str, content: str, timeout: float) -> None:
    if channel == "log":
        try:
            text = json.loads(content)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise _MessageRefused(f"its payload cannot be read: {error}") from error
        try:
            log.warning("%s", text)
        except OSError as error:
            raise _ChannelDown(f"cannot be written: {error}") from error
        return
    url = project.settings.alerts.webhook if channel == "webhook" else channel
    if not url:
        raise _ChannelDown("project.yml has no alerts.webhook any more; set it again")
    _post_json(url, message_id, content, timeout)


def _post_json(url: str, message_id: str, content: str, timeout: float) -> None:
    if not url.startswith(("http://", "https://")):
        raise _ChannelDown(f"'{url}' is not a http or https URL; correct it in the specs")
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message_id}
    try:
        request = urllib.request.Request(url, data=content.encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=timeout):
            return
    except urllib.error.HTTPError as error:
        with error:
            said = f"answered {error.code} {error.reason}"
        if error.code in REFUSED:
            raise _MessageRefused(said) from error
        raise _ChannelDown(said) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _ChannelDown(f"does not answer: {error}") from error


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
