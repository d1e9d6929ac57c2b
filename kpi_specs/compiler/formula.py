"""A KPI's definition in words, and the fingerprint of what decides its values."""

import hashlib
import json

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metric import Measure
from kpi_specs.language.project import Project

# Raised when the SQL that the compiler writes for an unchanged spec gives other values.
COMPILER_VERSION = 2

_OF = {"sum": "sum of", "average": "average", "min": "minimum", "max": "maximum",
       "median": "median", "sum_boolean": "rows where"}  # fmt: skip


def formula_of(kpi: Kpi) -> str:
    """`sum of clicks / sum of impressions (ad_performance)`."""
    metric = kpi.metric
    if metric.growth is not None:
        versus = metric.growth.versus.replace("_", " ")
        like = ", open periods by elapsed days" if metric.growth.compare != "complete" else ""
        return f"{metric.growth.of} against its {versus}{like}: current / base - 1"
    words = " / ".join(_words(measure) for measure in metric.measures)
    return f"{words} ({', '.join(metric.datasets)})"


def _words(measure: Measure) -> str:
    if measure.count is not None:
        words = "rows"
    elif measure.count_distinct is not None:
        words = f"distinct {measure.count_distinct}"
    elif measure.percentile is not None:
        words = f"percentile {measure.percentile.at:g} of {measure.percentile.of}"
    else:
        words = f"{_OF[measure.aggregation]} {measure.expression}"
    return words if measure.where is None else f"{words} where {measure.where}"


def fingerprint_of(kpi: Kpi, project: Project) -> str:
    """Twelve hex digits that change when the KPI's values could.

    Covers metric, cadence, calendar with its settings, grain, availability, the datasets read and,
    for growth, the fingerprint of the KPI compared. Titles, owner, targets and reviews leave it as
    it is.
    """
    decides = {
        "compiler": COMPILER_VERSION,
        "spec": kpi.model_dump(
            mode="json",
            include={"kpi", "metric", "unit", "cadence", "calendar", "grain", "availability"},
        ),
        "calendar": repr(project.settings.calendar_of(kpi.calendar)),
        "datasets": [
            project.datasets[d].model_dump(mode="json", exclude={"description", "row"})
            for d in kpi.metric.datasets
        ],
        "of": fingerprint_of(project.kpis[kpi.metric.growth.of], project)
        if kpi.metric.growth is not None
        else None,
    }
    text = json.dumps(decides, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
