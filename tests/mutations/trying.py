"""Breaks the machinery around a run of the market, mends it, and runs once more."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import duckdb

from orchestration import session
from tests.mutations.catalogue import Incident
from tests.mutations.expected import Key, Seen
from tests.mutations.machinery import Fault, lose
from tests.mutations.markets import Markets
from tests.mutations.running import incidents, published, run
from tests.mutations.sinks import Mailbox, Webhook
from tests.mutations.spoiling import by_sql
from tests.mutations.world import AS_OF

# What is delivered when a run breaks off, and when a channel is down; and who is to be told.
DELIVERY = ["delete from orders where berlin(ordered_at) = '2024-03-05'"]
TOLD = {("tills", "source:orders", "PERIOD_INCOMPLETE")}
EARLIER = AS_OF - dt.timedelta(days=6)

Rows = Mapping[Key, Seen]


@dataclass(frozen=True)
class Tried:
    """What came of a fault, and of the run after it.

    Attributes:
        stopped: What the broken run's error said; empty where it went on.
        kept: Whether the published file was the same after it, byte for byte.
        rows: What was published then; empty where it was stopped.
        alerts: Incidents open then; empty where it was stopped.
        rows_after: What the run without the fault published.
        alerts_after: Incidents open then.
        outbox: Event, channel and state of each message in the end.
        left: Names in the published folder in the end.
    """

    stopped: str
    kept: bool
    rows: Rows
    alerts: set[Incident]
    rows_after: Rows
    alerts_after: set[Incident]
    outbox: list[tuple[str, str, str]]
    left: set[str]


def try_fault(markets: Markets, fault: Fault) -> Tried:
    """A fault that stops a run meets a market that ran before and has a new delivery."""
    root = markets.that_ran() if fault.stops or fault.ran else markets.fresh()
    file, stopped = root / "published/kpis.duckdb", ""
    before = file.read_bytes() if fault.stops else b""
    if fault.stops:
        by_sql(root, DELIVERY)
    with fault.broken(root) as steps:
        try:
            run(root, steps=steps)
        except Exception as error:
            if not fault.stops or not re.search(fault.stops, str(error)):
                raise
            stopped = str(error)
    kept = file.read_bytes() == before
    rows, alerts = ({}, set()) if stopped else (published(root), incidents(root))
    run(root)
    left = {path.name for path in file.parent.iterdir()}
    return Tried(stopped, kept, rows, alerts, published(root), incidents(root), outbox(root), left)


def try_loss(markets: Markets, name: str) -> tuple[Rows, set[Incident]]:
    """What a run publishes and tells after a file of `LOST` is gone."""
    root = markets.that_ran()
    lose(root, name)
    run(root)
    return published(root), incidents(root)


def try_channel(
    markets: Markets, sink: Webhook | Mailbox
) -> tuple[Rows, list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Rows of a run whose alert meets a dead channel; the outbox then, and two runs later."""
    root = markets.fresh()
    by_sql(root, DELIVERY)
    owners = root / "kpi_specs/owners.yml"
    text = owners.read_text(encoding="utf-8")
    routed = text.replace(
        "{en: Tills}\n    alerts: [log]", f"{{en: Tills}}\n    alerts: ['{sink.route}']"
    )
    assert routed != text
    owners.write_text(routed, encoding="utf-8")
    run(root)
    rows, waiting = published(root), outbox(root)
    for minutes in (5, 10):
        later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
        with sink.up(), mock.patch.object(session, "_now", lambda later=later: later):
            run(root)
    return rows, waiting, outbox(root)


def try_clock_set_back(markets: Markets) -> tuple[Rows, Rows, Rows]:
    """Rows of a run as of days before the last one, of a market that ran then only, and after."""
    root = markets.that_ran()
    run(root, as_of=EARLIER)
    back = published(root)
    run(root)
    after = published(root)
    root = markets.fresh()
    run(root, as_of=EARLIER)
    return back, published(root), after


def outbox(root: Path) -> list[tuple[str, str, str]]:
    """Event, channel and state of each message, in the order of writing."""
    with duckdb.connect(f"{root}/var/warehouse.duckdb", read_only=True) as con:
        return con.execute(
            "select event, channel, state from audit.outbox order by created_at, message_id"
        ).fetchall()
