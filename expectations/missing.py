"""Before dbt: which sources and columns are there, of which type, and which KPIs are left out.

So are those whose spec is invalid, and those that rest on one.

Two witnesses are asked: the catalogue (`duckdb_columns`) and the load log (`audit.loads`).

- A source is *missing* when no load of it ever brought a row. One that serves a join alone leaves
  out the KPIs that are sliced by the join: the others are computed without a match in it.
- A column is *missing* when the newest load attempt of its source failed for want of it. What was
  loaded before stays usable, so the source's KPIs are built and only the periods after the data's
  end are lost. Where there is no earlier data, or the raw table itself lacks the column, nothing
  can be built: the KPIs are left out and all their periods are lost.
- A column is of another *type* (`mistyped.py`) in the same two ways: a file of the newest attempt,
  or the raw table itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from expectations.mistyped import Mistyped, mistyped_files, mistyped_table
from expectations.sql import columns_in, types_in
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Preflight:
    """What is not there. Dictionaries are keyed by source id, in file order."""

    missing_sources: dict[str, str]  # source -> why, in words that continue "the source ..."
    missing_columns: dict[str, tuple[str, ...]]
    mistyped: dict[str, Mistyped]
    datasets_left_out: frozenset[str]
    kpis_left_out: frozenset[str]
    sources_without_rows: frozenset[str] = frozenset()  # their raw tables are there, and empty


@dataclass(frozen=True)
class _Attempts:
    """What the load log knows of one source."""

    ever_loaded: bool
    missing_columns: tuple[str, ...]  # of the newest attempt
    message: str  # of the newest attempt


def preflight(con: "duckdb.DuckDBPyConnection", project: Project) -> Preflight:
    """Find missing sources and columns, and what rests on them.

    Args:
        con: Connection to the warehouse, after ingest.
        project: The specs.

    Raises:
        RuntimeError: there is no load log, so nothing was ever ingested.
    """
    catalogue = types_in(con, "raw")
    attempts = _attempts(con)
    mistyped = mistyped_files(con, project)
    missing_sources: dict[str, str] = {}
    missing_columns: dict[str, tuple[str, ...]] = {}
    unusable: set[str] = set()
    without_rows: set[str] = set()
    for name, source in project.sources.items():
        log = attempts.get(name)
        absent = tuple(c for c in source.columns if c not in catalogue.get(f"raw.{name}", ()))
        if log is None or not log.ever_loaded:
            unusable.add(name)
            if f"raw.{name}" in catalogue and not absent:
                without_rows.add(name)
            if log is not None and log.missing_columns:
                missing_columns[name] = log.missing_columns
            elif name not in mistyped:
                missing_sources[name] = _why_missing(source, log)
        elif f"raw.{name}" not in catalogue:
            unusable.add(name)
            missing_sources[name] = f"has no table raw.{name} in the warehouse"
        elif absent:
            unusable.add(name)
            missing_columns[name] = absent
        elif table := mistyped_table(source, catalogue[f"raw.{name}"]):
            unusable.add(name)
            mistyped[name] = table
        elif log.missing_columns:
            missing_columns[name] = log.missing_columns
    joined = [
        (name, dataset.dataset, join.source)
        for name, kpi in project.kpis.items()
        for dataset, join in project.joins_of(kpi)
    ]
    stopped = {dataset for _, dataset, source in joined if source in unusable - without_rows}
    datasets = frozenset(
        name
        for name, dataset in project.datasets.items()
        if name in stopped or unusable.intersection(dataset.sources)
    )
    sliced = {kpi for kpi, _, source in joined if source in without_rows}
    sliced.update(project.withheld)
    left_out = kpis_on(project, datasets=datasets, kpis=sliced)
    return Preflight(
        missing_sources, missing_columns, mistyped, datasets, left_out, frozenset(without_rows)
    )


def upstream_first(project: Project) -> tuple[str, ...]:
    """Ids of all KPIs, each after those that it rests on.

    Raises:
        graphlib.CycleError: KPIs that rest on each other.
    """
    graph = {name: set(kpi.metric.uses) for name, kpi in project.kpis.items()}
    return tuple(name for name in TopologicalSorter(graph).static_order() if name in project.kpis)


def kpis_on(
    project: Project, *, datasets: Collection[str] = (), kpis: Collection[str] = ()
) -> frozenset[str]:
    """These KPIs, those that read one of these datasets, and all that rest on them."""
    left_out = set(kpis)
    for name in upstream_first(project):
        metric = project.kpis[name].metric
        if left_out.intersection(metric.uses) or set(datasets).intersection(metric.datasets):
            left_out.add(name)
    return frozenset(left_out)


def _why_missing(source: Source, log: _Attempts | None) -> str:
    if not source.is_connected:
        return "is declared but not connected (its spec has no path)"
    if log is None and source.database is not None:
        return f"was never read ({source.database.words})"
    if log is None:
        return f"never delivered a file that matches {source.path}"
    said = f": {log.message}" if log.message else ""
    return f"was tried, but no load ever brought a row{said}"


def _attempts(con: "duckdb.DuckDBPyConnection") -> dict[str, _Attempts]:
    if "audit.loads" not in columns_in(con, "audit"):
        raise RuntimeError(
            "The warehouse has no load log (table audit.loads), so no source was ever ingested. "
            "Run the ingest step first."
        )
    # The newest attempt is every file that the source's newest run tried.
    rows = con.execute(
        """
        select
            source,
            bool_or(status = 'loaded' and rows_loaded > 0) as ever_loaded,
            string_agg(nullif(missing_columns, ''), ',')
                filter (newest and status = 'failed') as missing_columns,
            max(nullif(message, '')) filter (newest) as message
        from (
            select *, run_id = arg_max(run_id, loaded_at) over (partition by source) as newest
            from audit.loads
        )
        group by source
        """
    ).fetchall()
    return {
        source: _Attempts(
            bool(ever_loaded),
            tuple(dict.fromkeys(c.strip() for c in (columns or "").split(",") if c.strip())),
            message or "",
        )
        for source, ever_loaded, columns, message in rows
    }
