"""What only the warehouse knows of a published row: who is told, and the incident it is part of."""

import json
from typing import Any

from orchestration.paths import ProjectPaths

_BUSY = "not known just now: the warehouse cannot be read (a run may have it)"
_SHOWN = 3  # of the past ones, newest first


def of_the_warehouse(paths: ProjectPaths, row: dict[str, Any]) -> dict[str, Any]:
    """Who answers for a row of kpi_values, and its incidents.

    Returns:
        `party` (owner id, '' for nobody; None where it is not known: the warehouse is gone, or has
        verdicts of another run), `incidents` (rows of audit.incidents that have the period, open
        ones first) and `warehouse` (why it could not be read, '' where it could or is not there).
    """
    import duckdb

    nothing: dict[str, Any] = {"party": None, "incidents": [], "warehouse": ""}
    if not paths.warehouse.is_file():
        return nothing
    try:
        with duckdb.connect(str(paths.warehouse), read_only=True) as con:
            return {**nothing, "party": _party(con, row), "incidents": _incidents(con, row)}
    except duckdb.CatalogException:  # no run came that far
        return nothing
    except duckdb.Error:
        return {**nothing, "warehouse": _BUSY}


def _party(con: Any, row: dict[str, Any]) -> str | None:
    found = con.execute(
        "select party from audit.verdicts where kpi = ? and cadence = ? and period = ? "
        "and slice = ? and slice_value = ? and run_id = ?",
        [row[name] for name in ("kpi", "cadence", "period", "slice", "slice_value", "run_id")],
    ).fetchone()
    return found[0] if found else None


def _incidents(con: Any, row: dict[str, Any]) -> list[dict[str, Any]]:
    """An incident of slices has the periods of any slice: it is told of slices only."""
    cursor = con.execute(
        "select incident_id, state, owner, root, reason_code, severity, opened_at, resolved_at, "
        "acknowledged_by, periods from audit.incidents "
        "where list_contains(json_extract_string(kpis, '$[*]'), ?) and (severity <> 'slice' or ?) "
        "order by state = 'resolved', opened_at desc",
        [row["kpi"], row["slice"] != "total"],
    )
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    mine = [one for one in found if _has(json.loads(one.pop("periods")), row)]
    return mine[:_SHOWN]


def _has(spans: list[dict[str, Any]], row: dict[str, Any]) -> bool:
    first, last = row["period_start"].isoformat(), row["period_end"].isoformat()
    return any(
        (one["kpi"], one["cadence"]) == (row["kpi"], row["cadence"])
        and one["start"] <= first
        and last <= one["end"]
        for one in spans
    )
