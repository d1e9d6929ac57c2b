"""Who is told that a definition, a target or a status is no longer what it was.

`audit.told_facts` has what was true when subscribers were last told. A run compares it with its
own publication and replaces it, in the transaction that writes the outbox: a change is told once,
whichever run dies in between. It has every KPI, subscribed to or not, so that a new subscription
begins with the next change.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from kpi_specs.language.project import Owner, Project
from orchestration.alerts.outbox import channels_of, post
from orchestration.alerts.words import title_of, words_in
from orchestration.diff.specs import field_changes
from orchestration.paths import ProjectPaths

_DDL = """
CREATE TABLE IF NOT EXISTS audit.told_facts (
    kpi VARCHAR NOT NULL, what VARCHAR NOT NULL, cadence VARCHAR NOT NULL,
    period_start DATE, content VARCHAR NOT NULL
)"""
_LIVE = "publication_just_made"
Key = tuple[str, str, str]  # KPI; definition, target or status; cadence of a status, else ''


@dataclass(frozen=True)
class Fact:
    """What is true of a KPI: `content` is compared; a status has the first day of its period."""

    content: Any  # JSON-ready
    period_start: dt.date | None = None


@dataclass(frozen=True)
class Change:
    """One line of a message."""

    kpi: str
    what: str
    cadence: str
    old: Any
    new: Any
    text: str


def read_facts(con: duckdb.DuckDBPyConnection, project: Project) -> dict[Key, Fact]:
    """What the live publication and the specs say; nothing where nothing is published.

    Args:
        con: connection to the warehouse, in no transaction: the published file is attached to it.
        project: the specs that were published.
    """
    file = ProjectPaths(project.root).published_file
    if not file.is_file():
        return {}
    path = str(file).replace("'", "''")
    con.execute(f"ATTACH '{path}' AS {_LIVE} (READ_ONLY)")
    try:
        definitions = con.execute(
            f"SELECT kpi, spec_version, spec_fingerprint, formula FROM {_LIVE}.main.kpi_catalog "
            "WHERE is_current"
        ).fetchall()
        statuses = con.execute(
            "SELECT kpi, cadence, period_start, period, target_status "
            f"FROM {_LIVE}.main.kpi_latest WHERE which = 'closed' AND data_status <> 'pending'"
        ).fetchall()
    finally:
        con.execute(f"DETACH {_LIVE}")
    found: dict[Key, Fact] = {}
    for kpi, version, fingerprint, formula in definitions:
        said = {"version": version, "fingerprint": fingerprint, "formula": formula}
        found[kpi, "definition", ""] = Fact(said)
    for key, kpi in project.kpis.items():
        targets = [one.model_dump(mode="json", by_alias=True) for one in kpi.targets]
        found[key, "target", ""] = Fact(targets)
    for kpi, cadence, start, period, status in statuses:
        found[kpi, "status", cadence] = Fact({"status": status, "period": period}, start)
    return found


def tell_changes(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    facts: Mapping[Key, Fact],
    *,
    run_id: str,
    now: dt.datetime,
) -> None:
    """Write one message per subscriber on what has changed since they were last told.

    Args:
        con: in the transaction of the incidents.
        project: owners and their subscriptions.
        facts: of `read_facts`; without any nothing is done.
        run_id: the run.
        now: when, naive UTC.
    """
    if not facts:
        return
    con.execute(_DDL)
    told = _told(con)
    # A run with an earlier clock looks back: what was told of a later period holds. An invalid spec
    # says nothing of a definition or a target: what was told of them holds until it is mended.
    withheld = project.withheld
    current = {
        k: f
        for k, f in facts.items()
        if not _is_earlier(f, told.get(k)) and (k[0] not in withheld or k[1] == "status")
    }
    kept = {k: f for k, f in told.items() if k in facts and k not in current}
    changes = _changes(project, told, current | kept) if told else []
    con.execute("DELETE FROM audit.told_facts")
    for (kpi, what, cadence), fact in (current | kept).items():
        con.execute(
            "INSERT INTO audit.told_facts VALUES (?, ?, ?, ?, ?)",
            [kpi, what, cadence, fact.period_start, json.dumps(fact.content, ensure_ascii=False)],
        )
    for key, owner in project.owners.items():
        mine = [one for one in changes if _is_subscribed(owner, one)]
        if mine:
            digest = hashlib.sha256(f"{key}|{now.isoformat()}".encode()).hexdigest()
            about = f"CHG-{digest[:10]}"
            post(
                con, channels_of(project, key), about=about, event="changed", owner=key,
                content=_payload(project, owner, mine, about, run_id, now), now=now,
            )  # fmt: skip


def _told(con: duckdb.DuckDBPyConnection) -> dict[Key, Fact]:
    rows = con.execute("FROM audit.told_facts").fetchall()
    return {
        (kpi, what, cadence): Fact(json.loads(content), start)
        for kpi, what, cadence, start, content in rows
    }


def _is_earlier(fact: Fact, told: Fact | None) -> bool:
    return (
        told is not None
        and fact.period_start is not None
        and told.period_start is not None
        and fact.period_start < told.period_start
    )


def _changes(project: Project, told: Mapping[Key, Fact], now: Mapping[Key, Fact]) -> list[Change]:
    found: list[Change] = []
    for key in dict.fromkeys((*now, *told)):
        old, new = told.get(key), now.get(key)
        before, after = old.content if old else None, new.content if new else None
        for text in _texts(project, key, before, after):
            found.append(Change(*key, before, after, text))
    return sorted(found, key=lambda one: (one.kpi, one.what, one.cadence))


def _texts(project: Project, key: Key, old: Any, new: Any) -> Iterable[str]:
    """What is different, in words; nothing where nothing is."""
    kpi, what, cadence = key
    if what == "definition":
        return _definition(project, kpi, old, new)
    if what == "target":  # of a KPI that is new or gone its definition says enough
        both = old is not None and new is not None
        return [str(one) for one in field_changes("targets", old, new)] if both else []
    if old is None or new is None or old["status"] == new["status"]:
        return []
    return [
        f"{cadence} status was {old['status']} ({old['period']}), "
        f"is {new['status']} ({new['period']})"
    ]


def _definition(project: Project, kpi: str, old: Any, new: Any) -> Iterable[str]:
    if old is None:
        return [f"the KPI is new: {new['formula']}"]
    if new is None:
        return [f"the KPI is gone; it was {old['formula']}"]
    if old == new:
        return []
    spec = project.kpis.get(kpi)
    why = f"; why: {spec.changed.why}" if spec and spec.changed else ""
    if old["version"] != new["version"]:
        return [
            f"definition was version {old['version']}, {old['formula']}; "
            f"is version {new['version']}, {new['formula']}{why}"
        ]
    if old["formula"] != new["formula"]:
        return [f"definition was {old['formula']}; is {new['formula']}, in the same version"]
    return [
        f"definition rests on something else, in the same version and words: fingerprint was "
        f"{old['fingerprint'][:12]}, is {new['fingerprint'][:12]}"
    ]


def _is_subscribed(owner: Owner, change: Change) -> bool:
    return any(
        change.what in one.changes and (not one.kpis or change.kpi in one.kpis)
        for one in owner.subscriptions
    )


def _payload(
    project: Project,
    owner: Owner,
    changes: list[Change],
    about: str,
    run_id: str,
    now: dt.datetime,
) -> dict[str, Any]:
    count = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    lines = [f"- {title_of(project, one.kpi)} [{one.kpi}]: {one.text}" for one in changes]
    name = words_in(owner.name, project)
    head = f"CHANGED: {count} that {name} ({owner.owner}) subscribes to"
    return {
        "event": "changed",
        "change": about,
        "project": project.settings.name,
        "owner": owner.owner,
        "owner_name": name,
        "root": f"run:{run_id}",
        "sent_for": now.isoformat(),
        "changes": [asdict(one) for one in changes],
        "text": "\n".join([head, *lines, f"Run: {run_id}"]),
    }
