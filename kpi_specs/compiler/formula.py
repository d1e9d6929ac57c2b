"""A KPI's definition in words, and the fingerprint of what decides its values."""

import hashlib
import json

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project

# Raised when the SQL that the compiler writes for an unchanged spec gives other values.
COMPILER_VERSION = 5
_NOT_DECIDING = {"description", "row", "incremental"}  # fields of a dataset


def _has_moments(kpi: Kpi, project: Project) -> bool:
    return any(project.datasets[d].time_zone for d in kpi.metric.datasets if d in project.datasets)


def formula_of(kpi: Kpi) -> str:
    """`sum of clicks / sum of impressions (ad_performance)`."""
    words = kpi.metric.definition.words
    datasets = kpi.metric.datasets
    return f"{words} ({', '.join(datasets)})" if datasets else words


def fingerprint_of(kpi: Kpi, project: Project) -> str:
    """Twelve hex digits that change when the KPI's values could.

    Covers metric, cadence, calendar with its settings, grain, availability, the datasets read and
    the fingerprints of the KPIs it rests on. Titles, owner, targets and reviews leave it as it is.
    One that cannot be computed any more keeps its own, as far as what it rested on is still there.
    """
    kpi = kpi.model_copy(update={"metric": kpi.metric.as_written})
    decides = {
        "compiler": COMPILER_VERSION,
        "spec": kpi.model_dump(
            mode="json",
            include={"kpi", "metric", "unit", "cadence", "calendar", "grain", "availability"},
        ),
        "calendar": repr(project.settings.calendar_of(kpi.calendar)),
        "datasets": [
            project.datasets[d].model_dump(mode="json", exclude=_NOT_DECIDING)
            for d in kpi.metric.datasets
            if d in project.datasets
        ],
        # Where a moment's day depends on it.
        "time_zone": project.settings.time_zone if _has_moments(kpi, project) else None,
        "uses": [
            fingerprint_of(project.kpis[one], project)
            for one in kpi.metric.uses
            if one in project.kpis
        ],
    }
    text = json.dumps(decides, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
