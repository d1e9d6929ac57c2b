"""Columns that cannot be what a contract or a spec needs: text where a number or a day should be.

Three witnesses are asked. The load log: files of the newest attempt of which no line could be read
for want of one column's type; a line here and there is a reject and a matter of its day. The
catalogue of raw tables: a contract's type has changed and the files that it needs are gone. The
catalogue of marts, once they are built: what a model wrote is no number, or its time no day.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.sql import types_in
from kpi_specs.language.expressions import wrong_type
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

_LEAST_LINES = 2  # of one line it is not known whether it or the column is at fault
_WANTED = {
    "sum": "number", "average": "number", "min": "number", "max": "number", "median": "number",
    "percentile": "number", "sum_boolean": "boolean",
}  # fmt: skip
# What ingest writes for a contract's type (`orchestration.ingest.casts`), by kind.
_KINDS = {
    "VARCHAR": "text", "DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean",
}  # fmt: skip


@dataclass(frozen=True)
class Mistyped:
    """One column of another type.

    Attributes:
        what: `source` or `dataset`.
        name: Which one.
        column: The column.
        declared: What it should be, in words.
        found: What there is, a sentence's second half.
        source: Who answers for it.
    """

    what: str
    name: str
    column: str
    declared: str
    found: str
    source: str


NOTHING = Mistyped("", "", "", "", "", "")


def mistyped_files(con: "duckdb.DuckDBPyConnection", project: Project) -> dict[str, Mistyped]:
    """Sources of whose newest attempt a file was refused whole for the type of one column."""
    rows = con.execute(
        f"""
        with newest as (
            select load_id, source, file, rows_rejected, status
            from audit.loads
            qualify run_id = arg_max(run_id, loaded_at) over (partition by source)
        )
        select source, file, column_name, rows_rejected, min(value)
        from newest
        inner join audit.rejects using (load_id, source, file)
        where status = 'failed' and starts_with(rejects.reason, 'not ')
        group by source, file, column_name, rows_rejected
        having count(distinct line) = rows_rejected and rows_rejected >= {_LEAST_LINES}
        order by file desc, column_name desc
        """
    ).fetchall()
    found: dict[str, Mistyped] = {}
    for name, file, column, lines, example in rows:
        source = project.sources.get(name)
        if source is None or column not in source.columns:
            continue
        there = f"lines of {file}" if source.database is None else "rows of its database"
        found[name] = Mistyped(
            "source", name, column, source.columns[column].type,
            f"all {lines} {there} have something else, such as '{example}'", name,
        )  # fmt: skip
    return found


def mistyped_table(source: Source, types: Mapping[str, str]) -> Mistyped | None:
    """The first column of a raw table that is of another kind than its contract says.

    A number of another precision is a number all the same.
    """
    for name, column in source.columns.items():
        declared, found = column.type.partition("(")[0], types.get(name, "")
        kind = _KINDS.get(found.partition(" ")[0], "number")
        wanted = "number" if declared in ("integer", "number", "decimal") else declared
        if found and kind != wanted:
            there = f"raw.{source.source}, read by an earlier contract, has {found}"
            return Mistyped("source", source.source, name, column.type, there, source.source)
    return None


def mistyped_kpis(
    con: "duckdb.DuckDBPyConnection", project: Project, failed: Collection[str]
) -> dict[str, Mistyped]:
    """KPIs of which a mart's column cannot be what they need, those over them included.

    Args:
        con: The warehouse, after the marts were built.
        project: The specs.
        failed: KPIs that could not be computed. The KPIs of a dataset share one table, so that a
            column of one of them stops the others, too; these are told the same.
    """
    marts = types_in(con, "marts")
    found: dict[str, Mistyped] = {}
    at_fault: dict[str, Mistyped] = {}
    for name, kpi in project.kpis.items():
        mistyped = next(_mistyped(project, kpi, marts), None)
        if mistyped is not None:
            found[name] = mistyped
            at_fault.setdefault(mistyped.name, mistyped)
    for name in failed:
        stopped = [at_fault[d] for d in project.read_by(project.kpis[name]) if d in at_fault]
        if stopped:
            found.setdefault(name, stopped[0])
    return found


def _mistyped(
    project: Project, kpi: Kpi, marts: Mapping[str, Mapping[str, str]]
) -> Iterator[Mistyped]:
    for name in project.read_by(kpi):
        dataset = project.datasets[name]
        kind = marts.get(f"marts.{dataset.model}", {}).get(dataset.time, "")
        if kind and not kind.startswith(("DATE", "TIMESTAMP")):
            yield Mistyped(
                "dataset", name, dataset.time, "a day or a moment",
                f"marts.{dataset.model} has {kind}", dataset.sources[0],
            )  # fmt: skip
    metric = project.taken_over(kpi)[-1].metric
    for measure in metric.measures:
        wanted, name = _WANTED.get(measure.aggregation), metric.dataset_of(measure)
        if wanted is None or name not in project.datasets:
            continue
        dataset = project.datasets[name]
        there = marts.get(f"marts.{dataset.model}", {})
        types = {column: kind.lower() for column, kind in there.items()}
        wrong = wrong_type(measure.expression, types, wanted=wanted)
        if wrong is not None:
            yield Mistyped(
                "dataset", name, wrong.column, f"a {wrong.wanted}",
                f"marts.{dataset.model} has {there[wrong.column]}", dataset.sources[0],
            )  # fmt: skip
