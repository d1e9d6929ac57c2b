"""A dbt project of a few models in a temporary folder, and its warehouse."""

from pathlib import Path
from typing import Any

import duckdb

from orchestration.paths import ProjectPaths

PROJECT = """
name: small
version: "1.0"
profile: kpi
models: {small: {+materialized: table}}
"""

PROFILES = """
kpi:
  target: warehouse
  outputs:
    warehouse: {type: duckdb, path: "{{ env_var('KPI_WAREHOUSE') }}", schema: main, threads: 1}
"""

MODELS = {
    "numbers.sql": "select 1 as n union all select 2",
    "doubled.sql": "select 2 * n as n from {{ ref('numbers') }}",
    "alone.sql": "select 'x' as x",
}


def write(root: Path, **files: str) -> ProjectPaths:
    """A project with MODELS; more files by name, `__` for a dot: broken__sql='select'."""
    paths = ProjectPaths(root)
    (paths.dbt_project / "models").mkdir(parents=True)
    paths.var.mkdir()
    (paths.dbt_project / "dbt_project.yml").write_text(PROJECT)
    (paths.dbt_project / "profiles.yml").write_text(PROFILES)
    more = {name.replace("__", "."): text for name, text in files.items()}
    for name, text in (MODELS | more).items():
        (paths.dbt_project / "models" / name).write_text(text)
    return paths


def rows(paths: ProjectPaths, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(paths.warehouse)) as con:
        return con.execute(query).fetchall()
