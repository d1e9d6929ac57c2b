"""A project of which some KPI specs are invalid, with the last valid texts in their place.

So one invalid file does not keep the other KPIs from being computed: the project that comes out is
valid, and `Project.invalid` says which KPIs have no value and why. What is wrong elsewhere, in a
source or in owners.yml, concerns them all and is not mended here.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kpi_specs.language.loader import Loaded, load_project
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project, SpecText

_FOLDER = "kpi_specs/kpis/"
_ID_LINE = re.compile(r"^[ \t-]*kpi:[ \t]*['\"]?([a-z0-9_]+)", re.MULTILINE)


def load_with_last_valid(
    root: Path, last_valid: Mapping[str, SpecText], *, clock: dt.date | None = None
) -> Loaded:
    """Read the project; where only KPI specs have errors, with their last valid texts.

    A KPI whose last valid text does not fit the rest of the project any more, and one that was
    never valid, is left out, with all that are computed from it.

    Args:
        root: The project's folder.
        last_valid: KPI id -> the text of its spec when it was valid the last time.
        clock: As of `load_project`.

    Returns:
        Like `load_project`, with the problems of the files as they are. Its project is None only
        where something else than KPI specs has errors.
    """
    root = root.resolve()
    loaded = load_project(root, clock=clock)
    instead: dict[str, SpecText | None] = {}
    invalid: dict[str, tuple[Problem, ...]] = {}
    tried = loaded
    while tried.project is None:
        wrong, others = problems_by_kpi(root, tried.errors, last_valid)
        if others:
            return loaded
        # One that was changed may be what makes others invalid that were not.
        changed = {
            kpi: problems
            for kpi, problems in wrong.items()
            if kpi not in instead and _has_changed(root, kpi, last_valid.get(kpi))
        }
        for kpi, problems in (changed or wrong).items():
            invalid.setdefault(kpi, problems)
            instead[kpi] = last_valid.get(kpi) if kpi in changed else None
        tried = load_project(root, clock=clock, instead=instead)
    return replace(loaded, project=_without(tried.project, invalid))


def problems_by_kpi(
    root: Path, problems: Iterable[Problem], known: Iterable[str]
) -> tuple[dict[str, tuple[Problem, ...]], tuple[Problem, ...]]:
    """Sort errors by the KPI whose spec they are in, and those that are in no KPI's.

    A file speaks for the KPI of its name; and for one that is named in it, was known before and has
    no file of its own now: it was renamed, or several were put into one file.

    Args:
        root: The project's folder.
        problems: What is wrong.
        known: Ids of the KPIs that were valid before.
    """
    found: dict[str, list[Problem]] = {}
    others = []
    homeless = set(known) - {path.stem for path in (root / _FOLDER).rglob("*.yml")}
    for one in problems:
        if not one.file.startswith(_FOLDER):
            others.append(one)
            continue
        named = homeless.intersection(_ID_LINE.findall(_text_of(root / one.file)))
        for kpi in (PurePosixPath(one.file).stem, *sorted(named)):
            found.setdefault(kpi, []).append(one)
    return {kpi: tuple(dict.fromkeys(theirs)) for kpi, theirs in found.items()}, tuple(others)


def _text_of(file: Path) -> str:
    """What can be read of a file; '' where nothing can."""
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _has_changed(root: Path, kpi: str, last: SpecText | None) -> bool:
    """Whether a KPI's spec is another than it was, or in another place, or in several."""
    files = list((root / _FOLDER).rglob(f"{kpi}.yml"))
    return last is None or files != [root / last.file] or _text_of(files[0]) != last.text


def _without(project: Project, invalid: dict[str, tuple[Problem, ...]]) -> Project:
    """The project without what rests on KPIs of which no text is valid."""
    invalid, kpis = dict(invalid), dict(project.kpis)
    missing = invalid.keys() - kpis.keys()
    for _ in project.kpis:  # as deep as KPIs may rest on KPIs
        for kpi, spec in list(kpis.items()):
            lacking = sorted(missing.intersection(spec.metric.uses))
            if lacking:
                said = f"it is computed from '{lacking[0]}', of which no spec is valid."
                problem = Problem(project.files[kpi], 1, "input-is-invalid", said)
                invalid.setdefault(kpi, (problem,))
                missing.add(kpi)
                del kpis[kpi]
    for kpi, spec in kpis.items():
        targets = tuple(one for one in spec.targets if one.kpi not in missing)
        if len(targets) < len(spec.targets):  # a base without a value gives none
            kpis[kpi] = spec.model_copy(update={"targets": targets})
    return replace(project, kpis=kpis, invalid=invalid)
