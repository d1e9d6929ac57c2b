"""What is published of small data that comes in one or more deliveries; without dbt."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from expectations import judge
from kpi_specs.compiler import Compiled, compile_project
from kpi_specs.language.project import Objective, Project
from orchestration.paths import ProjectPaths
from orchestration.plain_sql import generated_order, plain_sql
from orchestration.publish import publish
from orchestration.report.mix_and_rate import Side, mix_and_rate
from orchestration.transform.calendar import write_calendar
from tests.increments import build
from tests.shown import compute_all, project_of, receive, tables_of, warehouse


def published(case: Mapping[str, Any], root: Path) -> duckdb.DuckDBPyConnection:
    """Compute, judge and publish a case as `tests.shown` has it, then each delivery of `later`.

    A delivery is a clock and what comes by then, dataset to rows; `raw.<name>` keeps the rows of
    all deliveries, apart by `_loaded_at`. After each one every table that an incremental dataset
    has is compared with computing it anew. Names are those of the last publication. Where
    a case names a `change`, the table `effects` splits it into mix and rate.
    """
    project = project_of(case)
    project.objectives["grow"] = Objective.model_validate(
        {"objective": "grow", "title": {"en": "Grow"}, "level": "strategic"}
    )
    compiled = compile_project(project)
    paths = ProjectPaths(root)
    con = warehouse()
    con.execute("create schema kpi")
    first = {"as_of": case["as_of"], "rows": {n: d["rows"] for n, d in case["datasets"].items()}}
    for number, delivery in enumerate([first, *case.get("later", ())], start=1):
        as_of = delivery["as_of"]
        for name, rows in delivery["rows"].items():
            receive(con, name, {**case["datasets"][name], "rows": rows}, as_of, number)
        write_calendar(con, project, as_of)
        _increment(con, project, compiled)
        run = f"r{number}"
        judge(con, project, as_of=as_of, run_id=run, compute_errors={})
        noon = dt.datetime.combine(as_of, dt.time(12))
        publish(con, project, compiled, paths, run_id=run, computed_at=noon, as_of=as_of)
    con.execute(f"attach '{paths.published_file}' as published (read_only)")
    con.execute("set search_path = 'memory.main,published.main'")
    if "change" in case:
        _split(con, **case["change"])
    return con


def _increment(con: duckdb.DuckDBPyConnection, project: Project, compiled: Compiled) -> None:
    """Bring the KPIs' tables up to date, and see that anew they would be the same."""
    order = generated_order(compiled, project.kpis)
    tables = tables_of(project, order)
    for name in order:
        text = compiled.files[f"{name}.sql"]
        if "materialized='incremental'" in text:
            build(con, name, text, tables)
        else:
            con.execute(f"create or replace table {tables[name]} as {plain_sql(text, tables)}")
    whole = compute_all(con, project, compile_project(project, increments=False), "whole")
    for name in order:
        one, other = tables[name], whole[name]
        differences = con.execute(
            f"(from {one} except all from {other}) union all (from {other} except all from {one})"
        ).fetchall()
        assert differences == [], name


def _split(con: duckdb.DuckDBPyConnection, kpi: str, by: str, before: str, after: str) -> None:
    """The table `effects`: what each part adds to the change of a published ratio."""
    sides = [
        {
            part: Side(numerator, denominator)
            for part, numerator, denominator in con.execute(
                "select slice_value, numerator, denominator from kpi_values "
                "where kpi = ? and slice = ? and period = ? order by slice_value",
                [kpi, by, period],
            ).fetchall()
        }
        for period in (before, after)
    ]
    effects = mix_and_rate(*sides)
    assert effects is not None
    con.execute("create table effects (part varchar, rate double, mix double)")
    con.executemany(
        "insert into effects values (?, ?, ?)",
        [[part, effect.rate, effect.mix] for part, effect in effects.items()],
    )
