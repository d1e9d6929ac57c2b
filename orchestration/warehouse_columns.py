"""What the dbt models declare against the tables that the last run built of them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_specs.language.dbt_columns import declared_columns
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project
from kpi_specs.language.yaml_lines import Document, read_document
from orchestration.paths import ProjectPaths
from orchestration.run_lock import RunLockedError, hold_run_lock
from orchestration.warehouse_file import (
    WarehouseLockedError,
    WarehouseUnusableError,
    connect,
)

if TYPE_CHECKING:
    import duckdb

SCHEMA = "marts"


class WarehouseInUseError(Exception):
    """A run or another program has the warehouse; it is not to be opened beside it."""


def differences(paths: ProjectPaths, project: Project) -> list[Problem]:
    """Columns of the datasets' models that the warehouse lacks or has with another type.

    Nothing where there is no warehouse yet, or where a model has not been built. All are warnings:
    a table may be older than the declaration.

    Raises:
        WarehouseInUseError: a run is under way, or another program has it open.
    """
    if not paths.warehouse.is_file():
        return []
    declared, _ = declared_columns(paths.root)
    with ExitStack() as stack:
        try:
            if os.access(paths.var, os.W_OK):  # else no run can be under way
                stack.enter_context(hold_run_lock(paths.var, "kpi validate"))
            con = stack.enter_context(connect(paths.warehouse, read_only=True))
        except (RunLockedError, WarehouseLockedError):
            raise WarehouseInUseError from None
        except WarehouseUnusableError as error:
            file = paths.warehouse.relative_to(paths.root).as_posix()
            return [Problem(file, 1, "warehouse", str(error), "warning")]
        built = _built(con)
    problems: list[Problem] = []
    for file, line, model in _models(paths.root, project):
        if model in built:
            for message in _messages(model, declared.get(model, {}), built[model]):
                problems.append(Problem(file, line, "warehouse", message, "warning"))
    return problems


def _built(con: "duckdb.DuckDBPyConnection") -> dict[str, dict[str, str]]:
    """The types of the tables that are there, by model and column."""
    tables: dict[str, dict[str, str]] = {}
    for model, column, kind in con.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = ? order by table_name, ordinal_position",
        [SCHEMA],
    ).fetchall():
        tables.setdefault(model, {})[column] = kind
    return tables


def _models(root: Path, project: Project) -> Iterator[tuple[str, int, str]]:
    """Each model that a dataset reads, once, with the place that names it."""
    seen: set[str] = set()
    for path in sorted((root / "kpi_specs/datasets").rglob("*.yml")):
        document = read_document(path, root)
        dataset = project.datasets.get(path.stem)
        if dataset is None or not isinstance(document, Document):
            continue
        named = [(document.line("model"), dataset.model)]
        named += [
            (document.line("joins", index, "model"), join.model)
            for index, join in enumerate(dataset.joins)
        ]
        for line, model in named:
            if model not in seen:
                seen.add(model)
                yield document.file, line, model


def _messages(model: str, declared: dict[str, str], built: dict[str, str]) -> Iterator[str]:
    remedy = "correct the model or its YAML, then run 'kpi run'"
    for column, kind in declared.items():
        if column not in built:
            yield f"{SCHEMA}.{model} has no column '{column}', which its YAML declares; {remedy}."
        elif kind and _spelled(kind) not in (None, built[column]):
            found = built[column].lower()
            yield f"'{column}' of {SCHEMA}.{model} is {found}, declared {kind}; {remedy}."


def _spelled(kind: str) -> str | None:
    """A type as DuckDB spells it (`numeric(10, 2)`: DECIMAL(10,2)); None where it has none."""
    import duckdb

    try:
        (found,) = duckdb.execute(f"select typeof(cast(null as {kind}))").fetchall()
    except duckdb.Error:
        return None
    return str(found[0])
