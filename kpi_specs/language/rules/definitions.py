"""Rules about a KPI's definition as a whole."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from kpi_specs.language.expressions import canonical
from kpi_specs.language.grammar import ExpressionError
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metric import Metric
from kpi_specs.language.metrics.derived import MeasureInput
from kpi_specs.language.metrics.measure import COUNTS, Measure
from kpi_specs.language.metrics.ratio import Ratio
from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext


def definitions_differ(context: RuleContext) -> Iterator[Problem]:
    """No two KPIs have the same metric and filter under two names."""
    known: dict[Any, str] = {}
    for key, kpi in context.project.kpis.items():
        other = known.setdefault(definition(kpi), key)
        if other != key:
            message = (
                f"'{key}' and '{other}' have the same metric and filter; keep one of them (a KPI "
                "may have several cadences and slices), or say in the metric what differs."
            )
            yield context.problem("kpi", key, ("metric",), "similar-kpi", message, "warning")


def definition(kpi: Kpi) -> Any:
    """What two KPIs have in common when they compute the same, however it is written."""
    metric = _quotient(kpi.metric) or kpi.metric
    said = _normal(metric.definition, metric.dataset)
    return kpi.calendar, metric.type, metric.datasets, said


def _quotient(metric: Metric) -> Metric | None:
    """The ratio that a formula `a / b` over two measures is."""
    found = re.fullmatch(
        r"\s*(\w+)\s*/\s*(\w+)\s*", metric.derived.formula if metric.derived else ""
    )
    if metric.derived is None or found is None:
        return None
    above, below = (metric.derived.inputs_.get(name) for name in found.groups())
    sides = [
        Measure.model_validate(one.model_dump(exclude={"shift"}))
        for one in (above, below)
        if isinstance(one, MeasureInput) and one.shift == "none"
    ]
    if len(sides) != 2:
        return None
    return Metric(dataset=metric.dataset, ratio=Ratio(numerator=sides[0], denominator=sides[1]))


def _normal(value: Any, dataset: str | None) -> Any:
    """The value with its expressions in one spelling, and measures with their dataset."""
    if isinstance(value, BaseModel):
        said = {name: _normal(getattr(value, name), dataset) for name in type(value).model_fields}
        if isinstance(value, Measure):
            said["dataset"] = value.dataset or dataset
        return tuple(sorted((k, v) for k, v in said.items() if v is not None))
    if isinstance(value, dict):
        return tuple(sorted((key, _normal(one, dataset)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_normal(one, dataset) for one in value)
    if isinstance(value, str):
        try:
            return canonical(value)
        except ExpressionError:
            return " ".join(value.split())  # a word of the language, or a formula
    return value


def change_is_explained(context: RuleContext) -> Iterator[Problem]:
    """A definition in its second version says what changed, why, and since when."""
    for key, kpi in context.project.kpis.items():
        if kpi.version > 1 and kpi.changed is None:
            message = (
                f"version {kpi.version} does not say what changed; add "
                "'changed: {on: …, why: …, by: …}'."
            )
            yield context.problem("kpi", key, ("version",), "unexplained-change", message)
        elif kpi.version == 1 and kpi.changed is not None:
            message = "says what changed, and is still version 1; write 'version: 2'."
            yield context.problem("kpi", key, ("changed",), "same-version", message, "warning")


def only_a_kpi_leads_to_a_kri(context: RuleContext) -> Iterator[Problem]:
    """`leads_to` goes from an activity to its result: a KRI leads nowhere."""
    for key, kpi in context.project.kpis.items():
        if kpi.kind == "kri" and kpi.leads_to:
            message = (
                "a kri is a result and leads nowhere; write 'leads_to' into the KPIs that drive it."
            )
            yield context.problem("kpi", key, ("leads_to",), "leads-to-from-kri", message)


def valid_range_has_its_sides(context: RuleContext) -> Iterator[Problem]:
    """`valid_range` runs from low to high, and has at least one of them."""
    for key, kpi in context.project.kpis.items():
        if kpi.availability.valid_range is None:
            continue
        low, high = kpi.availability.valid_range
        message = None
        if low is None and high is None:
            message = "valid_range has neither a low nor a high side; name one, or leave it out."
        elif low is not None and high is not None and low >= high:
            message = f"valid_range runs from low to high; found {low:g} to {high:g}."
        if message is not None:
            place = ("availability", "valid_range")
            yield context.problem("kpi", key, place, "valid-range", message)


def scale_fits_the_unit(context: RuleContext) -> Iterator[Problem]:
    """Numbers and currencies are shown in thousands or millions; shares and durations are not."""
    for key, kpi in context.project.kpis.items():
        if kpi.scale is not None and kpi.unit not in ("number", "currency"):
            message = (
                f"a {kpi.unit} is not shown in {kpi.scale}s; leave scale out, or write "
                "'unit: number' or 'unit: currency'."
            )
            yield context.problem("kpi", key, ("scale",), "scale-of-unit", message)


def min_sample_has_a_denominator(context: RuleContext) -> Iterator[Problem]:
    """`min_sample` is for ratios and averages: a sum or a count is not drawn from a sample."""
    for key, kpi in context.project.kpis.items():
        if kpi.availability.min_sample is None or kpi.metric.divides:
            continue
        found = [measure.aggregation for measure in kpi.metric.measures]
        if found and COUNTS.issuperset(found):
            message = (
                f"a {found[0]} has no denominator, so no sample can be too small; leave "
                "min_sample out."
            )
            place = ("availability", "min_sample")
            yield context.problem("kpi", key, place, "min-sample", message)
