"""Fill the staged tables: one build over one warehouse connection, in one transaction."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from expectations.sql import columns_in
from kpi_specs.language.project import Project
from orchestration.publish import (
    history,
    restatements,
    rows,
    schema,
    signals,
    target_pacing,
    target_splits,
    targets,
    values,
)
from orchestration.publish.catalogue import (
    CompiledKpis,
    Row,
    catalogue_rows,
    objective_rows,
    source_rows,
)
from orchestration.publish.check_history import write_checks
from orchestration.publish.checks import publication_checks, row_checks, run_checks
from orchestration.publish.columns import Table, literal, quoted
from orchestration.publish.empty import STORAGE_VERSION, empty_publication
from orchestration.publish.target_periods import write_target_specs

STAGING = "publication_staging"  # attached names; no schema of the warehouse is called so
BEFORE = "publication_before"
WORKING_TABLES = (
    *rows.WORKING_TABLES, *targets.WORKING_TABLES, *restatements.WORKING_TABLES, "publish_signals",
)  # fmt: skip


class Build:
    """One build of the staged tables over one connection."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        project: Project,
        compiled: CompiledKpis,
        run_id: str,
        computed_at: dt.datetime,
        as_of: dt.date,
        has_before: bool,
        incidents: Sequence[Row] = (),
    ) -> None:
        self.con = con
        self.project = project
        self.compiled = compiled
        self.run: dict[str, Any] = {"computed_at": computed_at, "run_id": run_id}
        self.as_of = as_of
        self.incidents = incidents
        self.before = BEFORE if has_before else None
        self.warehouse = database_of(con)

    def all(self) -> dict[str, int]:
        """Fill and check every table. Returns rows per table."""
        try:
            self._gather()
            # Few transactions: every commit is a disk sync.
            with self._transaction():
                tables = self._fill()
                run_checks(self.con, publication_checks(STAGING, self.as_of))
                counts = self._sign(tables)
            self.con.execute(f"CHECKPOINT {STAGING}")
        finally:
            for name in WORKING_TABLES:
                self.con.execute(f"DROP TABLE IF EXISTS temp.{name}")
        return counts

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.con.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        self.con.execute("COMMIT")

    def _gather(self) -> None:
        con, w = self.con, self.warehouse
        tables = self._kpi_tables()
        con.execute(rows.KPIS_DDL)
        kpis = rows.kpi_parameters(self.project, self.compiled, tables)
        if kpis:  # a new project may have none yet
            con.executemany("INSERT INTO publish_kpis VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", kpis)
        con.execute(rows.computed_sql(w, self.project, tables))
        con.execute(rows.rows_sql(w), {"as_of": self.as_of})
        run_checks(con, row_checks(w))
        write_target_specs(con, self.project, self.as_of)
        con.execute(signals.signals_sql())
        con.execute(targets.targets_sql())
        con.execute(target_splits.parts_sql())
        con.execute(target_pacing.pace_sql(), {"as_of": self.as_of})
        self._compare_with_history()

    def _compare_with_history(self) -> None:
        con, ledger = self.con, history.audit_ledger(self.warehouse)
        history.ensure(con, ledger)
        self.entry = history.next_entry(
            con, ledger, event="run", as_of=self.as_of, shown_at=self.run["computed_at"],
            time_zone=self.project.settings.time_zone, **self.run,
        )  # fmt: skip
        con.execute(restatements.before_sql(ledger))
        con.execute(restatements.changes_sql("run"))
        if self.entry is None:
            con.execute("DELETE FROM publish_changes")
        con.execute(restatements.revisions_sql(ledger))

    def _kpi_tables(self) -> dict[str, str]:
        """The KPIs whose model is in the warehouse. Those left out of the run are not.

        One whose spec is invalid is of another time: what it reads may be gone.
        """
        found = self.con.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_catalog = ? AND table_schema = 'kpi'",
            [self.warehouse],
        ).fetchall()
        there = {name for (name,) in found}
        models, withheld = self.compiled.kpi_models, self.project.withheld
        return {
            key: models[key]
            for key in self.project.kpis
            if models.get(key) in there and key not in withheld
        }

    def _fill(self) -> Sequence[Table]:
        con, project = self.con, self.project
        tables = published_tables(project)
        catalogue = schema.catalogue_table(project.settings.languages)
        self._insert(catalogue, catalogue_rows(project, self.compiled))
        self._keep_old_definitions(catalogue)
        con.execute(targets.publish_targets_sql(STAGING))
        self._insert(schema.KPI_OBJECTIVES, objective_rows(project))
        self._insert(schema.KPI_SOURCES, source_rows(project, self._freshness()))
        self._insert(schema.KPI_INCIDENTS, self.incidents)
        con.execute(values.values_sql(STAGING, self.warehouse), self.run)
        con.execute(rows.latest_sql(STAGING), {"as_of": self.as_of})
        for key, kpi in project.kpis.items():
            name = schema.kpi_table(key, kpi.dimensions).name
            con.execute(rows.kpi_sql(STAGING, name, kpi.dimensions), {"kpi": key})
        columns = ", ".join(column.name for column in schema.KPI_CHECKS.columns)
        con.execute(
            f"INSERT INTO {STAGING}.main.kpi_checks BY NAME SELECT {columns} "
            f"FROM {quoted(self.warehouse)}.audit.checks "
            "SEMI JOIN publish_kpis USING (kpi) ORDER BY kpi, cadence, period"
        )
        self._history()
        self._audit()
        return tables

    def _freshness(self) -> dict[str, Row]:
        """Rows of audit.source_freshness by source; none after a judge of an earlier version."""
        if "audit.source_freshness" not in columns_in(self.con, "audit"):
            return {}
        found = self.con.execute(f"FROM {quoted(self.warehouse)}.audit.source_freshness")
        names = [column[0] for column in found.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}

    def _history(self) -> None:
        """The ledger so far, and what this publication adds to it."""
        staging = f"{STAGING}.main"
        self.con.execute(history.copy_sql(history.audit_ledger(self.warehouse), staging))
        if self.entry is not None:
            restates = {
                name: source.restates
                for name, source in self.project.sources.items()
                if source.restates
            }
            restatements.write_entry(self.con, self.entry, staging, restates=restates)
            write_checks(self.con, self.entry, staging)
        history.create_known_on(self.con, STAGING, back_to=self.warehouse)

    def _audit(self) -> None:
        """What the method asks beside the values; read from the tables just filled."""
        from orchestration.audit import findings, smart_rows  # which reads tables of this package

        where = (self.con, self.project, self.as_of)
        self._insert(schema.KPI_SMART, map(asdict, smart_rows(*where, schema=f"{STAGING}.main")))
        self._insert(schema.KPI_FINDINGS, map(asdict, findings(*where, schema=f"{STAGING}.main")))

    def _insert(self, table: Table, new: Iterable[Row]) -> None:
        names = [column.name for column in table.columns]
        parameters = [[row[name] for name in names] for row in new]
        if parameters:
            marks = ", ".join("?" for _ in names)
            self.con.executemany(
                f"INSERT INTO {STAGING}.main.{table.name} VALUES ({marks})", parameters
            )

    def _keep_old_definitions(self, catalogue: Table) -> None:
        """Definitions of the live publication that are not in use any more stay readable."""
        if self.before is None:
            return
        there = self.con.execute(
            "SELECT column_name FROM duckdb_columns() "
            "WHERE database_name = ? AND table_name = 'kpi_catalog'",
            [self.before],
        ).fetchall()
        # The project's languages may have changed: only the columns that both have.
        both = {name for (name,) in there} & {column.name for column in catalogue.columns}
        both.discard("is_current")
        columns = ", ".join(quoted(name) for name in sorted(both))
        self.con.execute(
            f"INSERT INTO {STAGING}.main.kpi_catalog BY NAME "
            f"SELECT {columns}, false AS is_current FROM {self.before}.main.kpi_catalog "
            f"ANTI JOIN {STAGING}.main.kpi_catalog USING (kpi, spec_version, spec_fingerprint)"
        )

    def _sign(self, tables: Sequence[Table]) -> dict[str, int]:
        counted = " UNION ALL ".join(
            f"SELECT '{table.name}', count(*) FROM {STAGING}.main.{quoted(table.name)}"
            for table in tables
        )
        counts: dict[str, int] = dict(self.con.execute(counted).fetchall())
        counts["publication"] = 1
        settings = self.project.settings
        signature: Row = {
            "contract_version": schema.CONTRACT_VERSION,
            "project": settings.name,
            "title": json.dumps(settings.title, ensure_ascii=False),
            **self.run,
            "as_of": self.as_of,
            "currency": settings.currency,
            "time_zone": settings.time_zone,
            "counts": json.dumps(counts),
        }
        self._insert(schema.PUBLICATION, [signature])
        return counts


def published_tables(project: Project) -> tuple[Table, ...]:
    """Every table of the project's publication."""
    kpis = (schema.kpi_table(key, kpi.dimensions) for key, kpi in project.kpis.items())
    return (*schema.fixed_tables(project.settings.languages), *kpis)


def database_of(con: duckdb.DuckDBPyConnection) -> str:
    """The name that a connection's own database has in SQL, e.g. warehouse."""
    return str(con.execute("SELECT current_database()").fetchall()[0][0])


@contextmanager
def attached(
    con: duckdb.DuckDBPyConnection, staged: Path, before: Path | None, project: Project
) -> Iterator[None]:
    """Attach the file being built, as yet empty, and, read-only, the kept copy of the live one."""

    def detach() -> None:
        for name in (STAGING, BEFORE):
            con.execute(f"DETACH DATABASE IF EXISTS {name}")

    detach()  # an earlier attempt over this connection may have been interrupted
    # To try FSST on each column is a sixth of the time of writing; no file was smaller for it.
    con.execute("SET disabled_compression_methods = 'fsst'")
    try:
        if before is not None:
            con.execute(f"ATTACH {literal(str(before))} AS {BEFORE} (READ_ONLY)")
        staged.write_bytes(empty_publication(published_tables(project)))
        con.execute(
            f"ATTACH {literal(str(staged))} AS {STAGING} (STORAGE_VERSION '{STORAGE_VERSION}')"
        )
        yield
    finally:
        detach()
        con.execute("RESET disabled_compression_methods")


def export_parquet(con: duckdb.DuckDBPyConnection, database: str, folder: Path) -> None:
    """Write every table of a publication as one Parquet file."""
    folder.mkdir(parents=True)
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'main'",
        [database],
    ).fetchall()
    for (name,) in names:
        file = literal(str(folder / f"{name}.parquet"))
        con.execute(
            f"COPY {quoted(database)}.main.{quoted(name)} TO {file} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
