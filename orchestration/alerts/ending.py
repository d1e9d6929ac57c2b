"""What an incident says when it ends, and what became of each of its KPIs.

That a cause is gone does not give a KPI its value back: another cause may have it now, its owner
may be another, its period may wait, or it is no longer in the specs.
"""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.message import WARNINGS
from orchestration.alerts.opening import OpenIncident
from orchestration.alerts.outbox import post_to_owner
from orchestration.alerts.unread_files import FILE_UNREADABLE
from orchestration.alerts.words import duration, root_title, title_of

_WORDS = {  # in the order in which they are told
    "measured": "Measurable again",
    "partly": "Measurable again in part, the rest not for another cause",
    "waiting": "Not due yet",
    "held": "Without a value, for another cause",
    "gone": "No longer in the specs",
}
_RUN_IS_WELL = "A run has ended well."
_WITHOUT_PERIODS = {  # by reason, or by root where that says more
    "run:specs": "Runs can start again.",
    "SPEC_INVALID": "It is valid again, or no longer there.",
    FILE_UNREADABLE: "Every file that is there can be read.",
}


@dataclass(frozen=True)
class Fate:
    """What became of one KPI. `held_by` names the incident that has it now."""

    now: Literal["measured", "partly", "waiting", "held", "gone"]
    held_by: str = ""


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
        post_to_owner(
            con, project, known.owner, about=known.incident_id, event="resolved",
            content=content, now=now,
        )  # fmt: skip


def fates_of(con: duckdb.DuckDBPyConnection, project: Project, incident_id: str) -> dict[str, Fate]:
    """What became of an incident's KPIs, by its periods and the verdicts of now.

    Args:
        con: connection to the warehouse. The incidents are those of now: none is open that is over.
        project: the specs.
        incident_id: the incident that is over. One on runs or files has no periods to ask about.
    """
    severity, kpis, periods = _read(con, incident_id)
    if not periods:  # of runs, or of files
        return {}
    others = con.execute(
        "SELECT incident_id, reason_code, owner, severity, periods FROM audit.incidents "
        "WHERE state <> 'resolved' AND severity IN ('kpi', 'slice') ORDER BY opened_at, incident_id"
    ).fetchall()
    found: dict[str, Fate] = {}
    for kpi in kpis:
        mine = [one for one in periods if one["kpi"] == kpi]
        held_by = ""
        for other_id, code, owner, other_severity, spans in others:
            # A total is measured whatever holds some of its slices.
            if other_severity == "slice" and severity != "slice":
                continue
            if _overlap(mine, json.loads(spans)):
                held_by = f"{code}, {other_id}, {owner}"
                break
        if kpi not in project.kpis:
            found[kpi] = Fate("gone")
        elif _has_a_value(con, mine, of_slices=severity == "slice"):
            found[kpi] = Fate("partly" if held_by else "measured", held_by)
        else:
            found[kpi] = Fate("held" if held_by else "waiting", held_by)
    return found


def resolved_payload(
    project: Project,
    *,
    incident_id: str,
    owner: str,
    root: str,
    reason_code: str,
    fates: Mapping[str, Fate],
    opened_at: dt.datetime,
    now: dt.datetime,
) -> dict[str, Any]:
    """The message that an incident is over; says how long it lasted.

    Without KPIs (`fates`) it was one of runs, or of files.
    """
    lasted = duration(now - opened_at)
    is_well = not fates or any(one.now in ("measured", "partly") for one in fates.values())
    head = f"{root_title(project, root)} ({reason_code})"
    head = (
        f"RESOLVED after {lasted}: {head}"
        if is_well
        else f"CLOSED after {lasted}: {head}; no KPI has its value back"
    )
    said = (
        _said(project, fates, reason_code)
        if fates
        else [_WITHOUT_PERIODS.get(root, _WITHOUT_PERIODS.get(reason_code, _RUN_IS_WELL))]
    )
    return {
        "event": "resolved",
        "incident": incident_id,
        "project": project.settings.name,
        "owner": owner,
        "root": root,
        "reason_code": reason_code,
        "opened_at": opened_at.isoformat(),
        "sent_for": now.isoformat(),
        "lasted_seconds": int((now - opened_at).total_seconds()),
        "kpis": [
            {"kpi": kpi, "title": title_of(project, kpi), "now": one.now, "held_by": one.held_by}
            for kpi, one in fates.items()
        ],
        "text": "\n".join([head, *said, f"Owner: {owner}", f"Incident: {incident_id}"]),
    }


def _said(project: Project, fates: Mapping[str, Fate], reason_code: str) -> list[str]:
    """One line for each way in which it ended."""
    lines: list[str] = []
    for now, words in _WORDS.items():
        titles = [
            title_of(project, kpi) + (f" ({one.held_by})" if one.held_by else "")
            for kpi, one in fates.items()
            if one.now == now
        ]
        if now == "measured" and reason_code in WARNINGS:
            words = WARNINGS[reason_code][1]
        if titles:
            lines.append(f"{words}: {', '.join(titles)}")
    return lines


def _read(
    con: duckdb.DuckDBPyConnection, incident_id: str
) -> tuple[str, list[str], list[dict[str, Any]]]:
    ((severity, kpis, periods),) = con.execute(
        "SELECT severity, kpis, periods FROM audit.incidents WHERE incident_id = ?", [incident_id]
    ).fetchall()
    return severity, json.loads(kpis), json.loads(periods)


def _overlap(mine: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    """Whether some period of one KPI and cadence lies in both; days are ISO texts."""
    return any(
        (one["kpi"], one["cadence"]) == (other["kpi"], other["cadence"])
        and one["start"] <= other["end"]
        and other["start"] <= one["end"]
        for one in mine
        for other in others
    )


def _has_a_value(
    con: duckdb.DuckDBPyConnection, mine: list[dict[str, Any]], *, of_slices: bool
) -> bool:
    """Whether some period of these has one: of the total where the KPI has one, or of slices."""
    return any(
        con.execute(
            "WITH rows AS (FROM audit.verdicts WHERE kpi = ? AND cadence = ? "
            "AND period_start >= ? AND period_end <= ?) "
            "SELECT 1 FROM rows WHERE data_status IN ('final', 'provisional') AND CASE "
            "WHEN ? THEN slice <> 'total' "
            "ELSE slice = 'total' OR NOT EXISTS (FROM rows WHERE slice = 'total') END LIMIT 1",
            [one["kpi"], one["cadence"], one["start"], one["end"], of_slices],
        ).fetchall()
        for one in mine
    )
