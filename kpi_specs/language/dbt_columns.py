"""The columns that the dbt models declare, read from their YAML without dbt or a warehouse."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_specs.language.problems import Problem, one_column
from kpi_specs.language.yaml_lines import Document, YamlPath, data_at, read_document

NUMERIC = ("int", "decimal", "numeric", "double", "float", "real", "hugeint")

Columns = dict[str, str]  # column -> declared type in lower case, '' where undeclared


@dataclass(frozen=True)
class Declared:
    """What dbt's YAML says of the models that are written by hand.

    Attributes:
        columns: By model: each column with its type.
        values: By model: the closed list of a column's values, where a test `accepted_values`
            gives one.
        problems: What could not be read.
    """

    columns: dict[str, Columns]
    values: dict[str, dict[str, tuple[str, ...]]]
    problems: tuple[Problem, ...]


def declared(root: Path) -> Declared:
    """Read `dbt_project/models/**/*.yml`, generated KPI models left out."""
    columns: dict[str, Columns] = {}
    values: dict[str, dict[str, tuple[str, ...]]] = {}
    problems: list[Problem] = []
    base = root / "dbt_project" / "models"
    for path in sorted(base.rglob("*.yml")):
        if "kpis" in path.relative_to(base).parts:
            continue
        document = read_document(path, root)
        if isinstance(document, Problem):
            problems.append(document)
            continue
        for place, model in _named(document, (), "models", problems):
            placed = list(_named(document, place, "columns", problems))
            problems += _of_one_name(document, placed)
            listed = [one for _, one in placed]
            columns[model["name"]] = {
                one["name"]: str(one.get("data_type") or "").lower() for one in listed
            }
            closed = {one["name"]: _accepted(one) for one in listed}
            values[model["name"]] = {name: found for name, found in closed.items() if found}
    return Declared(columns, values, tuple(problems))


def declared_columns(root: Path) -> tuple[dict[str, Columns], list[Problem]]:
    """Columns by model name, and what could not be read."""
    found = declared(root)
    return found.columns, list(found.problems)


def _named(
    document: Document, at: YamlPath, key: str, problems: list[Problem]
) -> Iterator[tuple[YamlPath, dict[str, Any]]]:
    """The entries of the list under `key`, each with its place; those without a name are told."""
    above = data_at(document.data, at)
    listed = above.get(key) if isinstance(above, dict) else None
    for index, one in enumerate(listed if isinstance(listed, list) else [listed]):
        place = (*at, key, index)
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield place, one
        elif one is not None:
            message = f"an entry of '{key}' has a name: write '- name: …' and what it declares."
            problems.append(Problem(document.file, document.line(*place), "bad-yaml", message))


def _of_one_name(
    document: Document, placed: list[tuple[YamlPath, dict[str, Any]]]
) -> Iterator[Problem]:
    """Columns that differ in capital letters only: the table has one of them."""
    seen: dict[str, str] = {}
    for place, one in placed:
        name = seen.setdefault(one["name"].lower(), one["name"])
        if name != one["name"]:
            line = document.line(*place)
            yield Problem(document.file, line, "duplicate-column", one_column(name, one["name"]))


def _accepted(column: dict[str, Any]) -> tuple[str, ...]:
    """The values of dbt's test `accepted_values`; none: the list is not closed."""
    for key in ("data_tests", "tests"):
        tests = column.get(key)
        for test in tests if isinstance(tests, list) else ():
            said = test.get("accepted_values") if isinstance(test, dict) else None
            if isinstance(said, dict):
                values = said.get("values") or (said.get("arguments") or {}).get("values")
                if isinstance(values, list):
                    return tuple(str(value) for value in values)
    return ()


def is_numeric(declared: str) -> bool:
    """Whether a declared type can be summed; an undeclared type is given the benefit of doubt."""
    return not declared or any(word in declared for word in NUMERIC)
