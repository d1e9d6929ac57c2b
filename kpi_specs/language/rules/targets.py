"""Rules about targets."""

import datetime as dt
from collections.abc import Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.slices import slice_name
from kpi_specs.language.target import Target

_FOREVER = dt.date.max


def targets_do_not_overlap(context: RuleContext) -> Iterator[Problem]:
    """Targets of one slice and cadence never hold on the same day, nor end before they begin."""
    for key, kpi in context.project.kpis.items():
        for index, target in enumerate(kpi.targets):
            if target.to is not None and target.to < target.from_:
                message = f"the target ends ({target.to}) before it begins ({target.from_})."
                path: tuple[str | int, ...] = ("targets", index, "to")
                yield context.problem("kpi", key, path, "target-dates", message)
            for other in kpi.targets[:index]:
                if _same_place(target, other) and _overlap(target, other):
                    message = (
                        f"the target from {target.from_} overlaps the one from {other.from_} "
                        f"to {other.to or 'ever'}; give the earlier one an end before it."
                    )
                    path = ("targets", index)
                    yield context.problem("kpi", key, path, "overlapping-targets", message)


def _same_place(one: Target, other: Target) -> bool:
    same_cadence = one.cadence == other.cadence or None in (one.cadence, other.cadence)
    return one.where == other.where and same_cadence


def _overlap(one: Target, other: Target) -> bool:
    return one.from_ <= (other.to or _FOREVER) and other.from_ <= (one.to or _FOREVER)


def target_has_the_sides_of_its_direction(context: RuleContext) -> Iterator[Problem]:
    """in_range has low and high; the other directions have one value."""
    for key, kpi in context.project.kpis.items():
        for index, target in enumerate(kpi.targets):
            if kpi.direction == "in_range":
                fits = target.value is None and target.low is not None and target.high is not None
                message = "a target of a KPI with 'direction: in_range' has low and high."
            else:
                fits = target.value is not None and target.low is None and target.high is None
                message = f"a target of a KPI with 'direction: {kpi.direction}' has one value."
            path = ("targets", index)
            if not fits:
                yield context.problem("kpi", key, path, "target-sides", message)
            elif target.low is not None and target.high is not None and target.low > target.high:
                message = f"low ({target.low:g}) is above high ({target.high:g})."
                yield context.problem("kpi", key, path, "target-sides", message)


def target_warning_is_on_the_right_side(context: RuleContext) -> Iterator[Problem]:
    """`warning` is still tolerable: worse than the target, in the KPI's direction."""
    for key, kpi in context.project.kpis.items():
        for index, target in enumerate(kpi.targets):
            if target.warning is None or target.value is None or kpi.direction == "in_range":
                continue
            higher = kpi.direction == "higher_is_better"
            wrong = target.warning > target.value if higher else target.warning < target.value
            if wrong:
                side = "below" if higher else "above"
                message = (
                    f"warning ({target.warning:g}) lies on the wrong side of the target "
                    f"({target.value:g}); with {kpi.direction} it lies {side} it."
                )
                path = ("targets", index, "warning")
                yield context.problem("kpi", key, path, "target-warning", message)


def target_slice_is_in_the_grain(context: RuleContext) -> Iterator[Problem]:
    """A target is for a slice that the KPI has."""
    for key, kpi in context.project.kpis.items():
        slices = [frozenset(dimensions) for dimensions in kpi.grain]
        for index, target in enumerate(kpi.targets):
            if frozenset(target.where) not in slices:
                said = slice_name(tuple(target.where))
                message = f"a target for '{said}', which is not in the KPI's grain; add it there."
                path = ("targets", index, "where")
                yield context.problem("kpi", key, path, "target-slice", message)


def target_names_its_cadence(context: RuleContext) -> Iterator[Problem]:
    """A sum with several cadences has another target for each: the target says which it means."""
    for key, kpi in context.project.kpis.items():
        for index, target in enumerate(kpi.targets):
            path = ("targets", index)
            if target.cadence is None and len(kpi.cadence) > 1 and kpi.metric.ratio is None:
                message = (
                    f"the KPI has the cadences {', '.join(kpi.cadence)}; say which one the target "
                    f"is for, e.g. 'cadence: {kpi.cadence[-1]}'."
                )
                yield context.problem("kpi", key, path, "target-cadence", message)
            elif target.cadence is not None and target.cadence not in kpi.cadence:
                message = f"the KPI has no {target.cadence} values; add it to its cadence."
                yield context.problem("kpi", key, (*path, "cadence"), "target-cadence", message)
