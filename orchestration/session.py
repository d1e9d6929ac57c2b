"""One run in progress: the steps in their order, with what the later ones need of the earlier.

The warehouse is opened for a step and closed after it: dbt opens the file itself, and DuckDB allows
one read-write handle per process and configuration. To open and close it takes a fortieth of a
second of CPU: what a step needs is asked for while it is open.
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestration import run_log
from orchestration.build import Build
from orchestration.check_facts import CheckFacts, SourceFacts, check_facts, source_facts
from orchestration.model_graph import ModelGraph, Outcome
from orchestration.progress import OnProgress, silent
from orchestration.run_context import RunContext
from orchestration.state import Plan, State, decide, live_run
from orchestration.steps import Steps
from orchestration.warehouse_file import connect

if TYPE_CHECKING:
    import duckdb


@dataclass
class Session:
    """A run's steps. In a whole run: ingest, build_models, build_kpis, judge, publish, alert.

    A part of them is allowed too (a backfill of one KPI). What is computed is then what was asked
    for; what a whole run computes besides is decided by `plan`.

    Attributes:
        context: The order.
        steps: The step functions.
        on_progress: Told of progress.
        ingested: Reports of the sources ingested, in order.
        verdicts: The judge's summary.
        compute_errors: KPI id to what went wrong with its model or one it rests on.
        publication: What was published; None until then.
        incidents: Incidents opened or changed.
        delivery: The alerts' delivery report.
        seconds: Wall time by stage.
    """

    context: RunContext
    steps: Steps = field(default_factory=Steps)
    on_progress: OnProgress = silent
    ingested: list[Any] = field(default_factory=list)
    verdicts: Any = None
    publication: Any = None
    incidents: Sequence[Any] = ()
    delivery: Any = None
    compute_errors: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _prepared: bool = field(default=False, init=False, repr=False)
    _previous: State | None = field(default=None, init=False, repr=False)
    _open: "duckdb.DuckDBPyConnection | None" = field(default=None, init=False, repr=False)

    # -- what the steps share ---------------------------------------------------------------

    @contextmanager
    def warehouse(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        """The warehouse, read-write. The first opening prepares schemas, run log and clock.

        Where it is open already that connection is given, and closed where it was opened.

        Raises:
            WarehouseUnusableError: it cannot be opened.
        """
        if self._open is not None:
            yield self._open
            return
        self.context.paths.var.mkdir(parents=True, exist_ok=True)
        with connect(self.context.paths.warehouse) as con:
            if not self._prepared:
                self._prepare(con)
            self._open = con
            try:
                yield con
            finally:
                self._open = None

    def _prepare(self, con: "duckdb.DuckDBPyConnection") -> None:
        context = self.context
        self.steps.ensure_schemas(con)
        run_log.ensure_run_log(con)
        self._previous = run_log.last_published_state(con)
        run_log.begin_run(con, context.run_id, context.as_of, context.started_at)
        self.steps.write_calendar(con, context.project, context.as_of)
        self._prepared = True

    @cached_property
    def build(self) -> Build:
        """The models of this run."""
        return Build(self.context, self.steps, self.warehouse, self.on_progress)

    @property
    def compiled(self) -> Any:
        """The compiled specs, with the generated models on disk brought up to date."""
        return self.build.compiled

    @property
    def graph(self) -> ModelGraph:
        """The dbt models, generated ones included."""
        return self.build.graph

    @property
    def built(self) -> Sequence[Outcome]:
        """Outcomes of the models built by this run."""
        return self.build.built

    @cached_property
    def plan(self) -> Plan:
        """What this run computes; fixed once the sources are ingested."""
        context = self.context
        with self.warehouse():
            return decide(
                self._previous,
                self.build.state(),
                unpublished=self._why_unpublished(),
                full_refresh=context.full_refresh,
                select=context.select or (context.project.kpis if context.forced else ()),
            )

    def _why_unpublished(self) -> str | None:
        """Why readers do not have what the last run published; None where they do."""
        paths = self.context.paths
        if not paths.published_file.exists():
            return "the published file is not there"
        with self.warehouse() as con:
            last = run_log.last_published_run(con)
        if live_run(paths.published_file) != last:
            return "an earlier publication is live (a rollback), or another file"
        if self.context.project.settings.publish.parquet and not paths.parquet.is_dir():
            return "the Parquet files are not there"
        return None

    @property
    def whole(self) -> bool:
        """Whether this run began with the sources, and so decides itself what is to be done."""
        return bool(self.ingested)

    @property
    def unchanged(self) -> bool:
        """Whether the last publication still holds."""
        return self.whole and self.plan.nothing

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    # -- the steps --------------------------------------------------------------------------

    def ingest(self, sources: Iterable[str] | None = None) -> Iterator[Any]:
        """Load the new files of these sources (default: all), one report each."""
        context = self.context
        wanted = list(context.project.sources if sources is None else sources)
        with self._stage("ingest"), self.warehouse() as con:
            for done, source in enumerate(wanted):
                self.on_progress("ingest", done, len(wanted), source)
                report = self.steps.ingest_source(
                    con,
                    context.project.sources[source],
                    paths=context.paths,
                    run_id=context.run_id,
                    loaded_at=context.started_at,
                )
                self.ingested.append(report)
                yield report
            self.on_progress("ingest", len(wanted), len(wanted), "")
        self.build.data_changed()

    def build_models(self, models: Iterable[str] | None = None) -> tuple[Outcome, ...]:
        """Build staging, marts and shared parts: those asked for and those the plan needs.

        Returns:
            One outcome per model, every model after those it reads.
        """
        with self._stage("models"):
            build = self.build
            names = set(build.shared_models if models is None else models)
            if self.whole:
                needed = build.graph.ancestors(build.kpi_models(self.plan.kpis))
                with self.warehouse():
                    needed |= build.untrusted_shared()
                names = names | needed if self.plan.everything else set(needed)
            return build.shared(names)

    def build_kpis(self, kpis: Iterable[str] | None = None) -> tuple[Outcome, ...]:
        """Build KPI tables: those asked for, in a whole run those of the plan."""
        with self._stage("kpis"):
            if self.whole:
                kpis = self.plan.kpis
            return self.build.kpis(self.context.project.kpis if kpis is None else kpis)

    def judge(self) -> Any:
        """Judge every KPI; those without a table to trust get a compute error."""
        context = self.context
        self.on_progress("verdicts", 0, 1, "")
        with self._stage("verdicts"), self.warehouse() as con:
            self.compute_errors = self.build.compute_errors()
            self.verdicts = self.steps.judge(
                con,
                context.project,
                as_of=context.as_of,
                run_id=context.run_id,
                compute_errors=self.compute_errors,
            )
        self.on_progress("verdicts", 1, 1, "")
        return self.verdicts

    def check_facts(self) -> dict[str, CheckFacts]:
        """What each KPI's check says, by id, from the verdicts in the warehouse."""
        with self.warehouse() as con:
            return check_facts(con, self.context.project.kpis, self.context.as_of)

    def source_facts(self) -> dict[str, SourceFacts]:
        """What each source's check says, by id, as it was judged last."""
        with self.warehouse() as con:
            return source_facts(con, self.context.project.sources)

    def publish(self) -> Any:
        """Put the judged tables in place, then note incidents and what the publication rests on.

        Verdicts of an earlier run are no verdicts on today's specs: without any, they are made.
        """
        context = self.context
        if self.verdicts is None:
            self.judge()
        state = self.build.state()  # opens the warehouse itself
        self.on_progress("publish", 0, 1, "")
        with self._stage("publish"), self.warehouse() as con:
            now = _now()
            # What failed is tried again, and not taken for done: see `run_log.end_run`.
            rests_on = None if self.compute_errors or _has_errors(con) else state
            self.publication = self.steps.publish(
                con,
                context.project,
                self.compiled,
                context.paths,
                run_id=context.run_id,
                computed_at=now,
                as_of=context.as_of,
            )
            self.incidents = self.steps.record_incidents(
                con, context.project, run_id=context.run_id, now=now
            )
            run_log.end_run(con, context.run_id, "published", finished_at=_now(), state=rests_on)
        self.on_progress("publish", 1, 1, "")
        return self.publication

    def alert(self) -> Any:
        """Send what is due from the outbox, also what an earlier run could not send."""
        self.on_progress("alerts", 0, 1, "")
        with self._stage("alerts"), self.warehouse() as con:
            self.delivery = self.steps.deliver(con, self.context.project, now=_now())
        self.on_progress("alerts", 1, 1, "")
        return self.delivery

    def end_unchanged(self) -> None:
        """Note that nothing was new; alerts that wait are sent all the same."""
        self.alert()
        with self.warehouse() as con:
            run_log.end_run(con, self.context.run_id, "unchanged", finished_at=_now())

    def run(self) -> None:
        """Every step in order, as the whole job does, without Dagster."""
        for _ in self.ingest():
            pass
        if self.unchanged:
            self.end_unchanged()
            return
        self.build_models()
        self.build_kpis()
        self.judge()
        self.publish()
        self.alert()

    def close(self) -> None:
        """Note the end of a run that published nothing: a part of the pipeline, or a failed one."""
        if self._prepared:
            with self.warehouse() as con:
                run_log.end_run(con, self.context.run_id, "unpublished", finished_at=_now())

    def fail(self, error: BaseException) -> None:
        """Note that the machinery failed; a run that had published by then stays published."""
        message = f"{type(error).__name__}: {error}"
        with self.warehouse() as con:
            run_log.end_run(con, self.context.run_id, "failed", finished_at=_now(), message=message)


def _has_errors(con: "duckdb.DuckDBPyConnection") -> bool:
    """Whether some value could not be computed, or not be judged; an invalid spec is no try."""
    found = con.execute(
        "select bool_or(data_status = 'error' and reason_codes <> 'SPEC_INVALID') "
        "from audit.verdicts"
    ).fetchone()
    return bool(found and found[0])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
