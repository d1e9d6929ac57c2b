"""The channels: the log, a JSON webhook, and whatever apprise reaches (e-mail, chat).

A route is kept in the outbox as the specs write it. What `${NAME}` in it stands for is looked up
here, when a message is sent, and is taken out again of what a channel says.
"""

import datetime as dt
import http.client
import json
import logging
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from kpi_specs.language.alert_routes import JSON_SCHEMES, filled_in, scheme_of, variables_of
from kpi_specs.language.project import Project
from orchestration.paths import ProjectPaths

LOGGER = "kpi.alerts"
LOG_FILE = "alerts.log"  # under var/logs
REFUSED = (400, 413, 415, 422)  # HTTP: it is the message, not the receiver's state
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # all but the end of a line
_SHORTEST_SECRET = 4  # a shorter value would be found in any sentence

log = logging.getLogger(LOGGER)


class ChannelDown(Exception):
    """The channel does not take messages at present."""


class MessageRefused(Exception):
    """The channel works, but not with this message."""


class Undelivered(Exception):
    """It was not taken, and the channel does not say whether that is the message's fault."""


def send(project: Project, channel: str, message_id: str, content: str, timeout: float) -> None:
    """Hand one message over.

    Args:
        project: for the webhook's address and the log's place.
        channel: `log`, `webhook` or a URL, as the outbox has it.
        message_id: sent along where the channel has a place for it.
        content: the payload, JSON; its `text` is the message for people.
        timeout: seconds that a webhook has to answer.

    Raises:
        ChannelDown: nothing is taken there at present.
        MessageRefused: this message never will be.
        Undelivered: one of the two.
    """
    if channel == "log":
        _write_log(project, content)
        return
    secrets = {name: os.environ.get(name, "") for name in variables_of(channel)}
    if missing := [name for name, value in secrets.items() if not value]:
        names = ", ".join(missing)
        raise ChannelDown(f"needs the environment variable {names}, which is not set")
    url = filled_in(channel, lambda name: secrets[name])
    if channel == "webhook":
        if not project.settings.alerts.webhook:
            raise ChannelDown("project.yml has no alerts.webhook any more; set it again")
        url = project.settings.alerts.webhook
    try:
        if channel == "webhook" or scheme_of(url) in JSON_SCHEMES:
            _post_json(url, message_id, content, timeout)
        else:
            _by_apprise(url, content)
    except (ChannelDown, MessageRefused, Undelivered) as error:
        raise type(error)(_without(secrets, str(error))) from None


def _write_log(project: Project, content: str) -> None:
    """Append the message to the project's alert log, and tell whoever listens to the logger.

    The file is written here and by no handler: a logger is the whole process's. Libraries disable
    those that they do not know (Alembic, for Dagster) or raise their levels, and a handler of
    another project that is under way would take the message.
    """
    text = _payload(content)["text"]
    file = ProjectPaths(project.root).var / "logs" / LOG_FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC WARNING\n{text}\n\n")
    except OSError as error:
        raise ChannelDown(f"cannot be written: {error}") from error
    log.disabled = False
    log.handle(log.makeRecord(LOGGER, logging.WARNING, __file__, 0, "%s", (text,), None))


def _payload(content: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
        return {"text": _visible(str(found["text"])), "project": str(found.get("project", ""))}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MessageRefused(f"its payload cannot be read: {error}") from error


def _visible(text: str) -> str:
    """Control characters, which may come with the data, by their numbers; lines stay lines."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _post_json(url: str, message_id: str, content: str, timeout: float) -> None:
    if scheme_of(url) not in JSON_SCHEMES:
        raise ChannelDown(f"'{url}' is not a http or https URL; correct it in the specs")
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message_id}
    try:
        request = urllib.request.Request(url, data=content.encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=timeout):
            return
    except urllib.error.HTTPError as error:
        with error:
            said = f"answered {error.code} {error.reason}"
        if error.code in REFUSED:
            raise MessageRefused(said) from error
        raise ChannelDown(said) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ChannelDown(f"does not answer: {error}") from error


def _by_apprise(url: str, content: str) -> None:
    """Send the text for people; its first line is the title (the subject of a mail)."""
    import apprise  # half a second, for routes that need it only

    payload = _payload(content)
    first, _, rest = payload["text"].partition("\n")
    with _what_apprise_says() as said:
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            raise ChannelDown("apprise cannot read this URL; correct it in owners.yml")
        if "overflow=" not in url and service.body_maxlen < apprise.NotifyBase.body_maxlen:
            # Telegram takes 4,096 characters; by default apprise sends more, which is refused.
            service.overflow_mode = apprise.OverflowMode.SPLIT
        try:
            taken = service.notify(
                body=rest or first,
                title=f"[{payload['project']}] {first}",
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception as error:
            raise Undelivered(f"{type(error).__name__}: {error}") from error
    if not taken:
        raise Undelivered("; ".join(said) or "apprise could not deliver it and does not say why")


@contextmanager
def _what_apprise_says() -> Iterator[list[str]]:
    """Warnings of apprise, which reports by log alone; nothing goes to the screen."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    theirs, listener = logging.getLogger("apprise"), Listener(logging.WARNING)
    before = theirs.propagate, theirs.disabled, theirs.level
    theirs.propagate = False
    theirs.disabled = False  # as in `_write_log`: a library may have disabled it
    theirs.setLevel(logging.WARNING)
    theirs.addHandler(listener)
    try:
        yield said
    finally:
        theirs.removeHandler(listener)
        theirs.propagate, theirs.disabled = before[:2]
        theirs.setLevel(before[2])


def _without(secrets: dict[str, str], text: str) -> str:
    """The text with the names of variables in place of their values."""
    for name, value in secrets.items():
        if len(value) >= _SHORTEST_SECRET:
            for form in (value, quote(value, safe=""), quote(value)):
                text = text.replace(form, f"${{{name}}}")
    return text
