"""One call of dbt in this process: quiet, without network, and with the warehouse closed after."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from orchestration.paths import ProjectPaths
from orchestration.transform.errors import TransformError

WAREHOUSE_VARIABLE = "KPI_WAREHOUSE"  # read by profiles.yml


def invoke(
    paths: ProjectPaths,
    command: str,
    arguments: Sequence[str] = (),
    *,
    manifest: Any = None,
    on_event: Callable[[Any], None] | None = None,
) -> Any:
    """Call dbt and return its result: a Manifest for `parse`, run results for `run` and `build`.

    The project, its profiles.yml, target and log folders come from `paths`. dbt's own lines go to
    `var/logs/dbt.log`; nothing is written to the terminal.

    Args:
        paths: the project's files.
        command: dbt's command.
        arguments: what follows it.
        manifest: a prepared manifest; parsing is left out then.
        on_event: called with every event of dbt, in this thread or a worker's.

    Raises:
        TransformError: dbt could not do its work at all.
    """
    if not (paths.dbt_project / "dbt_project.yml").is_file():
        raise TransformError(
            f"{paths.dbt_project}/dbt_project.yml is not there; a project needs a dbt project"
        )
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    flags = (
        *("--quiet", "--no-print", "--log-level", "none", "--log-level-file", "info"),
        *("--log-path", str(paths.var / "logs"), "--no-use-colors", "--no-use-colors-file"),
        *("--no-version-check", "--no-send-anonymous-usage-stats", "--no-write-json"),
    )
    places = (
        *("--project-dir", str(paths.dbt_project), "--profiles-dir", str(paths.dbt_project)),
        *("--target-path", str(paths.dbt_target)),
    )
    runner = dbtRunner(manifest=manifest, callbacks=[] if on_event is None else [on_event])
    with _environment({WAREHOUSE_VARIABLE: str(paths.warehouse), "DO_NOT_TRACK": "1"}):
        try:
            outcome = runner.invoke([*flags, command, *arguments, *places])
        finally:
            # Whatever the profile says: an open handle would block the next step.
            DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise _readable(paths, command, outcome.exception) from None
    return outcome.result


def _readable(paths: ProjectPaths, command: str, error: BaseException) -> BaseException:
    """A TransformError with dbt's own words; what is not dbt's (Ctrl-C, a disk) stays as it is."""
    if not isinstance(error, Exception) or isinstance(error, OSError):
        return error
    words = str(error).strip() or type(error).__name__
    advice = "correct the file that dbt names, or run `kpi compile` if it is a generated one"
    if "set lock on file" in words or "different configuration" in words:
        advice = "close whatever has the warehouse open (one process may write to it) and run again"
    return TransformError(f"dbt {command} of {paths.dbt_project} failed: {words}\n{advice}")


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the time of the call only."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
