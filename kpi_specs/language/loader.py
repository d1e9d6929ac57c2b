"""Reads a project's YAML into models and collects every problem on the way."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kpi_specs.language.base import SpecModel
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.dbt_columns import declared
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.project import Objective, Owner, Project, ProjectSettings, SpecText
from kpi_specs.language.rules import RULES, RuleContext
from kpi_specs.language.source import Source
from kpi_specs.language.validation import validate
from kpi_specs.language.yaml_lines import Document, parse, read_text

_FILES = ("project.yml", "objectives.yml", "owners.yml")
_FOLDERS = ("sources", "datasets", "kpis")

Spec = TypeVar("Spec", bound=SpecModel)


@dataclass(frozen=True)
class Loaded:
    """`project` is None where a problem is an error; warnings leave it usable.

    `compared` is False where the rules between files could not run: there may be more to mend.
    """

    project: Project | None
    problems: tuple[Problem, ...]
    compared: bool = True

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the project from running."""
        return tuple(p for p in self.problems if p.severity == "error")


class _Reader:
    """Keeps the documents and the problems of one loading."""

    def __init__(self, root: Path, instead: Mapping[str, SpecText | None]) -> None:
        self.root = root
        self.specs = root / "kpi_specs"
        self.instead = instead
        self.documents: dict[tuple[str, str], Document] = {}
        self.texts: dict[str, SpecText] = {}  # by file
        self.problems: list[Problem] = []
        self.broken = {kpi for kpi, text in instead.items() if text is None}  # did not load

    def document(self, path: Path, text: str | None = None) -> Document | None:
        """One file; with a `text` that is read in its place."""
        written = read_text(path, self.root) if text is None else text
        found = (
            written
            if isinstance(written, Problem)
            else parse(path.relative_to(self.root).as_posix(), written)
        )
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        self.texts[found.file] = SpecText(found.file, str(written))
        return found

    def single(self, model: type[Spec], name: str) -> Spec | None:
        path = self.specs / name
        if not path.is_file():
            message = (
                "not found. Run the command in the project's folder, or name it with --project DIR."
            )
            self.problems.append(Problem(f"kpi_specs/{name}", 1, "missing-file", message))
            return None
        document = self.document(path)
        if document is None:
            return None
        self.documents[("project", "project")] = document
        found, problems = validate(model, document)
        self.problems += problems
        return found

    def listed(self, model: type[Spec], kind: str, name: str) -> dict[str, Spec]:
        """A file whose key `name` holds a list, each item with its id under `kind`."""
        path = self.specs / f"{name}.yml"
        if not path.is_file():
            message = f"not found; it lists the project's {name}."
            self.problems.append(Problem(f"kpi_specs/{name}.yml", 1, "missing-file", message))
            return {}
        document = self.document(path)
        if document is None:
            return {}
        items = document.data.get(name) if isinstance(document.data, dict) else None
        if not isinstance(items, list):
            message = f"expected a list under the key '{name}:'."
            self.problems.append(Problem(document.file, 1, "bad-yaml", message))
            return {}
        for other in document.data:
            if other != name:
                message = f"'{other}' is not a field here.{did_you_mean(str(other), [name])}"
                line = document.line(other)
                self.problems.append(Problem(document.file, line, "unknown-field", message))
        result: dict[str, Spec] = {}
        lines = document.lines_by_item(name)
        for index in range(len(items)):
            found, problems = validate(model, document, at=(name, index))
            self.problems += problems
            if found is None:
                continue
            key: Any = getattr(found, kind)
            line = document.line(name, index, kind)
            if key in result:
                message = f"the id '{key}' stands twice; ids are unique."
                self.problems.append(Problem(document.file, line, "duplicate-id", message))
            result[key] = found
            self.documents[(kind, key)] = Document(document.file, items[index], lines[index])
        return result

    def folder(self, model: type[Spec], kind: str, name: str) -> dict[str, Spec]:
        """One spec a file; the file's stem is the spec's id."""
        result: dict[str, Spec] = {}
        for path, text in self._files(name):
            document = self.document(path, text)
            if document is None:
                self.broken.add(path.stem)
                continue
            found, problems = validate(model, document)
            self.problems += problems
            if found is None:
                self.broken.add(path.stem)
                continue
            key: Any = getattr(found, kind)
            line = document.line(kind)
            if key != path.stem:
                message = f"the id '{key}' is not the file's name '{path.stem}'; make them equal."
                self.problems.append(Problem(document.file, line, "id-is-not-stem", message))
                # Others may name it by either, and none of them is wrong.
                self.broken.add(key)
                found, key = found.model_copy(update={kind: path.stem}), path.stem
            if key in result:
                other = self.documents[(kind, key)].file
                message = f"the id '{key}' is taken by {other}; ids are unique."
                self.problems.append(Problem(document.file, line, "duplicate-id", message))
            result[key] = found
            self.documents[(kind, key)] = document
        return result

    def _files(self, name: str) -> Iterable[tuple[Path, str | None]]:
        """The files of a folder, and the text that is read in the place of some."""
        paths = (self.specs / name).rglob("*.yml")
        if name != "kpis":
            return [(path, None) for path in sorted(paths)]
        found: list[tuple[Path, str | None]] = [
            (path, None) for path in paths if path.stem not in self.instead
        ]
        given = [one for one in self.instead.values() if one is not None]
        return sorted([*found, *((self.root / one.file, one.text) for one in given)])

    def unread(self) -> None:
        """Files that look like specs and are none: what they say would be missed by nobody."""
        for path in sorted(self.specs.rglob("*.y*ml")):
            place = path.relative_to(self.specs)
            if path.suffix not in (".yml", ".yaml") or place.parts[0].startswith("."):
                continue
            name = f"kpi_specs/{place.as_posix()}"
            if place.parts[0] == "kpis" and path.stem in self.instead:
                continue
            if path.suffix == ".yaml":
                message = "not read: specs end in '.yml'; rename the file."
            elif len(place.parts) == 1 and place.name not in _FILES:
                message = f"not read.{did_you_mean(place.name, _FILES, noun='Files here')}"
            elif len(place.parts) > 1 and place.parts[0] not in _FOLDERS:
                near = did_you_mean(place.parts[0], _FOLDERS, noun="Folders")
                message = f"not read: '{place.parts[0]}' is no folder of specs.{near}"
            else:
                continue
            self.problems.append(Problem(name, 1, "unread-file", message))


def in_its_calendar(kpi: Kpi, settings: ProjectSettings) -> Kpi:
    """A KPI that names no calendar has the project's."""
    if "calendar" in kpi.model_fields_set:
        return kpi
    return kpi.model_copy(update={"calendar": settings.calendar})


def load_project(
    root: Path,
    *,
    clock: dt.date | None = None,
    instead: Mapping[str, SpecText | None] | None = None,
) -> Loaded:
    """Read and check the project in `root`.

    All problems are collected, so that one call shows everything that is wrong. Rules between files
    run only where the files they compare could be read, lest one broken file shout a hundred times.

    Args:
        root: The project's folder.
        clock: The day by which reviews are overdue; absent: the project's `as_of`, or today.
        instead: KPI id -> the text that is read in the place of its file; None: its file is not
            read, as if it were broken.
    """
    root = root.resolve()
    reader = _Reader(root, instead or {})
    settings = reader.single(ProjectSettings, "project.yml")
    if settings is None:
        return Loaded(None, tuple(sorted(reader.problems)), compared=False)
    objectives = reader.listed(Objective, "objective", "objectives")
    owners = reader.listed(Owner, "owner", "owners")
    sources = reader.folder(Source, "source", "sources")
    datasets = reader.folder(Dataset, "dataset", "datasets")
    dbt = declared(root)
    reader.problems += dbt.problems
    foundation_is_sound = not reader.problems
    found = reader.folder(Kpi, "kpi", "kpis")
    kpis = {key: in_its_calendar(kpi, settings) for key, kpi in found.items()}
    reader.unread()
    files = {key: reader.documents[("kpi", key)].file for key in kpis}
    texts = {key: reader.texts[file] for key, file in files.items()}
    project = Project(root, settings, objectives, owners, sources, datasets, kpis, files, texts)
    if foundation_is_sound:
        # Reviews are overdue by it; a day more or less in some time zone does not matter to them.
        today = clock or settings.as_of or dt.datetime.now(dt.UTC).date()
        context = RuleContext(
            project, dbt.columns, dbt.values, reader.documents, frozenset(reader.broken), today
        )
        for rule in RULES:
            reader.problems += rule(context)
    problems = sorted(set(reader.problems))
    invalid = any(p.severity == "error" for p in problems)
    return Loaded(None if invalid else project, tuple(problems), compared=foundation_is_sound)
