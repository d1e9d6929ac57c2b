"""What is to be said, and to whom: messages are written here within the caller's transaction."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import duckdb

from kpi_specs.language.alert_routes import BUILT_IN
from kpi_specs.language.project import Project


def post(
    con: duckdb.DuckDBPyConnection,
    channels: Iterable[str],
    *,
    about: str,
    event: str,
    owner: str,
    content: dict[str, Any],
    now: dt.datetime,
) -> None:
    """Write one message per channel.

    Args:
        con: in the transaction of what the message is about.
        channels: see `channels_of`.
        about: id of the incident, or of the change that a subscriber is told.
        event: what happened to it; a value of audit.outbox.event.
        owner: who is told.
        content: the payload; its `text` is for people.
        now: when, naive UTC.
    """
    for channel in channels:
        con.execute(
            "INSERT INTO audit.outbox VALUES (?, ?, ?, ?, ?, 'pending', 0, NULL, ?, NULL, ?, ?)",
            [
                f"{about}:{event}:{now.isoformat()}:{channel}", about, event, channel,
                json.dumps(content, ensure_ascii=False), now, now, owner,
            ],
        )  # fmt: skip


def post_to_owner(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    owner: str,
    *,
    about: str,
    event: str,
    content: dict[str, Any],
    now: dt.datetime,
) -> None:
    """Write one message for each channel of an owner; the rest is as of `post`."""
    post(
        con, channels_of(project, owner), about=about, event=event, owner=owner, content=content,
        now=now,
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
