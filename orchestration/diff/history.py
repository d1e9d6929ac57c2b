"""History recomputed under two versions of the specs, and what differs.

Each version is computed, judged and published as a run would do it, but into files of its own in a
temporary folder: the warehouse is attached read-only, and what it holds of sources and marts is
seen through views. The marts themselves are those of the last run in both cases.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi_specs.compiler import compile_project
from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.project import Project
from orchestration.diff.sides import Side
from orchestration.diff.specs import target_bases
from orchestration.plain_sql import build_what_can_be, generated_order
from orchestration.publish.columns import ddl, literal, quoted
from orchestration.publish.restatements import SAME
from orchestration.publish.rows import KEY
from orchestration.publish.schema import KPI_VALUES
from orchestration.transform.calendar import write_calendar
from orchestration.warehouse_file import why_unusable

if TYPE_CHECKING:
    import duckdb

OnSide = Callable[[int, int, str], None]

_COMPARED = ("value", "data_status", "target_status")
# Schemas of the warehouse that a version makes anew.
_OWN_SCHEMAS = ("kpi", "calendar", "audit", "information_schema", "pg_catalog")
_LOAD_LOG = ("loads", "rejects")  # tables of audit that ingest writes: facts, not verdicts


class WarehouseError(Exception):
    """The warehouse cannot be read; the message says what to do."""


@dataclass(frozen=True)
class HistoryDiff:
    """What differs.

    Attributes:
        as_of: The clock of the warehouse's last run, the same for both versions.
        rows: One per KPI, cadence, period and slice that differs, with old_ and new_ of value,
            data_status and target_status; all None on a side that has no such row.
        compared: KPI to the number of rows that either version has.
        errors: Version's name to KPI to why it could not be computed there.
    """

    as_of: dt.date
    rows: tuple[dict[str, Any], ...]
    compared: dict[str, int]
    errors: dict[str, dict[str, str]]


def history_diff(
    warehouse: Path, old: Side, new: Side, kpis: Collection[str], *, on_progress: OnSide
) -> HistoryDiff:
    """Recompute these KPIs' history under both versions and compare it row by row.

    Args:
        warehouse: The pipeline's DuckDB file; it is only read.
        old: One version.
        new: The other.
        kpis: Ids of KPIs of either version; those that they are computed from are found.
        on_progress: Told of versions done, versions in all and the one in work.

    Raises:
        WarehouseError: the file is not there, holds no run, or another process has it.
    """
    with tempfile.TemporaryDirectory(prefix="kpi-diff-") as folder:
        files, errors = {}, {}
        for done, (label, side) in enumerate((("old", old), ("new", new))):
            on_progress(done, 2, side.name)
            files[label] = Path(folder) / f"{label}.duckdb"
            as_of, errors[side.name] = _compute(warehouse, side, kpis, files[label])
        on_progress(2, 2, "")
        rows, compared = _compare(files["old"], files["new"], kpis)
    return HistoryDiff(as_of, rows, compared, errors)


def _compute(
    warehouse: Path, side: Side, kpis: Collection[str], file: Path
) -> tuple[dt.date, dict[str, str]]:
    """Write `kpi_values` of one version into `file`; returns the clock and the compute errors."""
    import duckdb

    from orchestration.publish.build import attached

    project = _only(side.project, kpis)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        as_of = _attach(con, warehouse)
        if not project.kpis:
            con.execute(f"attach {literal(str(file))} as nothing")
            con.execute(ddl(KPI_VALUES, "nothing"))
            return as_of, {}
        models = _views(con, warehouse.stem)
        _known_slices(con, warehouse.stem)
        write_calendar(con, project, as_of)
        with attached(con, file, None, project):
            return as_of, _publish(con, project, models, as_of)


def _publish(
    con: "duckdb.DuckDBPyConnection", project: Project, models: dict[str, str], as_of: dt.date
) -> dict[str, str]:
    """Compute, judge and fill the attached file as a run does; returns the compute errors."""
    from expectations import judge, preflight
    from orchestration.publish.build import Build

    compiled = compile_project(project, increments=False)
    left_out = preflight(con, project).kpis_left_out
    order = generated_order(compiled, [key for key in project.kpis if key not in left_out])
    con.execute("create schema kpi")
    tables = {**models, **{name: f'kpi."{name}"' for name in order}}
    failed = build_what_can_be(con, compiled, order, tables)
    errors = {key: failed[model] for key, model in compiled.kpi_models.items() if model in failed}
    judge(con, project, as_of=as_of, run_id="diff", compute_errors=errors)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    Build(con, project, compiled, "diff", now, as_of, has_before=False).all()
    return errors


def _only(project: Project, kpis: Collection[str]) -> Project:
    """The KPIs asked for, with those that they, or their targets, are computed from."""
    wanted: frozenset[str] = frozenset()
    found = frozenset(project.used_kpis(kpis))
    while found != wanted:
        wanted = found
        found = frozenset(project.used_kpis({*wanted, *_bases(project, wanted)}))
    return replace(project, kpis={key: one for key, one in project.kpis.items() if key in wanted})


def _bases(project: Project, kpis: Collection[str]) -> set[str]:
    return {base for key in kpis for base in target_bases(project.kpis[key])}


def _attach(con: "duckdb.DuckDBPyConnection", warehouse: Path) -> dt.date:
    """Attach the warehouse, read-only, under its own name; returns its clock."""
    import duckdb

    if not warehouse.is_file():
        raise WarehouseError(f"there is no warehouse yet ({warehouse}); run 'kpi run' first.")
    name = quoted(warehouse.stem)
    try:
        con.execute(f"attach {literal(str(warehouse))} as {name} (read_only)")
        found = con.execute(f"select as_of from {name}.audit.clock").fetchone()
    except duckdb.IOException as error:
        raise WarehouseError(why_unusable(warehouse, error)) from None
    except duckdb.Error as error:
        raise WarehouseError(
            f"{warehouse} holds no run that could be compared ({error}); run 'kpi run' first."
        ) from None
    if found is None:
        raise WarehouseError(f"{warehouse} has no clock; run 'kpi run' first.")
    day: dt.date = found[0]
    return day


def _views(con: "duckdb.DuckDBPyConnection", warehouse: str) -> dict[str, str]:
    """See the warehouse's sources and marts under their own names; returns model -> its view."""
    found = con.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = ?",
        [warehouse],
    ).fetchall()
    views = {}
    for schema, name in found:
        if schema in _OWN_SCHEMAS and not (schema == "audit" and name in _LOAD_LOG):
            continue
        path = f"{quoted(schema)}.{quoted(name)}"
        con.execute(f"create schema if not exists {quoted(schema)}")
        con.execute(f"create view {path} as from {quoted(warehouse)}.{path}")
        if schema not in ("raw", "audit"):
            views[name] = path
    return views


def _known_slices(con: "duckdb.DuckDBPyConnection", warehouse: str) -> None:
    """What the judge looks up of the last verdicts: slices of KPIs that cannot be computed.

    First periods it asks for of invalid specs only, and there are none here.
    """
    con.execute(
        "create table audit.verdicts as select distinct "
        "kpi, '' as cadence, slice, slice_value, null::date as period_start "
        f"from {quoted(warehouse)}.audit.verdicts"
    )


def _compare(
    old: Path, new: Path, kpis: Collection[str]
) -> tuple[tuple[dict[str, Any], ...], dict[str, int]]:
    import duckdb

    keys = ", ".join(KEY)
    columns = ", ".join(f"old_row.{c} as old_{c}, new_row.{c} as new_{c}" for c in _COMPARED)
    with duckdb.connect() as con:
        for name, file in (("old_side", old), ("new_side", new)):
            con.execute(f"attach {literal(str(file))} as {name} (read_only)")
        con.execute(
            f"""
            create table both_sides as
            select
                {keys}, coalesce(old_row.period_start, new_row.period_start) as period_start,
                {columns}
            from old_side.main.kpi_values as old_row
            full join new_side.main.kpi_values as new_row using ({keys})
            where list_contains($kpis, kpi)
            """,
            {"kpis": list(kpis)},
        )
        compared = dict(con.execute("select kpi, count(*) from both_sides group by 1").fetchall())
        cursor = con.execute(
            f"""
            select * exclude (period_start) from both_sides
            where old_data_status is distinct from new_data_status
                or old_target_status is distinct from new_target_status
                or (old_value is null) <> (new_value is null)
                or abs(old_value - new_value) > {SAME} * greatest(abs(old_value), abs(new_value))
            order by kpi, slice <> 'total', list_position($cadences, cadence), slice, slice_value,
                period_start
            """,
            {"cadences": list(reversed(CADENCES))},
        )
        names = [column[0] for column in cursor.description]
        rows = tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return rows, compared
