"""Runs compiled models in memory: the compiler's SQL without dbt, for fast tests."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kpi_specs.compiler import compile_project
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project, ProjectSettings
from orchestration.plain_sql import build_tables, generated_order
from orchestration.transform.calendar import write_calendar

Row = Mapping[str, Any]


def settings(history_from: dt.date, **more: Any) -> ProjectSettings:
    """Settings with only what matters here."""
    words = {
        "name": "test",
        "title": {"en": "Test"},
        "time_zone": "UTC",
        "currency": "EUR",
        "languages": ["en"],
        "default_owner": "ops",
    }
    return ProjectSettings.model_validate({**words, "history_from": history_from, **more})


def kpi(name: str, metric: Row, **more: Any) -> Kpi:
    """A KPI with the words that do not matter here filled in."""
    words = {
        "title": {"en": name},
        "kind": "kpi",
        "objective": "grow",
        "purpose": {"en": "test"},
        "criterion": {"en": "test"},
        "unit": "number",
        "direction": "higher_is_better",
        "cadence": ["monthly"],
        "owner": "ops",
    }
    return Kpi.model_validate({"kpi": name, "metric": metric, **words, **more})


def dataset(
    name: str,
    *,
    time: str = "day",
    key: Sequence[str] = ("id",),
    dimensions: Sequence[str] = (),
    joins: Sequence[Row] = (),
    incremental: bool = False,
) -> Dataset:
    """A dataset whose model has the dataset's own name."""
    return Dataset.model_validate(
        {
            "dataset": name,
            "model": name,
            "row": "one row",
            "key": key,
            "time": time,
            "dimensions": dimensions,
            "joins": joins,
            "incremental": incremental,
            "sources": ["raw"],
        }
    )


def table(columns: str, rows: Sequence[Sequence[Any]]) -> str:
    """A query that gives the rows, typed by `columns` ('day date, amount decimal(10,2)')."""
    names = [column.split()[0] for column in columns.split(", ")]
    types = [column.split(maxsplit=1)[1] for column in columns.split(", ")]
    casts = ", ".join(f"cast({n} as {t}) as {n}" for n, t in zip(names, types, strict=True))

    def literal(value: object) -> str:
        return "null" if value is None else "'" + str(value).replace("'", "''") + "'"

    values = ", ".join("(" + ", ".join(literal(v) for v in row) + ")" for row in rows)
    if not rows:
        values = "(" + ", ".join("null" for _ in names) + ")"
    empty = "" if rows else " where false"
    return f"select {casts} from (values {values}) as given({', '.join(names)}){empty}"


def compute(
    kpis: Sequence[Kpi],
    datasets: Sequence[Dataset],
    tables: Mapping[str, str],
    *,
    as_of: dt.date,
    history_from: dt.date = dt.date(2024, 1, 1),
    calendars: Row | None = None,
) -> duckdb.DuckDBPyConnection:
    """Build every kpi_<id> table in memory.

    Args:
        kpis: The KPIs.
        datasets: What they are computed from.
        tables: Name of a dbt model to a SQL query that gives its rows.
        as_of: The clock.
        history_from: First day of the calendar.
        calendars: Settings of the project's calendars.
    """
    project = Project(
        Path(),
        settings(history_from, **(calendars or {})),
        datasets={d.dataset: d for d in datasets},
        kpis={k.kpi: k for k in kpis},
    )
    con = duckdb.connect()
    write_calendar(con, project, as_of)
    for name, query in tables.items():
        con.execute(f"create table {name} as {query}")
    compiled = compile_project(project, increments=False)
    build_tables(con, compiled, generated_order(compiled, project.kpis))
    return con
