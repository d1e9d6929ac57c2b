"""A fault of a mart that another mart is made from is the other's, too: both are told as one.

A dataset's fault (rows in two currencies, a key that stands twice) is found in its mart, and in
each mart that reads this one. Which mart reads which is known from their SQL; that the fault came
that way is assumed where owner and reason are the same and the days meet. What two marts have from
one staging model is told of each: which of its rows a mart takes is not known.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from kpi_specs.language.project import Project
from orchestration.alerts.affected import Affected, by_time, spans
from orchestration.model_graph import ModelGraph, read_graph
from orchestration.paths import ProjectPaths

Severity = Literal["kpi", "slice", "warning"]
Key = tuple[str, str, str, Severity]  # owner, root, reason code


def join_marts(groups: dict[Key, list[Affected]], project: Project) -> dict[str, set[str]]:
    """Move the periods of a mart's fault to that of the mart furthest upstream that explains them.

    A stretch of periods is explained by one that shares a day with it; others stay, as a cause of
    their own.

    Args:
        groups: the affected periods by cause; changed in place.
        project: the specs; its dbt project is read where two datasets have the same fault.

    Returns:
        Root of a fault -> roots to which some or all of its periods have gone.
    """
    marts = {key: mart for key in groups if (mart := _mart_of(project, key[1]))}
    if len(marts) < 2:
        return {}
    graph = read_graph(ProjectPaths(project.root).dbt_project)
    ranked = sorted(marts, key=lambda key: (graph.depth(marts[key][0]), key))
    gone: dict[str, set[str]] = {}
    for number, key in enumerate(ranked):
        for upstream in ranked[:number]:
            if upstream in groups and _may_explain(graph, marts, upstream, key):
                explained = _explained(groups[key], groups[upstream])
                if explained:
                    groups[upstream] += [replace(one, is_inherited=True) for one in explained]
                    groups[key] = [one for one in groups[key] if one not in explained]
                    gone.setdefault(key[1], set()).add(upstream[1])
        if not groups[key]:
            del groups[key]
    return gone


def _mart_of(project: Project, root: str) -> tuple[str, str] | None:
    """The mart whose fault it is, with the column where one is named; None of other causes.

    `column:ads.spend` is one of the dataset, unless a source has that name as well.
    """
    kind, _, name = root.partition(":")
    name, _, column = name.partition(".")
    if name not in project.datasets or kind not in ("dataset", "column"):
        return None
    if kind == "column" and name in project.sources:
        return None
    return project.datasets[name].model, column


def _may_explain(
    graph: ModelGraph, marts: dict[Key, tuple[str, str]], upstream: Key, key: Key
) -> bool:
    """Whether owner and reason are the same, and one mart is made from the other, or is it."""
    if (upstream[0], upstream[2:]) != (key[0], key[2:]):
        return False
    return marts[upstream] == marts[key] or marts[upstream][0] in graph.ancestors([marts[key][0]])


def _explained(mine: Iterable[Affected], theirs: Iterable[Affected]) -> set[Affected]:
    """Those of `mine` that lie in a stretch which shares a day with one of `theirs` itself."""
    causes = spans(sorted((one for one in theirs if not one.is_inherited), key=by_time))
    stretches = [
        span
        for span in spans(sorted(mine, key=by_time))
        if any(cause.start <= span.end and span.start <= cause.end for cause in causes)
    ]
    return {
        one
        for one in mine
        if any(
            (one.kpi, one.cadence) == (span.kpi, span.cadence)
            and span.start <= one.period_start <= span.end
            for span in stretches
        )
    }
