"""cumulative: a measure, or another KPI's definition, over other days than the period's own.

    metric: {dataset: visits, cumulative: {of: {count_distinct: visitor_id}, window: 28 days}}
    metric: {cumulative: {of: gross_revenue, to_date: year}}

A window is exactly so many calendar days, also where some of them have no rows; `to_date` runs
from the first day of the month, quarter or year in the KPI's own calendar. Both end with the
period's last day (a window, in an open period, with the newest day that has rows), so the value of
a month is that of its last day, and are computed from the rows: the visitors of 28 days are not the
sum of the days' visitors. A window that reaches back before the data has no value.

A definition is taken over, not a value, so the other KPI may have any cadence. What makes its days
known comes with it: the other KPI's `complete`, `due`, `mature` and `warm_up` hold here too, beside
its own; of two the stricter one. Warm-up has to lie before the first day taken: customers of a year
to date are new only if those of January were told from old ones. `min_sample`, `valid_range` and
`zero_is_valid` are of a period's value, and each KPI says its own.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from kpi_specs.language.base import Days, Id
from kpi_specs.language.cadence import Cadence
from kpi_specs.language.metrics.base import MetricType, Mistake, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import Operand, Span, measure_part
from kpi_specs.language.metrics.simple import Simple
from kpi_specs.language.metrics.spans import to_date, window

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.project import Project

_CADENCES: dict[str, Cadence] = {"month": "monthly", "quarter": "quarterly", "year": "yearly"}


class Cumulative(MetricType):
    """A definition over a window of days, or since a start."""

    of: Id | Measure
    """A KPI whose definition is taken over, or a measure. E.g. `gross_revenue`."""
    window: Annotated[Days, Field(ge=1)] | None = None
    """So many calendar days, the period's last day the last of them. E.g. `28 days`."""
    to_date: Literal["month", "quarter", "year"] | None = None
    """From the first day of the month, quarter or year to the period's last day. E.g. `month`."""

    @model_validator(mode="after")
    def _one_span(self) -> "Cumulative":
        if (self.window is None) == (self.to_date is None):
            raise ValueError("cumulative needs either a 'window: 28 days' or a 'to_date: month'")
        return self

    @property
    def words(self) -> str:
        """`distinct visitor_id of the 28 days that end with it`."""
        of = self.of if isinstance(self.of, str) else self.of.words
        return f"{of}, over {self.takes.reason}"

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """The measure, where it is one."""
        return () if isinstance(self.of, str) else ((("of",), self.of),)

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """The measure, where it is one."""
        return tuple(measure for _, measure in self.measures)

    @property
    def definition_of(self) -> str | None:
        """The KPI taken over, where it is one."""
        return self.of if isinstance(self.of, str) else None

    @property
    def takes(self) -> Span:
        """The days."""
        if self.window is not None:
            return window(self.window)
        return to_date(_CADENCES[self.to_date or "month"])

    @property
    def counted_days(self) -> tuple[tuple[Path, int], ...]:
        """The window's."""
        return () if self.window is None else ((("window",), self.window),)

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """The same operands over other days."""
        if isinstance(self.of, str):
            operands = project.kpis[self.of].metric.operands(project)
        else:
            operands = (Operand(self.of.dataset or dataset or "", measure_part(self.of)),)
        return tuple(Operand(o.dataset, o.part.over(self.takes), o.divide_by) for o in operands)

    def waits_for(self, project: "Project", dataset: str | None) -> dict[str, Operand]:
        """What the KPI taken over waits for, over other days."""
        del dataset
        if not isinstance(self.of, str):
            return {}
        waits_for = project.kpis[self.of].metric.waits_for(project)
        return {
            name: Operand(one.dataset, one.part.over(self.takes)) for name, one in waits_for.items()
        }

    def sample(self, project: "Project", dataset: str | None) -> Operand | None:
        """That of the measure or of the KPI taken over, over other days."""
        if isinstance(self.of, str):
            found = project.kpis[self.of].metric.sample(project)
        else:
            found = Simple.model_validate(dict(self.of)).sample(project, dataset)
        return None if found is None else replace(found, part=found.part.over(self.takes))

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """Only what is computed from rows by days can be computed over other days."""
        del kpi
        if isinstance(self.of, Measure) or self.of not in project.kpis:
            return
        other = project.kpis[self.of].metric
        if other.inputs or other.takes is not None:
            said = (
                f"'{self.of}' is {other.type} and has days of its own; cumulative is of a KPI "
                "that is computed from the rows of a period."
            )
            yield Mistake(("of",), "not-cumulative", said)
        elif other.definition.has_formula:
            said = (
                f"'{self.of}' has a formula, and its inputs are what adds up; make a cumulative "
                "KPI of each input and derive the value from those."
            )
            yield Mistake(("of",), "not-cumulative", said)
