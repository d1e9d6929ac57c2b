"""The texts of the KPI specs as the last good run found them: `var/last_valid_specs.json`.

A file of its own, for who loads the specs may not open the warehouse: a run has it, or nobody has
made it yet. Without the file, or with a damaged one, an invalid KPI is only told of.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict

from kpi_specs.language import Loaded, Project, SpecText, load_with_last_valid
from orchestration.paths import ProjectPaths

_SHOWN = 5  # problems of a spec


def load_for_run(paths: ProjectPaths) -> Loaded:
    """The project as a run takes it: a KPI whose spec is invalid by its last valid text."""
    return load_with_last_valid(paths.root, last_valid_specs(paths))


def last_valid_specs(paths: ProjectPaths) -> dict[str, SpecText]:
    """KPI id -> its last valid text; nothing where there is no file, or none that can be read."""
    try:
        found = json.loads(paths.last_valid_specs.read_text(encoding="utf-8"))
        return {
            str(kpi): SpecText(str(one["file"]), str(one["text"])) for kpi, one in found.items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def keep_last_valid_specs(paths: ProjectPaths, project: Project) -> None:
    """Keep the texts of what is valid; of what is not, what was kept before."""
    before = last_valid_specs(paths)
    kept = {kpi: text for kpi, text in project.texts.items() if kpi not in project.invalid}
    kept |= {kpi: before[kpi] for kpi in project.invalid if kpi in before}
    if kept == before:
        return
    content = json.dumps({kpi: asdict(text) for kpi, text in kept.items()}, ensure_ascii=False)
    paths.var.mkdir(parents=True, exist_ok=True)
    new = paths.last_valid_specs.with_suffix(".new")
    new.write_text(content, encoding="utf-8")
    os.replace(new, paths.last_valid_specs)  # whole or not at all


def withheld_lines(project: Project) -> Iterator[str]:
    """What a run says of invalid specs: which KPIs are withheld, why, and what to do."""
    if not project.invalid:
        return
    for kpi, problems in project.invalid.items():
        unknown = "not published, since no valid version of it is known"
        yield f"{kpi}: its spec is invalid; {'withheld' if kpi in project.kpis else unknown}."
        yield from (f"    {problem}" for problem in problems[:_SHOWN])
        if len(problems) > _SHOWN:
            yield f"    and {len(problems) - _SHOWN} more"
        over = [one for one, root in project.withheld.items() if root == kpi and one != kpi]
        if over:
            yield f"    Withheld with it, since computed from it: {', '.join(over)}."
    others = "The other KPIs are as ever. " if project.kpis.keys() - project.withheld else ""
    specs = "the spec ('kpi validate' checks it)"
    if len(project.invalid) > 1:
        specs = "the specs ('kpi validate' checks them)"
    yield f"{others}Correct {specs}, then run 'kpi run'."
