"""The compute stage beside hand-written SQL: the same KPI tables from the same marts, in turns.

The compute stage is every model under models/kpis: shared parts and KPIs. Its time runs from the
start of the first of them to the end of the last, as dbt reports them: compiling each model, its
statements, its bookkeeping, the gaps between. Left out is dbt's start-up, before the first model.
The hand-written SQL is timed statement after statement on an open connection. Both run in this
process, on the same file, one after the other.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    import duckdb

BY_HAND = Path(__file__).with_name("by_hand.sql")

KEY = ("cadence", "period", "slice", "slice_value")
# These may differ in the last bit (cast before or after a division), no more.
NUMBERS = ("value", "numerator", "denominator")


@dataclass(frozen=True)
class Turn:
    """One turn of each; seconds.

    Attributes:
        compute: The compute stage.
        parts: Sum over the shared parts; more than its share of `compute` where models overlap.
        kpis: Sum over the KPIs, likewise.
        by_hand: The hand-written SQL.
        dbt: The whole dbt call, start-up included.
    """

    compute: float
    parts: float
    kpis: float
    by_hand: float
    dbt: float


@dataclass(frozen=True)
class Comparison:
    """What was compared, and whether it is the same."""

    kpis: tuple[str, ...]
    models: int
    rows: int
    differences: tuple[str, ...]


def models_of(con: "duckdb.DuckDBPyConnection") -> tuple[str, ...]:
    """The models of the compute stage that the last run built."""
    found = con.execute(
        "select model from audit.models where starts_with(model, 'kpi_') and status = 'success' "
        "order by model"
    ).fetchall()
    return tuple(name for (name,) in found)


def compare(paths: ProjectPaths) -> Comparison:
    """Make the tables by hand and compare every row with the pipeline's."""
    with _open(paths) as con:
        _write_by_hand(con)
        models = models_of(con)
        kpis = tuple(m.removeprefix("kpi_") for m in models if not m.startswith("kpi_parts_"))
        made = {name for (name,) in con.execute(
            "select table_name from information_schema.tables where table_schema = 'by_hand'"
        ).fetchall()}  # fmt: skip
        differences = [f"{kpi} is not written by hand" for kpi in kpis if kpi not in made]
        differences += [f"{kpi} is written by hand only" for kpi in sorted(made - set(kpis))]
        both = [kpi for kpi in kpis if kpi in made]
        for kpi in both:
            differences += _differences(con, kpi)
        rows = sum(_count(con, f"select count(*) from kpi.kpi_{kpi}") for kpi in both)
    return Comparison(kpis, len(models), rows, tuple(differences))


def take_turns(paths: ProjectPaths, turns: int) -> list[Turn]:
    """Compute by dbt and by hand in turns; a first turn of each warms up and is not counted."""
    with _open(paths) as con:
        models = models_of(con)
    return [_turn(paths, models) for _ in range(turns + 1)][1:]


def _turn(paths: ProjectPaths, models: Sequence[str]) -> Turn:
    from orchestration.transform import run_models

    ended: dict[str, float] = {}
    begun = time.perf_counter()
    results = run_models(
        paths,
        select=models,
        on_model=lambda result: ended.update({result.name: time.perf_counter()}),
    )
    dbt = time.perf_counter() - begun
    if failed := [f"{r.name}: {r.message}" for r in results if r.status != "success"]:
        raise RuntimeError("dbt could not build " + "; ".join(failed))
    compute = max(ended.values()) - min(ended[r.name] - r.seconds for r in results)
    parts = sum(r.seconds for r in results if r.name.startswith("kpi_parts_"))
    kpis = sum(r.seconds for r in results) - parts
    with _open(paths) as con:
        begun = time.perf_counter()
        _write_by_hand(con)
        by_hand = time.perf_counter() - begun
    return Turn(compute, parts, kpis, by_hand, dbt)


def _write_by_hand(con: "duckdb.DuckDBPyConnection") -> None:
    for statement in con.extract_statements(BY_HAND.read_text(encoding="utf-8")):
        con.execute(statement)


def _open(paths: ProjectPaths) -> "duckdb.DuckDBPyConnection":
    import duckdb

    con = duckdb.connect(str(paths.warehouse))
    con.execute("set TimeZone = 'UTC'")
    return con


def _differences(con: "duckdb.DuckDBPyConnection", kpi: str) -> list[str]:
    """Columns that one lacks, or the number of rows that are not the same in every column."""
    columns = _columns(con, f"kpi.kpi_{kpi}")
    if other := columns ^ _columns(con, f"by_hand.{kpi}"):
        return [f"{kpi} has other columns: {', '.join(sorted(other))}"]
    differ = [
        f"a.{column} is distinct from b.{column}" for column in sorted(columns - {*KEY, *NUMBERS})
    ]
    differ += [
        f"(a.{n} is null) <> (b.{n} is null) "
        f"or abs(a.{n} - b.{n}) > 1e-9 * greatest(abs(a.{n}), abs(b.{n}))"
        for n in NUMBERS
    ]
    rows = _count(
        con,
        f"select count(*) from kpi.kpi_{kpi} as a full join by_hand.{kpi} as b "
        f"using ({', '.join(KEY)}) where {' or '.join(differ)}",
    )
    return [f"{kpi} differs in {rows} rows"] if rows else []


def _columns(con: "duckdb.DuckDBPyConnection", table: str) -> set[str]:
    return {row[0] for row in con.execute(f"describe {table}").fetchall()}


def _count(con: "duckdb.DuckDBPyConnection", query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])
