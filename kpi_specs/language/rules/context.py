"""What a rule may look at, and how it says where."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
