"""The same KPIs by the compiler and by hand, each ending in one long table of values.

A row is (kpi, cadence, period, slice, slice_value, value). The compiled models are built as dbt
would build them, tables as tables and views as views, on an open connection; dbt itself is timed on
the demo, where it is more than a trifle.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_specs.compiler import compile_project
from kpi_specs.language.project import Project
from orchestration.plain_sql import generated_order, plain_sql
from orchestration.transform.calendar import write_calendar
from tests.bench.ten_million import specs
from tests.bench.ten_million.data import LAST
from tests.increments import build

if TYPE_CHECKING:
    import duckdb

BY_HAND = Path(__file__).with_name("by_hand.sql")
THREADS = 2
PARTS = "kpi_parts_order_lines"


@dataclass(frozen=True)
class Seconds:
    """What something took: on the clock, and of processors."""

    wall: float
    cpu: float


def connect(file: Path) -> "duckdb.DuckDBPyConnection":
    """The generated shop; both sides have the same threads."""
    import duckdb

    con = duckdb.connect(str(file))
    con.execute(f"set threads = {THREADS}")
    return con


def timed(work: Callable[[], object]) -> Seconds:
    """Do it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def by_compiler(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """The table `compiled`, from the project's generated models."""
    compiled = compile_project(project, increments=False)
    for name in generated_order(compiled, project.kpis):
        text = compiled.files[f"{name}.sql"]
        kind = "view" if "materialized='view'" in text else "temp table"
        con.execute(f"create or replace {kind} {name} as {plain_sql(text)}")
    reads = [
        f"select kpi, cadence, period, slice, slice_value, value from {compiled.kpi_models[kpi]}"
        for kpi in project.kpis
    ]
    con.execute("create or replace table compiled as " + "\nunion all\n".join(reads))


def by_hand(con: "duckdb.DuckDBPyConnection") -> None:
    """The table `by_hand`."""
    for statement in con.extract_statements(BY_HAND.read_text(encoding="utf-8")):
        con.execute(statement)


def differences(con: "duckdb.DuckDBPyConnection") -> list[str]:
    """KPIs whose values differ by more than the last bits, with an example."""
    found = con.execute("""
        select kpi, count(*), any_value([period, slice_value, hers::varchar, his::varchar])
        from (
            select kpi, period, slice_value, compiled.value as hers, by_hand.value as his
            from compiled
            full join by_hand using (kpi, cadence, period, slice, slice_value)
            where compiled.kpi is null
                or by_hand.kpi is null
                or (compiled.value is null) <> (by_hand.value is null)
                or abs(compiled.value - by_hand.value)
                    > 1e-9 * greatest(abs(compiled.value), abs(by_hand.value)) + 1e-12
        )
        group by kpi
        order by kpi
    """).fetchall()
    return [f"{kpi}: {rows} rows differ, e.g. {example}" for kpi, rows, example in found]


def one_more_day(con: "duckdb.DuckDBPyConnection", last: dt.date) -> tuple[Seconds, Seconds, int]:
    """An increment of the day `last` after all before it.

    Returns:
        The increment, the rebuild of the same table, and the rows in which they differ.
    """
    project = specs.project(incremental=True)
    text = compile_project(project).files[f"{PARTS}.sql"]
    con.execute("drop schema if exists kpi cascade")
    con.execute(
        f"create or replace view {specs.SO_FAR} as "
        f"from fct_order_lines where ordered_on < date '{last}'"
    )
    write_calendar(con, project, last - dt.timedelta(days=1))
    build(con, PARTS, text)
    con.execute(
        f"create or replace view {specs.SO_FAR} as "
        f"select * replace (if(ordered_on = date '{last}', 2, load_id) as load_id) "
        f"from fct_order_lines where ordered_on <= date '{last}'"
    )
    write_calendar(con, project, last)
    increment = timed(lambda: build(con, PARTS, text))
    con.execute(f"create or replace temp table incremented as from kpi.{PARTS}")
    con.execute("drop schema kpi cascade")
    rebuild = timed(lambda: build(con, PARTS, text))
    row = con.execute(
        f"select count(*) from ((from incremented except all from kpi.{PARTS}) "
        f"union all (from kpi.{PARTS} except all from incremented))"
    ).fetchone()
    assert row is not None
    con.execute("drop schema kpi cascade")
    write_calendar(con, project, LAST)
    return increment, rebuild, int(row[0])
