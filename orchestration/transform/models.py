"""Run dbt models with their data tests and say what became of each model.

A model whose data test fails counts as failed, and what is built on it is not run: a mart with two
rows for one key gives KPIs no one should see. The tests run in the same call of dbt (80 tests:
1.1 s besides the demo's models' 3.5 s). A test that may fail has `severity: warn`.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from orchestration.paths import ProjectPaths
from orchestration.transform.invocation import invoke
from orchestration.transform.manifest import prepare

ModelStatus = Literal["success", "error", "skipped"]

# dbt's words for runs and tests; a test that warns has passed.
_STATUS: dict[str, ModelStatus] = {
    "success": "success",
    "pass": "success",
    "warn": "success",
    "no-op": "success",
    "skipped": "skipped",
}

_SKIPPED = "not run, because something that it is built on failed"


@dataclass(frozen=True)
class ModelResult:
    """What became of one model."""

    name: str
    status: ModelStatus
    seconds: float
    message: str  # '' for a success; why not, otherwise


def run_models(
    paths: ProjectPaths,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    on_model: Callable[[ModelResult], None] | None = None,
    full_refresh: bool = False,
) -> tuple[ModelResult, ...]:
    """Run models in the order of their dependencies, and after each its data tests.

    The caller has closed its own connections to the warehouse; none is open afterwards. A model
    that fails, or one of whose data tests fails, raises nothing: it has the status 'error', the
    models built on it 'skipped'. A test of several models counts for the one it is written at, or
    for all of them when it is a query of its own.

    Args:
        paths: the project's files.
        select: dbt selectors, e.g. `fct_order_lines` or `stg_pos_transactions__lines+`; empty:
            all models.
        exclude: dbt selectors to leave out.
        full_refresh: Write the parts of incremental datasets as a whole.
        on_model: called as each model ends, for progress; its tests may still fail.

    Returns:
        One result per selected model, in the order they ran.

    Raises:
        TransformError: the project cannot be parsed, or the warehouse cannot be opened.
    """
    manifest = prepare(paths)
    for leftover in ("compiled", "run"):
        shutil.rmtree(paths.dbt_target / leftover, ignore_errors=True)
    arguments = [word for name in select for word in ("--select", name)]
    arguments += [word for name in exclude for word in ("--exclude", name)]

    def on_event(event: Any) -> None:
        if on_model is None or event.info.name != "NodeFinished":
            return
        node, outcome = event.data.node_info, event.data.run_result
        if node.resource_type != "model":
            return
        status = _STATUS.get(outcome.status, "error")
        message = "" if status == "success" else outcome.message
        on_model(ModelResult(node.node_name, status, outcome.execution_time, message))

    # Unit tests prove the SQL, not the data: they belong to development.
    only = ["--resource-type", "model", "--resource-type", "test"]
    only += ["--full-refresh"] if full_refresh else []
    outcome = invoke(paths, "build", [*only, *arguments], manifest=manifest, on_event=on_event)
    shutil.rmtree(paths.dbt_target / "run", ignore_errors=True)
    models = [one for one in outcome.results if str(one.node.resource_type) == "model"]
    tests = [one for one in outcome.results if str(one.node.resource_type) == "test"]
    return tuple(_results(models, _failed_tests(tests)))


def _failed_tests(tests: Iterable[Any]) -> dict[str, list[str]]:
    """Unique id of a model -> what its failed tests say; a skipped test says nothing."""
    found: dict[str, list[str]] = {}
    for test in tests:
        if _STATUS.get(str(test.status), "error") == "error":
            rows = f"found {test.failures} failing row{'' if test.failures == 1 else 's'}"
            what = rows if str(test.status) == "fail" else f"could not be made: {test.message}"
            attached = getattr(test.node, "attached_node", None)
            for model in [attached] if attached else test.node.depends_on.nodes:
                found.setdefault(model, []).append(f"its data test {test.node.name} {what}")
    return found


def _results(models: Iterable[Any], failed: Mapping[str, Sequence[str]]) -> Iterable[ModelResult]:
    stopped: dict[str, str] = {}  # unique id -> name, of what failed or was skipped
    for outcome in models:
        node = outcome.node
        status = _STATUS.get(str(outcome.status), "error")
        message = "" if status == "success" else (outcome.message or "")
        if status == "skipped":
            parents = [stopped[parent] for parent in node.depends_on.nodes if parent in stopped]
            message = f"not run, because of {', '.join(parents)}" if parents else _SKIPPED
        elif status == "success" and node.unique_id in failed:
            status, message = "error", "; ".join(failed[node.unique_id])
        if status != "success":
            stopped[node.unique_id] = node.name
        yield ModelResult(node.name, status, outcome.execution_time, message)
