"""Who is told of a published row, and the incidents that it is part of.

The warehouse knows best; while a run has it, and where it is not there, the publication tells of
the incidents as they were with it.
"""

import json
from typing import Any

from orchestration.paths import ProjectPaths

_SHOWN = 3  # of the past ones, newest first
_OPEN_OF_SLICES = (("slice", "open"), ("slice", "notified"))


def who_and_incidents(paths: ProjectPaths, row: dict[str, Any]) -> dict[str, Any]:
    """Who answers for a row of kpi_values, and its incidents.

    Returns:
        `party` (owner id, '' for nobody; None where it is not known: there is no open incident, and
        the warehouse cannot be read, or has verdicts of another run) and `incidents` (rows of
        audit.incidents, or of kpi_incidents, that have the period, open ones first).
    """
    party, incidents = _in_the_warehouse(paths, row) or (None, _published(paths, row))
    if party is None:
        party = next((one["owner"] for one in incidents if one["state"] != "resolved"), None)
    return {"party": party, "incidents": incidents}


def _in_the_warehouse(
    paths: ProjectPaths, row: dict[str, Any]
) -> tuple[str | None, list[dict[str, Any]]] | None:
    """None where it cannot be read: a run has it, it is gone, or of an earlier version."""
    import duckdb

    if not paths.warehouse.is_file():
        return None
    try:
        with duckdb.connect(str(paths.warehouse), read_only=True) as con:
            return _party(con, row), _with_waiting(con, _incidents(con, "audit.incidents", row))
    except duckdb.Error:
        return None


def _published(paths: ProjectPaths, row: dict[str, Any]) -> list[dict[str, Any]]:
    """None in a publication of before incidents were published."""
    import duckdb

    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        try:
            return _incidents(con, "kpi_incidents", row)
        except duckdb.CatalogException:
            return []


def _party(con: Any, row: dict[str, Any]) -> str | None:
    found = con.execute(
        "select party from audit.verdicts where kpi = ? and cadence = ? and period = ? "
        "and slice = ? and slice_value = ? and run_id = ?",
        [row[name] for name in ("kpi", "cadence", "period", "slice", "slice_value", "run_id")],
    ).fetchone()
    return found[0] if found else None


def _incidents(con: Any, table: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that have a row's period, open ones first.

    An incident of slices has the periods of any of its slices. It is told of these only, and while
    it is open of none that has a value.
    """
    cursor = con.execute(
        "select incident_id, state, owner, root, reason_code, severity, opened_at, resolved_at, "
        f"acknowledged_by, periods from {table} "
        "where list_contains(json_extract_string(kpis, '$[*]'), ?) and (severity <> 'slice' or ?) "
        "order by state = 'resolved', opened_at desc",
        [row["kpi"], row["slice"] != "total"],
    )
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    mine = [one for one in found if _has(json.loads(one.pop("periods")), row)]
    if row["value"] is not None:
        mine = [one for one in mine if (one["severity"], one["state"]) not in _OPEN_OF_SLICES]
    return mine[:_SHOWN]


def _with_waiting(con: Any, incidents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with `waiting`: some channel has not taken its message, as a mail server that is down.

    The log, which always takes it, is a channel too: that an incident is notified says no more.
    """
    found = con.execute("select distinct incident_id from audit.outbox where state <> 'sent'")
    waiting = {incident for (incident,) in found.fetchall()}
    return [{**one, "waiting": one["incident_id"] in waiting} for one in incidents]


def _has(spans: list[dict[str, Any]], row: dict[str, Any]) -> bool:
    first, last = row["period_start"].isoformat(), row["period_end"].isoformat()
    return any(
        (one["kpi"], one["cadence"]) == (row["kpi"], row["cadence"])
        and one["start"] <= first
        and last <= one["end"]
        # A span of a total names none, nor does one that an earlier version wrote.
        and (not one.get("slices") or row["slice_value"] in one["slices"])
        for one in spans
    )
