"""One KPI as the compiler plans it: what a metric type that writes its own SQL is given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpi_specs.language.metrics.parts import Operand, Part
from kpi_specs.language.slices import slice_name
from kpi_specs.sql import quoted

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi


def step_of(dataset: str) -> str:
    """The step of a dataset's parts. No other is called so, whatever the dataset is called."""
    return f"parts_of_{dataset}"


@dataclass(frozen=True)
class KpiPlan:
    """One KPI: its operands (numerator first), the rows behind it, and the KPIs it reads.

    Attributes:
        tables: Dataset -> name of the parts table that holds its operands.
        row_count: The part that counts the rows behind a value.
        inputs: The KPIs of `metric.inputs`, without repeats.
        stands_on: The parts table whose periods and slices the KPI has, and every KPI that it reads
            of its own period and slice; None: of several tables, or in other slices.
        waits_for: Columns beside the value: what may still change it, how many rows made it.
    """

    kpi: "Kpi"
    operands: tuple[Operand, ...]
    tables: dict[str, str]
    row_count: Part
    inputs: "tuple[Kpi, ...]"
    stands_on: str | None
    waits_for: dict[str, Operand]

    @property
    def name(self) -> str:
        """Name of the dbt model."""
        return f"kpi_{self.kpi.kpi}"

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets of the operands, in order, without repeats."""
        return tuple(dict.fromkeys(o.dataset for o in self.operands))

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that hold the parts of each of `datasets`, where they are more than one."""
        return tuple(step_of(dataset) for dataset in self.datasets)

    @property
    def chosen(self) -> str:
        """The condition of the KPI's own cadences and slices."""
        return f"""cadence in ({", ".join(quoted(c) for c in self.kpi.cadence)})
    and slice in ({", ".join(quoted(slice_name(one)) for one in self.kpi.grain)})"""
