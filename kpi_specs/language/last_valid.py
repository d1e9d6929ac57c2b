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

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.loader import Loaded, in_its_calendar, load_project
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project, ProjectSettings, SpecText
from kpi_specs.language.removed import still_named
from kpi_specs.language.validation import validate
from kpi_specs.language.withheld import has_periods, withheld
from kpi_specs.language.yaml_lines import parse

_FOLDER = "kpi_specs/kpis/"
# Of a whole spec; the same key within one names an input, or a target's base.
_ID_LINE = re.compile(r"^(?:- )?kpi:[ \t]*['\"]?([a-z0-9_]+)", re.MULTILINE)


def load_with_last_valid(
    root: Path, last_valid: Mapping[str, SpecText], *, clock: dt.date | None = None
) -> Loaded:
    """Read the project; where only KPI specs have errors, with their last valid texts.

    A KPI whose last valid text does not fit the rest of the project any more keeps its rows, and so
    do those that are computed from it (`withheld`). Of one that was never valid none are known.

    Args:
        root: The project's folder.
        last_valid: KPI id -> the text of its spec when it was valid the last time.
        clock: As of `load_project`.

    Returns:
        Like `load_project`, with the problems of the files as they are. Its project is None only
        where something else than KPI specs has errors, or nothing is known of any KPI.
    """
    root = root.resolve()
    loaded = load_project(root, clock=clock)
    instead: dict[str, SpecText | None] = {}
    invalid: dict[str, tuple[Problem, ...]] = {}
    tried = loaded
    while tried.project is None:
        wrong, others = problems_by_kpi(root, tried.errors, last_valid)
        gone = _without_file(root, last_valid.keys() - instead.keys() - wrong.keys())
        texts = {kpi: last_valid[kpi] for kpi in sorted(gone)}
        removed = still_named(root, tried.errors, texts, instead, clock=clock)
        if removed:
            invalid |= {kpi: (problem,) for kpi, problem in removed.items()}
            instead |= {kpi: texts[kpi] for kpi in removed}
            tried = load_project(root, clock=clock, instead=instead)
            continue
        if others:
            return loaded
        # One that was changed may be what makes others invalid that were not.
        changed = {
            kpi: problems
            for kpi, problems in wrong.items()
            if kpi not in instead and _has_changed(root, kpi, last_valid.get(kpi))
        }
        before = dict(instead)
        for kpi, problems in (changed or wrong).items():
            invalid.setdefault(kpi, problems)
            instead[kpi] = last_valid.get(kpi) if kpi in changed else None
        for name in _names(tried.errors) - last_valid.keys():
            instead.setdefault(name, None)  # a file of another name than the KPI it is told of has
        if instead == before:
            return loaded  # what is wrong is in no text that was read
        tried = load_project(root, clock=clock, instead=instead)
    if not invalid:
        return loaded
    project = _complete(tried.project, invalid, last_valid)
    return replace(loaded, project=project) if project.kpis else loaded


def problems_by_kpi(
    root: Path, problems: Iterable[Problem], known: Iterable[str]
) -> tuple[dict[str, tuple[Problem, ...]], tuple[Problem, ...]]:
    """Sort errors by the KPI whose spec they are in, and those that are in no KPI's.

    A file speaks for the KPI of its name; and for one that is named in it, was known before and has
    no file of its own now: several were put into one file, or it was renamed. Then its new name is
    no KPI's, and it speaks for the one alone.

    Args:
        root: The project's folder.
        problems: What is wrong.
        known: Ids of the KPIs that were valid before.
    """
    found: dict[str, list[Problem]] = {}
    others = []
    known = set(known)
    homeless = _without_file(root, known)
    for one in problems:
        if not one.file.startswith(_FOLDER):
            others.append(one)
            continue
        named = homeless.intersection(_ID_LINE.findall(_text_of(root / one.file)))
        own = PurePosixPath(one.file).stem
        for kpi in sorted(named) if named and own not in known else (own, *sorted(named)):
            found.setdefault(kpi, []).append(one)
    return {kpi: tuple(dict.fromkeys(theirs)) for kpi, theirs in found.items()}, tuple(others)


def _without_file(root: Path, kpis: Iterable[str]) -> set[str]:
    return set(kpis) - {path.stem for path in (root / _FOLDER).rglob("*.yml")}


def _names(problems: Iterable[Problem]) -> set[str]:
    """The names of the files of KPI specs that something is wrong with."""
    return {PurePosixPath(one.file).stem for one in problems if one.file.startswith(_FOLDER)}


def _text_of(file: Path) -> str:
    """What can be read of a file; '' where nothing can."""
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _has_changed(root: Path, kpi: str, last: SpecText | None) -> bool:
    """Whether a KPI's spec is another than it was, or in another place, or in several."""
    files = [path for path in (root / _FOLDER).rglob("*.yml") if path.stem == kpi]
    return last is None or files != [root / last.file] or _text_of(files[0]) != last.text


def _complete(
    project: Project,
    invalid: Mapping[str, tuple[Problem, ...]],
    last_valid: Mapping[str, SpecText],
) -> Project:
    """The project with the rows of KPIs that no text can compute, and of those over them.

    Args:
        project: What could be loaded.
        invalid: KPI id -> what is wrong with its spec.
        last_valid: As of `load_with_last_valid`.
    """
    kpis, texts = dict(project.kpis), dict(project.texts)
    # KPI that cannot be computed -> the one whose spec is to be mended.
    cause = {kpi: kpi for kpi in invalid if kpi not in kpis}
    for kpi in cause:
        spec = _read(last_valid[kpi], project.settings) if kpi in last_valid else None
        if spec is not None and has_periods(spec, project.settings):
            kpis[kpi], texts[kpi] = withheld(spec), last_valid[kpi]
    for _ in project.kpis:  # as deep as KPIs may rest on KPIs
        for kpi, spec in project.kpis.items():
            lacking = [one for one in spec.metric.uses if one in cause]
            if lacking and kpi not in cause:
                kpis[kpi] = withheld(spec)
                cause[kpi] = kpi if kpi in invalid else cause[lacking[0]]
    for kpi, spec in kpis.items():
        targets = tuple(one for one in spec.targets if one.kpi is None or one.kpi in kpis)
        if len(targets) < len(spec.targets):  # of something without a value there is no share
            kpis[kpi] = spec.model_copy(update={"targets": targets})
    in_order = sorted(kpis, key=lambda kpi: PurePosixPath(texts[kpi].file))
    return replace(
        project,
        kpis={kpi: kpis[kpi] for kpi in in_order},
        files={kpi: texts[kpi].file for kpi in in_order},
        texts=texts,
        invalid=dict(invalid),
        held_by={kpi: one for kpi, one in cause.items() if kpi not in invalid},
    )


def _read(text: SpecText, settings: ProjectSettings) -> Kpi | None:
    """A spec by itself; None where it is none."""
    document = parse(text.file, text.text)
    if isinstance(document, Problem):
        return None
    kpi, _ = validate(Kpi, document)
    return None if kpi is None else in_its_calendar(kpi, settings)
