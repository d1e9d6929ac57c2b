"""What a rule may look at, and how it says where."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.dbt_columns import Columns
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project
from kpi_specs.language.yaml_lines import Document


@dataclass(frozen=True)
class RuleContext:
    """The specs that could be read, the dbt models' declared columns, and the documents' lines."""

    project: Project
    columns: dict[str, Columns]  # by dbt model
    values: dict[str, dict[str, tuple[str, ...]]]  # by dbt model and column: closed lists
    documents: dict[tuple[str, str], Document]  # by (kind, id)
    broken: frozenset[str]  # ids whose file did not load: known, but not to be looked into
    clock: dt.date

    def problem(
        self,
        kind: str,
        key: str,
        path: tuple[str | int, ...],
        rule: str,
        message: str,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        """A problem at `path` inside the file of the spec `key`."""
        document = self.documents[(kind, key)]
        return Problem(document.file, document.line(*path), rule, message, severity)

    @cached_property
    def missliced(self) -> frozenset[str]:
        """KPIs whose grain names a dimension that there is not: others follow from it."""
        return frozenset(
            key
            for key, kpi in self.project.kpis.items()
            for name in self.project.sliced_by(kpi)
            if name in self.project.datasets
            and not set(kpi.dimensions) <= set(self.project.datasets[name].dimensions)
        )

    def misdeclared(self, dataset: Dataset) -> bool:
        """Whether a dimension of a dataset is no column of its model: told there, once."""
        placed = [(dataset.model, dataset.own_dimensions)]
        placed += [(join.model, join.dimensions) for join in dataset.joins]
        return any(not set(d) <= set(self.columns.get(model, d)) for model, d in placed)

    def measures(self, kpi: Kpi) -> Iterator[tuple[tuple[str | int, ...], Measure]]:
        """Each measure of a KPI with its place in the file."""
        yield from kpi.metric.placed_measures

    def measures_with_columns(
        self, kpi: Kpi
    ) -> Iterator[tuple[tuple[str | int, ...], Measure, str, Columns]]:
        """Each measure with its place, dbt model and the model's columns, where all are known."""
        for path, measure in self.measures(kpi):
            dataset = self.project.datasets.get(kpi.metric.dataset_of(measure))
            if dataset is not None and dataset.model in self.columns:
                yield path, measure, dataset.model, self.columns[dataset.model]
