"""A mart is read once for all that is added up and once for each other way, never once per KPI."""

import re
from collections import Counter
from typing import Any

import duckdb
import pytest

from kpi_specs.compiler import compile_project
from kpi_specs.language.project import Project
from orchestration.plain_sql import plain_sql
from orchestration.transform.calendar import write_calendar
from tests.bench.ten_million import data, specs

EVERY_TYPE = specs.project()
# Sums; distinct counts; medians; first rows: each one way of reading, for all KPIs.
WAYS = {"order_lines": 4, "sessions": 2, "balances": 2}


def _scans_planned(project: Project) -> dict[str, int]:
    return {t.dataset.dataset: t.scans for t in compile_project(project).plan.parts}


def _refs(project: Project) -> Counter[str]:
    """How often each mart is named in the SELECTs of the generated models, but for no row of it."""
    files = compile_project(project, increments=False).files.values()
    read = r"ref\('fct_(\w+)'\) \}\}(?! limit 0)"
    return Counter(mart for text in files for mart in re.findall(read, text))


def _scans_run(project: Project) -> Counter[str]:
    """How often DuckDB's plan of every table of parts scans each mart."""
    compiled = compile_project(project, increments=False)
    found: Counter[str] = Counter()
    with duckdb.connect() as con:
        write_calendar(con, project, data.LAST)
        data.write_marts(con, data.Size(2000))
        for table in compiled.plan.parts:
            sql = plain_sql(compiled.files[f"{table.name}.sql"])
            row = con.execute(f"explain (format json) {sql}").fetchone()
            assert row is not None
            found.update(re.findall(r'"Table": "[\w.]*?fct_(\w+)"', row[1]))
    return found


@pytest.mark.parametrize("more", [0, 60])
def test_marts_are_read_as_often_as_planned_however_many_kpis_there_are(more: int):
    project = specs.project(more=more)
    assert len(project.kpis) == 20 + more
    assert _scans_planned(project) == WAYS
    # Conversions of sessions look for orders too: one reading that is not of the sessions' parts.
    expected = {**WAYS, "order_lines": WAYS["order_lines"] + 1}
    assert dict(_refs(project)) == expected
    assert dict(_scans_run(project)) == expected


def test_kpis_read_parts_and_no_mart():
    compiled = compile_project(EVERY_TYPE)
    parts = {table.name for table in compiled.plan.parts}
    for name, text in compiled.files.items():
        if name.endswith(".sql") and name.removesuffix(".sql") not in parts:
            assert "ref('fct_" not in text, name


def test_more_cadences_cost_no_more_scans():
    def with_cadences(cadence: tuple[Any, ...]) -> Project:
        kpis = {
            name: kpi.model_copy(update={"cadence": cadence})
            for name, kpi in EVERY_TYPE.kpis.items()
        }
        return Project(**{**vars(EVERY_TYPE), "kpis": kpis})

    assert _refs(with_cadences(("monthly",))) == _refs(EVERY_TYPE)
