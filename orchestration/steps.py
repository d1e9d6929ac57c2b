"""The steps that a run is made of, as one table of functions.

A run calls these and nothing else, so a test replaces any of them by a fake. Each imports its
package when it is called: a run with nothing new pays for none of dbt and Great Expectations.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpi_specs.language.project import Project
from kpi_specs.language.source import Source
from orchestration.model_graph import Outcome
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    import duckdb


def _ensure_schemas(con: "duckdb.DuckDBPyConnection") -> None:
    from orchestration.ingest import ensure_schemas

    ensure_schemas(con)


def _write_calendar(con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date) -> None:
    from orchestration.transform.calendar import write_calendar

    write_calendar(con, project, as_of)


def _ingest_source(
    con: "duckdb.DuckDBPyConnection",
    source: Source,
    *,
    paths: ProjectPaths,
    run_id: str,
    loaded_at: dt.datetime,
) -> Any:
    from orchestration.ingest import ingest_source

    return ingest_source(con, source, root=paths.root, run_id=run_id, loaded_at=loaded_at)


def _compile_project(project: Project) -> Any:
    from kpi_specs.compiler import compile_project

    return compile_project(project)


def _write_models(paths: ProjectPaths, files: dict[str, str]) -> None:
    from kpi_specs.compiler import write

    write(paths.root, files)


def _preflight(con: "duckdb.DuckDBPyConnection", project: Project) -> Any:
    from expectations import preflight

    return preflight(con, project)


def _run_models(
    paths: ProjectPaths,
    select: Sequence[str],
    on_model: Callable[[Outcome], None],
    *,
    full_refresh: bool,
) -> tuple[Outcome, ...]:
    from orchestration.transform import run_models

    return run_models(paths, select=select, on_model=on_model, full_refresh=full_refresh)


def _judge(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    *,
    as_of: dt.date,
    run_id: str,
    compute_errors: Mapping[str, str],
) -> Any:
    from expectations import judge

    return judge(con, project, as_of=as_of, run_id=run_id, compute_errors=compute_errors)


def _publish(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    compiled: Any,
    paths: ProjectPaths,
    *,
    run_id: str,
    computed_at: dt.datetime,
    as_of: dt.date,
) -> Any:
    from orchestration.alerts import foresee
    from orchestration.publish import publish

    # They are recorded, and told, once the publication is in place.
    incidents = foresee(con, project, run_id=run_id, now=computed_at)
    return publish(
        con, project, compiled, paths, run_id=run_id, computed_at=computed_at, as_of=as_of,
        incidents=incidents,
    )  # fmt: skip


def _record_incidents(
    con: "duckdb.DuckDBPyConnection", project: Project, *, run_id: str, now: dt.datetime
) -> Any:
    from orchestration.alerts import record_incidents

    return record_incidents(con, project, run_id=run_id, now=now)


def _deliver(con: "duckdb.DuckDBPyConnection", project: Project, *, now: dt.datetime) -> Any:
    from orchestration.alerts import deliver, specs_are_read
    from orchestration.last_valid_specs import keep_last_valid_specs

    keep_last_valid_specs(ProjectPaths(project.root), project)
    specs_are_read(con, project, now=now)
    return deliver(con, project, now=now)


@dataclass(frozen=True)
class Steps:
    """One function per step; the defaults are the real ones."""

    ensure_schemas: Callable[..., None] = _ensure_schemas
    write_calendar: Callable[..., None] = _write_calendar
    ingest_source: Callable[..., Any] = _ingest_source
    compile_project: Callable[[Project], Any] = _compile_project
    write_models: Callable[[ProjectPaths, dict[str, str]], None] = _write_models
    preflight: Callable[..., Any] = _preflight
    run_models: Callable[..., tuple[Outcome, ...]] = _run_models
    judge: Callable[..., Any] = _judge
    publish: Callable[..., Any] = _publish
    record_incidents: Callable[..., Any] = _record_incidents
    deliver: Callable[..., Any] = _deliver
