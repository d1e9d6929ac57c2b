"""The columns that the dbt models declare, read from their YAML without dbt or a warehouse."""

from pathlib import Path

from kpi_specs.language.problems import Problem
from kpi_specs.language.yaml_lines import read_document

NUMERIC = ("int", "decimal", "numeric", "double", "float", "real", "hugeint")

Columns = dict[str, str]  # column -> declared type in lower case, '' where undeclared


def declared_columns(root: Path) -> tuple[dict[str, Columns], list[Problem]]:
    """Columns by model name, from `dbt_project/models/**/*.yml`, generated KPI models left out."""
    models: dict[str, Columns] = {}
    problems: list[Problem] = []
    base = root / "dbt_project" / "models"
    for path in sorted(base.rglob("*.yml")):
        if "kpis" in path.relative_to(base).parts:
            continue
        document = read_document(path, root)
        if isinstance(document, Problem):
            problems.append(document)
            continue
        for model in (document.data or {}).get("models") or []:
            models[model["name"]] = {
                column["name"]: str(column.get("data_type", "")).lower()
                for column in model.get("columns") or []
            }
    return models, problems


def is_numeric(declared: str) -> bool:
    """Whether a declared type can be summed; an undeclared type is given the benefit of doubt."""
    return not declared or any(word in declared for word in NUMERIC)
