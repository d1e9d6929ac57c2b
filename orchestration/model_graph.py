"""Which dbt model reads which, read from the SQL files themselves.

dbt's own manifest says the same and more, but takes seconds to make; drawing the asset graph and
deciding what to leave out must not start dbt.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

KPI_FOLDER = "kpis"
KPI_PREFIX = "kpi_"
# Components that several KPIs share, and what stands in for an input of one.
PARTS_PREFIXES = ("kpi_parts_", "kpi_inputs_of_")

_COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.DOTALL)
_REF = re.compile(r"\bref\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]")
_SOURCE = re.compile(r"\bsource\(\s*['\"](\w+)['\"]\s*,\s*['\"](\w+)['\"]")


class Outcome(Protocol):
    """How building one model ended: `success`, `error` or `skipped`, and dbt's words."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Model:
    """One dbt model: its folder under `models/`, the models and the raw sources it reads."""

    name: str
    folder: str
    refs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # of the schema raw; calendars and the like are not sources

    @property
    def is_kpi(self) -> bool:
        """Whether it is a KPI's own table."""
        return self.folder == KPI_FOLDER and not self.is_parts

    @property
    def kpi(self) -> str:
        """Id of the KPI whose table it is."""
        return self.name.removeprefix(KPI_PREFIX)

    @property
    def is_parts(self) -> bool:
        """Whether it holds what KPIs are made of."""
        return self.folder == KPI_FOLDER and self.name.startswith(PARTS_PREFIXES)


@dataclass(frozen=True)
class ModelGraph:
    """All models of a project by name."""

    models: Mapping[str, Model] = field(default_factory=dict)

    @cached_property
    def _readers(self) -> dict[str, list[str]]:
        readers: dict[str, list[str]] = {name: [] for name in self.models}
        for model in self.models.values():
            for ref in model.refs:
                readers.setdefault(ref, []).append(model.name)
        return readers

    def ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """The models that these models rest on, themselves left out unless one reads another."""
        return _closure(names, lambda name: self.models[name].refs if name in self.models else ())

    def depth(self, name: str) -> int:
        """How many models it rests on; sorting by it puts every model after what it reads."""
        return len(self.ancestors([name]))

    def descendants(self, names: Iterable[str]) -> frozenset[str]:
        """The models that rest on these models."""
        return _closure(names, lambda name: self._readers.get(name, ()))


def _closure(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    todo = [near for name in names for near in step(name)]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(step(name))
    return frozenset(found)


def read_graph(dbt_project: Path) -> ModelGraph:
    """Read every `models/**/*.sql` of a dbt project; without models the graph is empty."""
    root = dbt_project / "models"
    models = {}
    for file in sorted(root.rglob("*.sql")):
        sql = _COMMENT.sub(" ", file.read_text(encoding="utf-8"))
        models[file.stem] = Model(
            name=file.stem,
            folder=file.relative_to(root).parts[0],
            refs=tuple(dict.fromkeys(_REF.findall(sql))),
            sources=tuple(
                dict.fromkeys(n for schema, n in _SOURCE.findall(sql) if schema == "raw")
            ),
        )
    return ModelGraph(models)


def models_left_out(graph: ModelGraph, without: Iterable[str]) -> frozenset[str]:
    """The models not to build because a source or a column is missing, with all that rest on them.

    Args:
        graph: The project's models.
        without: Models of the KPIs and datasets that cannot be computed.
    """
    direct = set(without)
    return frozenset((direct | graph.descendants(direct)) & graph.models.keys())


def compute_errors(
    graph: ModelGraph, kpi_models: Mapping[str, str], results: Iterable[Outcome]
) -> dict[str, str]:
    """KPIs without a trustworthy table, with the reason: their model or one it rests on failed.

    A message begins with the model's name and a colon: the judge takes it as the root cause. Where
    several failed, the one furthest upstream is named: the others follow from it.
    """
    failed = {result.name: result for result in results if result.status != "success"}
    errors = {}
    for kpi, model in kpi_models.items():
        suspects = [failed[name] for name in {model, *graph.ancestors([model])} if name in failed]
        if suspects:
            root = min(suspects, key=lambda r: (r.status != "error", graph.depth(r.name), r.name))
            errors[kpi] = f"{root.name}: {_what_happened(root)}"
    return errors


def _what_happened(result: Outcome) -> str:
    """In one line: dbt's own words span several."""
    words = " ".join((result.message or "").split())
    if result.status == "error":
        return words or "failed"
    return f"was not built: {words}" if words else "was not built"
