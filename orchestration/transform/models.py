"""Run dbt models and say what became of each."""

import shutil
from collections.abc import Callable, Iterable, Sequence
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
    """What became of one model (or test)."""

    name: str
    status: ModelStatus
    seconds: float
    message: str  # '' for a success; why not, otherwise
    kind: str = "model"  # dbt's resource type: model, test, ...


def run_models(
    paths: ProjectPaths,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    on_model: Callable[[ModelResult], None] | None = None,
    tests: bool = False,
) -> tuple[ModelResult, ...]:
    """Run models in the order of their dependencies.

    The caller has closed its own connections to the warehouse; none is open afterwards. A model
    that fails raises nothing: it has the status 'error', the models built on it 'skipped'.

    Args:
        paths: the project's files.
        select: dbt selectors, e.g. `fct_order_lines` or `stg_pos_transactions__lines+`; empty:
            all models.
        exclude: dbt selectors to leave out.
        on_model: called as each model ends, for progress.
        tests: run the data tests too; models below a failed test are skipped.

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
        status = _STATUS.get(outcome.status, "error")
        message = "" if status == "success" else outcome.message
        on_model(
            ModelResult(node.node_name, status, outcome.execution_time, message, node.resource_type)
        )

    command = "build" if tests else "run"
    outcome = invoke(paths, command, arguments, manifest=manifest, on_event=on_event)
    shutil.rmtree(paths.dbt_target / "run", ignore_errors=True)
    return tuple(_results(outcome.results))


def _results(outcomes: Iterable[Any]) -> Iterable[ModelResult]:
    stopped: dict[str, str] = {}  # unique id -> name, of what failed or was skipped
    for outcome in outcomes:
        node = outcome.node
        status = _STATUS.get(str(outcome.status), "error")
        message = "" if status == "success" else (outcome.message or "")
        if status == "skipped":
            parents = [stopped[parent] for parent in node.depends_on.nodes if parent in stopped]
            message = f"not run, because of {', '.join(parents)}" if parents else _SKIPPED
        if status != "success":
            stopped[node.unique_id] = node.name
        yield ModelResult(
            node.name, status, outcome.execution_time, message, str(node.resource_type)
        )
