"""A KPI that cannot be computed by any text of its spec: only its rows are known, and no value.

Its last text names a column or a dataset that is gone, or a KPI of which no spec is valid. So the
metric reads nothing here, and the model that it compiles to has no rows; it is never built.
"""

from typing import TYPE_CHECKING

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metric import Metric
from kpi_specs.language.metrics.base import MetricType
from kpi_specs.language.project import ProjectSettings

if TYPE_CHECKING:
    from kpi_specs.language.metrics.planned import KpiPlan


class _Nothing(MetricType):
    """What is said of a metric, and nothing of how it is computed."""

    said: str

    @property
    def words(self) -> str:
        return self.said

    def model(self, plan: "KpiPlan", *, top: str) -> str:
        del plan
        return f"{top}-- No text of its spec can be computed.\nselect null as value where false\n"


class _WithheldMetric(Metric):
    """In the place of a metric; made without validation, since it is of no type."""

    was: Metric

    @property
    def as_written(self) -> Metric:
        return self.was

    @property
    def type(self) -> str:
        return self.was.type

    @property
    def definition(self) -> MetricType:
        return _Nothing(said=self.was.definition.words)

    @property
    def additive(self) -> bool:
        return self.was.additive


def withheld(kpi: Kpi) -> Kpi:
    """The KPI with its rows and without anything to compute, or to compare with another KPI."""
    targets = tuple(one for one in kpi.targets if one.kpi is None)
    metric = _WithheldMetric.model_construct(was=kpi.metric)
    return kpi.model_copy(update={"metric": metric, "targets": targets, "example": None})


def has_periods(kpi: Kpi, settings: ProjectSettings) -> bool:
    """Whether its calendar is set up, without which it has no rows."""
    try:
        settings.calendar_of(kpi.calendar)
    except ValueError:
        return False
    return True
