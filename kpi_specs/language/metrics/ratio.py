"""ratio: a measure divided by a measure, also of another dataset.

    metric:
      dataset: ad_performance
      ratio: {numerator: {sum: clicks}, denominator: {sum: impressions}}

Sums are divided by sums: the total is not the mean of the slices. A zero denominator is no value.
"""

from kpi_specs.language.metrics.base import MetricType, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import Operand, measure_part


class Ratio(MetricType):
    """Numerator / denominator."""

    numerator: Measure
    """What is divided. E.g. `{sum: clicks}`."""
    denominator: Measure
    """What it is divided by; zero or none is no value. E.g. `{sum: impressions}`."""

    @property
    def words(self) -> str:
        """`sum of clicks / sum of impressions`."""
        sides = (self.numerator.words, self.denominator.words)
        return " / ".join(f"({side})" if " where " in side else side for side in sides)

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Both sides."""
        return ((("numerator",), self.numerator), (("denominator",), self.denominator))

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """Both sides."""
        return (self.numerator, self.denominator)

    @property
    def divides(self) -> bool:
        """It does."""
        return True

    @property
    def adds_up_days(self) -> bool:
        """If both sides do."""
        return self.numerator.additive and self.denominator.additive

    def operands(self, project: object, dataset: str | None) -> tuple[Operand, ...]:
        """Both sides."""
        del project
        return tuple(Operand(m.dataset or dataset or "", measure_part(m)) for _, m in self.measures)
