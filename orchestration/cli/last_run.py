"""What readers of the live publication should know of the runs since: that the last one failed."""

from orchestration.paths import ProjectPaths
from orchestration.run_lock import is_held


def trouble_since(paths: ProjectPaths) -> str | None:
    """Why what is published may be old, in a sentence; None where the runs go well.

    None also while a run is under way, or somebody else has the warehouse: the next look tells.
    """
    import duckdb

    if not paths.warehouse.is_file() or is_held(paths.var):
        return None
    try:
        with duckdb.connect(str(paths.warehouse), read_only=True) as con:
            runs = con.execute(
                "SELECT status, started_at, message FROM audit.runs "
                "WHERE status <> 'unpublished' ORDER BY started_at DESC, run_id LIMIT 1"
            ).fetchone()
            incident = con.execute(
                "SELECT reason_code, opened_at FROM audit.incidents "
                "WHERE root LIKE 'run:%' AND state <> 'resolved' ORDER BY opened_at DESC LIMIT 1"
            ).fetchone()
    except duckdb.Error:
        return None  # another process writes it, or no run has got as far as its tables
    if runs and runs[0] in ("failed", "running"):
        said = runs[2].splitlines()[0] if runs[0] == "failed" and runs[2] else "it was stopped"
        return (
            f"The last run, of {runs[1]:%Y-%m-%d %H:%M} UTC, did not end well: {said.rstrip('.')}. "
            "What is shown here is of the one before."
        )
    if incident:
        code, since = incident
        return (
            f"No run has ended well since {since:%Y-%m-%d %H:%M} UTC ({code}; 'kpi alerts' says "
            "why). What is shown here is of before."
        )
    return None
