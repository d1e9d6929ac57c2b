"""What every metric type answers to the rules, the compiler and the judge."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.base import SpecModel
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import Operand, Span

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.metrics.planned import KpiPlan
    from kpi_specs.language.project import Project

ALL_HISTORY = 1_000_000  # days: more than any history has

Path = tuple[str | int, ...]  # where in a spec, from the metric type's own key on
Shift = Literal["none", "previous_period", "same_period_last_year"]


@dataclass(frozen=True)
class Input:
    """Another KPI's published value that a KPI is computed from.

    Attributes:
        kpi: Its id.
        shift: Which of its periods.
        slice_of: Its slice as (dimension, value) pairs; None: the same slice as here.
        path: Where the spec names it.
    """

    kpi: str
    shift: Shift = "none"
    slice_of: tuple[tuple[str, str], ...] | None = None
    path: Path = ()


@dataclass(frozen=True)
class Mistake:
    """What a metric type finds wrong in its own spec; `path` as in `Input`, or from the KPI on."""

    path: Path
    rule: str
    message: str
    of_kpi: bool = False  # the path starts at the KPI, not at the metric type


class MetricType(SpecModel):
    """The model of one metric type; the defaults are those of a sum of rows."""

    @property
    def words(self) -> str:
        """The formula in words, without the dataset."""
        raise NotImplementedError

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Every column and filter that it reads, as measures, each with its place in the spec."""
        return ()

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """Numerator and denominator as measures of rows, where they are just that."""
        return ()

    @property
    def moments(self) -> tuple[tuple[Path, str | None, str | None], ...]:
        """Columns that time is measured between: place, column, dataset where it differs.

        Without a column it is the dataset's `time`.
        """
        return ()

    @property
    def unsliced(self) -> frozenset[str]:
        """Datasets that it reads without slicing them: they need not have the KPI's dimensions."""
        return frozenset()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """KPIs whose values it is computed from: without their verdict it has none."""
        return ()

    @property
    def definition_of(self) -> str | None:
        """A KPI whose definition it takes over, to compute it anew from the rows."""
        return None

    @property
    def divides(self) -> bool:
        """Whether its value is a quotient."""
        return False

    @property
    def additive(self) -> bool:
        """Whether slices add up to the total, and shorter periods to longer ones."""
        return False

    @property
    def adds_up_days(self) -> bool:
        """Whether numerator and denominator of a longer period are the sums of its days'."""
        return self.additive

    @property
    def takes(self) -> Span | None:
        """The days that a period takes; None: its own."""
        return None

    @property
    def counted_days(self) -> tuple[tuple[Path, int], ...]:
        """Numbers of days that decide which rows it takes or relates, with their places."""
        return ()

    @property
    def looks_back(self) -> int:
        """Days before those taken that decide what their rows count as; `ALL_HISTORY`: every one.

        Without one of them the value is not known: a customer of that day would not be new.
        """
        return 0

    @property
    def open_for(self) -> int:
        """Days after a period's end in which its value may still change by its very definition."""
        return 0

    @property
    def compares_whole_periods(self) -> bool:
        """Whether an open period has no value."""
        return False

    @property
    def elapses(self) -> bool:
        """Whether an open period meets as many days of another one as have passed."""
        return False

    @property
    def has_formula(self) -> bool:
        """Whether more is made of its operands than their quotient."""
        return False

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """Numerator, then denominator where it divides.

        Args:
            project: Where datasets and other KPIs are looked up.
            dataset: The metric's own dataset.
        """
        del project, dataset
        return ()

    def waits_for(self, project: "Project", dataset: str | None) -> dict[str, Operand]:
        """Columns beside the value that say what may still change it as time goes on.

        `open_rows`: rows that have not come to their end by the clock. `open_until`: the last day
        that one of them waits for, where that is known; NULL: none waits.
        """
        del project, dataset
        return {}

    def sample(self, project: "Project", dataset: str | None) -> Operand | None:
        """How many rows have a value that its one statistic is made of: `min_sample` is of them.

        None: of a quotient it is the denominator, and a sum is not drawn from a sample.
        """
        del project, dataset
        return None

    def model(self, plan: "KpiPlan", *, top: str) -> str | None:
        """The dbt model after its header `top`; None: the compiler's own over the operands."""
        del plan, top
        return None

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """What its own rules forbid; columns, datasets, KPIs, grain are checked for all types."""
        del kpi, project
        return iter(())
