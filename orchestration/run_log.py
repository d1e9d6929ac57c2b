"""What the warehouse remembers of runs: audit.runs, and how each model's last build ended.

audit.runs    one row per run. status: running, published, unchanged, failed; unpublished for a
              run from the UI that did not come to that step; died where the process ended
              without a word. `state` is what the publication rested on, absent when a model
              failed, so that the next run tries again.
audit.models  one row per dbt model: the outcome of its last build, whichever run did it, and what
              it was built from. status: success, error (data tests included), skipped;
              interrupted while dbt runs, and for good where the process died in it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestration.model_graph import Outcome
from orchestration.state import State

if TYPE_CHECKING:
    import duckdb

RunStatus = Literal["running", "published", "unchanged", "failed", "unpublished", "died"]

_TABLES = (
    "create schema if not exists audit",
    """create table if not exists audit.runs (
        run_id VARCHAR PRIMARY KEY, state_fingerprint VARCHAR, state VARCHAR, as_of DATE,
        started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR, message VARCHAR
    )""",
    """create table if not exists audit.models (
        model VARCHAR PRIMARY KEY, run_id VARCHAR, status VARCHAR, message VARCHAR,
        built_at TIMESTAMP, state VARCHAR
    )""",
    "alter table audit.models add column if not exists state VARCHAR",
)


@dataclass(frozen=True)
class ModelOutcome:
    """A row of audit.models; `state` is what the table was built from."""

    name: str
    status: str
    message: str
    state: str = ""


def ensure_run_log(con: "duckdb.DuckDBPyConnection") -> None:
    """Create audit.runs and audit.models where they are missing."""
    for statement in _TABLES:
        con.execute(statement)


def begin_run(
    con: "duckdb.DuckDBPyConnection", run_id: str, as_of: dt.date, started_at: dt.datetime
) -> None:
    """Note that a run began. The caller holds the run lock, so any other running one has died."""
    con.execute(
        "update audit.runs set status = 'died', finished_at = ? where status = 'running' "
        "and run_id <> ?",
        [_utc(started_at), run_id],
    )
    con.execute(
        "insert into audit.runs (run_id, as_of, started_at, status) values (?, ?, ?, 'running') "
        "on conflict (run_id) do nothing",
        [run_id, as_of, _utc(started_at)],
    )


def end_run(
    con: "duckdb.DuckDBPyConnection",
    run_id: str,
    status: RunStatus,
    *,
    finished_at: dt.datetime,
    state: State | None = None,
    message: str = "",
) -> None:
    """Note how a run ended, once; `state` only when its publication is complete."""
    con.execute(
        "update audit.runs set status = ?, finished_at = ?, state_fingerprint = ?, state = ?, "
        "message = ? where run_id = ? and status = 'running'",
        [
            status, _utc(finished_at), state.fingerprint if state else None,
            state.to_json() if state else None, message, run_id,
        ],
    )  # fmt: skip


def last_published_state(con: "duckdb.DuckDBPyConnection") -> State | None:
    """The state that the warehouse and the newest publication share; None when they may differ.

    They differ after a run that ended before publishing: it may have left tables of another clock
    or spec behind. A publication that lacked a model has no state either.
    """
    row = con.execute(
        "select status, state from audit.runs where status <> 'unchanged' "
        "order by started_at desc limit 1"
    ).fetchone()
    return State.from_json(row[1]) if row and row[0] == "published" and row[1] else None


def last_published_run(con: "duckdb.DuckDBPyConnection") -> str | None:
    """Id of the run that published last; None where none did."""
    row = con.execute(
        "select run_id from audit.runs where status = 'published' order by started_at desc limit 1"
    ).fetchone()
    return row[0] if row else None


def last_clock(warehouse: Path) -> dt.date | None:
    """The clock of the last run; None when the warehouse is new."""
    import duckdb

    if not warehouse.exists():
        return None
    with duckdb.connect(str(warehouse)) as con:
        ensure_run_log(con)
        row = con.execute(
            "select as_of from audit.runs order by started_at desc limit 1"
        ).fetchone()
    return row[0] if row else None


def record_outcomes(
    con: "duckdb.DuckDBPyConnection",
    run_id: str,
    outcomes: Iterable[Outcome],
    now: dt.datetime,
    states: Mapping[str, str],
) -> None:
    """Keep each model's newest outcome, and by name what its table was built from."""
    rows = [
        [o.name, run_id, o.status, o.message or "", _utc(now), states.get(o.name, "")]
        for o in outcomes
    ]
    if rows:  # all of them or none, and one disk sync
        marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
        con.execute(
            "insert or replace into audit.models (model, run_id, status, message, built_at, state) "
            f"values {marks}",
            [value for row in rows for value in row],
        )


def outcomes(con: "duckdb.DuckDBPyConnection") -> tuple[ModelOutcome, ...]:
    """The newest outcome of every model ever built."""
    rows = con.execute(
        "select model, status, message, coalesce(state, '') from audit.models order by model"
    ).fetchall()
    return tuple(ModelOutcome(*row) for row in rows)


def _utc(moment: dt.datetime) -> dt.datetime:
    """TIMESTAMP columns hold UTC without a zone."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
