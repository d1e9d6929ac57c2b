"""The generated files of the reference, and whether those on disk are the same."""

from pathlib import Path

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Objective, Owner, ProjectSettings
from kpi_specs.language.source import Source
from kpi_specs.reference.page import Kind, page
from kpi_specs.reference.schema import schema_of

KINDS = (
    Kind("kpi", "A KPI", "kpi_specs/kpis/<area>/<id>.yml", Kpi),
    Kind("source", "A source", "kpi_specs/sources/<id>.yml", Source),
    Kind("dataset", "A dataset", "kpi_specs/datasets/<id>.yml", Dataset),
    Kind("project", "The project", "kpi_specs/project.yml", ProjectSettings),
    Kind("objectives", "Objectives", "kpi_specs/objectives.yml", Objective, listed=True),
    Kind("owners", "Owners", "kpi_specs/owners.yml", Owner, listed=True),
)


def reference_files() -> dict[str, str]:
    """Every generated file, path relative to the project -> text. Same models, same bytes."""
    files = {
        f"kpi_specs/schema/{kind.name}.json": schema_of(
            kind.model, listed_as=kind.name if kind.listed else None
        )
        for kind in KINDS
    }
    return {"docs/kpi_spec.md": page(KINDS), **files}


def outdated(root: Path) -> tuple[str, ...]:
    """Generated files that are missing from `root` or differ."""
    return tuple(
        name
        for name, text in reference_files().items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != text
    )


def write(root: Path) -> tuple[str, ...]:
    """Bring the generated files in `root` up to date; returns those that had to change."""
    files, changed = reference_files(), outdated(root)
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(files[name], encoding="utf-8")
    return changed
