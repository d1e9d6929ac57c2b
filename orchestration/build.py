"""The dbt models of a run: what may be built, what each table rests on, which to trust.

Belongs here: what must hold between models. Does not belong here: what a run is to compute
(`orchestration.state`), running dbt (`orchestration.transform`).

A table is trusted when its last build succeeded, its data tests passed, and it was built from what
is there today: data, clock, hand-written SQL, engine, and for a generated one its definition. It is
built over trusted tables only, so the KPI tables answer for all below them.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestration import model_graph, run_log
from orchestration.model_graph import ModelGraph, Outcome
from orchestration.progress import OnProgress
from orchestration.run_context import RunContext
from orchestration.run_log import ModelOutcome
from orchestration.state import State, current_state
from orchestration.steps import Steps

if TYPE_CHECKING:
    import duckdb

STALE = "its table rests on other data or another definition; run the whole pipeline"
CUT_SHORT = "its build was cut short; run the whole pipeline"


@dataclass
class Build:
    """The models of one run.

    Attributes:
        context: The order.
        steps: The step functions.
        warehouse: Opens the warehouse; closed while dbt runs.
        on_progress: Told of progress.
        built: Outcomes of the models built by this run.
    """

    context: RunContext
    steps: Steps
    warehouse: "Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]"
    on_progress: OnProgress
    built: list[Outcome] = field(default_factory=list)
    _state: State | None = field(default=None, init=False, repr=False)

    @cached_property
    def compiled(self) -> Any:
        """The compiled specs, with the generated models on disk brought up to date."""
        compiled = self.steps.compile_project(self.context.project)
        self.steps.write_models(self.context.paths, compiled.files)
        return compiled

    @cached_property
    def graph(self) -> ModelGraph:
        """The dbt models, generated ones included."""
        _ = self.compiled  # writes them
        return model_graph.read_graph(self.context.paths.dbt_project)

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Models that cannot be built because a source or a column is missing."""
        with self.warehouse() as con:
            found = self.steps.preflight(con, self.context.project)
        without = {
            self.compiled.kpi_models[kpi]
            for kpi in found.kpis_left_out
            if kpi in self.compiled.kpi_models
        }
        # A dataset has a table of parts in each calendar, and one with each dataset read besides.
        without |= {
            table.name
            for table in self.compiled.plan.parts
            if table.datasets & found.datasets_left_out
        }
        return model_graph.models_left_out(self.graph, without)

    # -- what a table rests on --------------------------------------------------------------

    def state(self) -> State:
        """What a table that is built now rests on."""
        if self._state is None:
            with self.warehouse() as con:
                self._state = current_state(con, self.context.project, self.context.as_of)
        return self._state

    def data_changed(self) -> None:
        """What was loaded meanwhile counts."""
        self._state = None

    def _state_of(self, name: str) -> str:
        model = self.graph.models[name]
        if model.is_kpi:
            return self.state().of_kpi(model.kpi)
        # Parts have columns of several KPIs: their SQL says which.
        return self.state().of_shared(self.compiled.files.get(f"{name}.sql", ""))

    def _outcomes(self) -> tuple[ModelOutcome, ...]:
        """Newest outcomes of the models that can be built today; a success of before is stale."""
        left_out = self.left_out
        with self.warehouse() as con:
            known = run_log.outcomes(con)
        return tuple(
            outcome
            if outcome.status != "success" or outcome.state == self._state_of(outcome.name)
            else ModelOutcome(outcome.name, "stale", STALE)
            for outcome in known
            if outcome.name in self.graph.models and outcome.name not in left_out
        )

    def compute_errors(self) -> dict[str, str]:
        """KPIs without a table to trust, with the reason; those left out are not among them."""
        models = {k: m for k, m in self.compiled.kpi_models.items() if m not in self.left_out}
        known = self._outcomes()
        never = set(models.values()) - {outcome.name for outcome in known}
        known += tuple(ModelOutcome(name, "skipped", "never built") for name in sorted(never))
        stale = {outcome.name for outcome in known if outcome.status == "stale"}
        # A KPI that is not stale was built over tables that were not: what became so since is its
        # neighbours' matter. One that is names the first stale table, so that one incident tells.
        current = {kpi: model for kpi, model in models.items() if model not in stale}
        others = {kpi: model for kpi, model in models.items() if model in stale}
        failed = [outcome for outcome in known if outcome.status != "stale"]
        return {
            **model_graph.compute_errors(self.graph, current, failed),
            **model_graph.compute_errors(self.graph, others, known),
        }

    # -- building ---------------------------------------------------------------------------

    @property
    def shared_models(self) -> frozenset[str]:
        """Staging, marts and parts."""
        return frozenset(self.graph.models) - frozenset(self.compiled.kpi_models.values())

    def kpi_models(self, kpis: Iterable[str]) -> frozenset[str]:
        """The models of these KPIs."""
        return frozenset(self.compiled.kpi_models[kpi] for kpi in kpis)

    def shared(self, names: Iterable[str]) -> tuple[Outcome, ...]:
        """Build shared models, and those below them that are stale or failed.

        Returns:
            One outcome per model, every model after those it reads.
        """
        wanted = frozenset(names) & self.shared_models
        with self.warehouse():
            below = self.graph.ancestors(wanted) & self._untrusted()
            select = self._begin(wanted | below)
        return self._run("models", select)

    def kpis(self, kpis: Iterable[str]) -> tuple[Outcome, ...]:
        """Build KPI tables. One over a table that is stale or failed is not; it is skipped."""
        models = self.kpi_models(kpis)
        with self.warehouse():
            untrusted = self._untrusted() - models  # dbt orders KPIs among themselves
            skipped = [
                ModelOutcome(model, "skipped", f"rests on {', '.join(sorted(near))}")
                for model in sorted(models)
                if (near := self.graph.ancestors([model]) & untrusted)
            ]
            self._keep(skipped)
            select = self._begin(models - {outcome.name for outcome in skipped})
        return (*skipped, *self._run("kpis", select))

    def untrusted_shared(self) -> frozenset[str]:
        """Shared models whose table is stale or whose build failed; one never built is not."""
        return self._untrusted() & self.shared_models

    def _untrusted(self) -> frozenset[str]:
        return frozenset(o.name for o in self._outcomes() if o.status != "success")

    def _begin(self, names: Iterable[str]) -> list[str]:
        """What of these can be built, noted: if this process dies on the way, it is not trusted."""
        select = sorted(set(names) - self.left_out)
        self._record([ModelOutcome(name, "interrupted", CUT_SHORT) for name in select])
        return select

    def _run(self, stage: str, select: Sequence[str]) -> tuple[Outcome, ...]:
        """Build what `_begin` has noted; the warehouse is closed."""
        if not select:  # dbt reads an empty selection as everything
            return ()
        done = 0

        def told(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            self.on_progress(stage, done, len(select), outcome.name)

        self.on_progress(stage, 0, len(select), "")
        outcomes = self.steps.run_models(
            self.context.paths, select, told, full_refresh=self.context.full_refresh
        )
        unanswered = set(select) - {outcome.name for outcome in outcomes}
        outcomes += tuple(ModelOutcome(n, "error", "dbt did not report it") for n in unanswered)
        self._keep(outcomes)
        return tuple(sorted(outcomes, key=lambda outcome: self.graph.depth(outcome.name)))

    def _keep(self, outcomes: Sequence[Outcome]) -> None:
        self.built.extend(outcomes)
        if outcomes:
            self._record(outcomes)

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        states = {outcome.name: self._state_of(outcome.name) for outcome in outcomes}
        now = dt.datetime.now(dt.UTC)
        with self.warehouse() as con:
            run_log.record_outcomes(con, self.context.run_id, outcomes, now, states)
