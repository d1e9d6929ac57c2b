"""A small project in a temporary folder, and steps that only pretend."""

import datetime as dt
import shutil
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from kpi_specs.compiler import compile_project, write
from kpi_specs.language import Project, load_project
from orchestration.paths import ProjectPaths
from orchestration.run_context import RunContext
from orchestration.run_log import ModelOutcome
from orchestration.session import Session
from orchestration.steps import Steps

SHOP = Path(__file__).parents[2] / "projects" / "shop"
AS_OF = dt.date(2024, 3, 1)
NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
LATER = (NOON + dt.timedelta(minutes=n) for n in count())  # no two runs begin together


@dataclass
class FakeSteps:
    """Steps that write only what the pipeline itself reads, and remember how they were called.

    Attributes:
        calls: Names of the steps in the order they were called.
        builds: What each call to dbt was asked to build.
        failing: dbt model to the message it fails with.
        raising: Step name to the exception it raises.
        left_out: KPIs and datasets that the preflight leaves out.
        loads: Rows of the load log (source, hash), written when their source is ingested.
        statuses: KPI to data_status of its newest period; `final` where absent.
        late: Sources that are a day late.
    """

    calls: list[str] = field(default_factory=list)
    builds: list[list[str]] = field(default_factory=list)
    failing: dict[str, str] = field(default_factory=dict)
    raising: dict[str, BaseException] = field(default_factory=dict)
    left_out: tuple[set[str], set[str]] = (set(), set())
    loads: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    compute_errors: dict[str, str] = field(default_factory=dict)

    def _called(self, step: str) -> None:
        self.calls.append(step)
        if step in self.raising:
            raise self.raising[step]

    def ensure_schemas(self, con):
        con.execute("create schema if not exists audit")
        con.execute(
            """create table if not exists audit.loads (source varchar, file varchar, sha256 varchar,
            rows_loaded bigint, rows_rejected bigint, status varchar, message varchar,
            missing_columns varchar)"""
        )
        con.execute(
            """create table if not exists audit.verdicts (kpi varchar, cadence varchar,
            period varchar, period_start date, slice varchar, data_status varchar,
            reason_codes varchar, reason varchar, party varchar, root varchar, coverage double,
            due_at date, data_through date)"""
        )
        con.execute(
            """create table if not exists audit.source_freshness (source varchar,
            data_through date, promised date, days_late integer, status varchar)"""
        )
        con.execute(
            """create table if not exists audit.checks (kpi varchar, cadence varchar,
            period varchar, slice varchar, check_name varchar, evidence varchar, expected varchar,
            observed varchar, verdict varchar)"""
        )

    def write_calendar(self, con, project, as_of):
        self._called("calendar")

    def ingest_source(self, con, source, *, paths, run_id, loaded_at):
        self._called(f"ingest {source.source}")
        known = {row[0] for row in con.execute("select sha256 from audit.loads").fetchall()}
        new = [sha for name, sha in self.loads if name == source.source and sha not in known]
        for sha in new:
            con.execute(
                "insert into audit.loads values (?, 'file', ?, 1, 0, 'loaded', '', '')",
                [source.source, sha],
            )
        return SimpleNamespace(
            source=source.source, files_new=len(new), files_known=0, rows_loaded=len(new),
            rows_rejected=0, status="loaded", message="",
        )  # fmt: skip

    def preflight(self, con, project):
        self._called("preflight")
        return SimpleNamespace(kpis_left_out=self.left_out[0], datasets_left_out=self.left_out[1])

    def run_models(self, paths, select, on_model, *, full_refresh):
        self._called("dbt")
        self.builds.append(list(select))
        self.full_refresh = full_refresh
        outcomes = []
        for name in select:
            message = self.failing.get(name)
            outcomes.append(ModelOutcome(name, "error" if message else "success", message or ""))
            on_model(outcomes[-1])
        return tuple(outcomes)

    def judge(self, con, project, *, as_of, run_id, compute_errors):
        self._called("judge")
        self.compute_errors = dict(compute_errors)
        con.execute("delete from audit.verdicts")
        for kpi in project.kpis:
            status = "error" if kpi in compute_errors else self.statuses.get(kpi, "final")
            con.execute(
                "insert into audit.verdicts values (?, 'monthly', '2024-02', '2024-02-01', "
                "'total', ?, '', 'why', 'ops', 'root', 1.0, '2024-03-01', '2024-02-29')",
                [kpi, status],
            )
        con.execute("delete from audit.source_freshness")
        for source in project.sources:
            late = int(source in self.late)
            con.execute(
                "insert into audit.source_freshness values (?, '2024-02-28', ?, ?, ?)",
                [source, f"2024-02-{28 + late}", late, "late" if late else "fresh"],
            )
        return SimpleNamespace(kpis=len(project.kpis))

    def publish(self, con, project, compiled, paths, *, run_id, computed_at, as_of):
        self._called("publish")
        paths.parquet.mkdir(parents=True, exist_ok=True)
        paths.published_file.unlink(missing_ok=True)
        with duckdb.connect(str(paths.published_file)) as live:
            live.execute("create table publication as select ?::varchar as run_id", [run_id])
        return SimpleNamespace(run_id=run_id, counts={"kpi_values": 3}, file=paths.published_file)

    def record_incidents(self, con, project, *, run_id, now):
        self._called("incidents")
        return ()

    def deliver(self, con, project, *, now):
        self._called("deliver")
        return SimpleNamespace(sent=0)

    def steps(self) -> Steps:
        return replace(
            Steps(),
            ensure_schemas=self.ensure_schemas,
            write_calendar=self.write_calendar,
            ingest_source=self.ingest_source,
            preflight=self.preflight,
            run_models=self.run_models,
            judge=self.judge,
            publish=self.publish,
            record_incidents=self.record_incidents,
            deliver=self.deliver,
        )


@dataclass(frozen=True)
class Shop:
    """The shop project in a folder of its own, compiled."""

    project: Project
    paths: ProjectPaths

    def session(self, fakes: FakeSteps, run_id: str = "run-1", **order) -> Session:
        context = RunContext(
            project=order.pop("project", self.project), paths=self.paths, run_id=run_id,
            as_of=order.pop("as_of", AS_OF), started_at=next(LATER), **order,
        )  # fmt: skip
        return Session(context, fakes.steps())

    def with_kpi(self, kpi_id: str, **changes) -> Project:
        """The project with one spec changed."""
        changed = self.project.kpis[kpi_id].model_copy(update=changes)
        return replace(self.project, kpis={**self.project.kpis, kpi_id: changed})


@pytest.fixture
def shop(tmp_path) -> Shop:
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root)
    project = load_project(root).project
    assert project is not None
    write(root, compile_project(project).files)
    return Shop(project, ProjectPaths(root))


@pytest.fixture
def fakes() -> FakeSteps:
    return FakeSteps(loads=[("orders", "a"), ("ads", "b")])
