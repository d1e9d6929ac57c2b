"""simple: one measure of one dataset.

    metric: {dataset: order_lines, simple: {sum: net_amount, where: "status = 'paid'"}}

Sums and counts over a complete period without a matching row are an honest 0; averages, medians
and the like have no value there. A sum that lacks one of its rows (NULL) is not known, and no
value.
"""

from kpi_specs.language.metrics.base import MetricType, Path
from kpi_specs.language.metrics.measure import COUNTS, Measure
from kpi_specs.language.metrics.parts import Operand, measure_part, sample_part


class Simple(Measure, MetricType):
    """One measure."""

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Itself."""
        return (((), self),)

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """Itself."""
        return (self,)

    def operands(self, project: object, dataset: str | None) -> tuple[Operand, ...]:
        """The measure's part."""
        del project
        return (Operand(self.dataset or dataset or "", measure_part(self)),)

    def sample(self, project: object, dataset: str | None) -> Operand | None:
        """The rows that match and have a value."""
        del project
        if self.aggregation in COUNTS:
            return None
        return Operand(self.dataset or dataset or "", sample_part(self))
