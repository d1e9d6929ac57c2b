"""Rules about one target: its dates, its number, its slice and its cadence."""

import datetime as dt
from collections.abc import Iterator

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.slices import slice_name
from kpi_specs.language.target import Target

_FOREVER = dt.date.max


def targets(context: RuleContext) -> Iterator[tuple[str, Kpi, int, Target]]:
    """Every target with its KPI and its place in the file."""
    for key, kpi in context.project.kpis.items():
        for index, target in enumerate(kpi.targets):
            yield key, kpi, index, target


def target_has_a_reason(context: RuleContext) -> Iterator[Problem]:
    """Who set a target says why, in words."""
    for key, _, index, target in targets(context):
        if not target.why.strip():
            message = "the target does not say why it is this number; write the reason."
            path = ("targets", index, "why")
            yield context.problem("kpi", key, path, "target-reason", message)


def targets_do_not_overlap(context: RuleContext) -> Iterator[Problem]:
    """Targets of one slice and cadence never hold on the same day, nor end before they begin."""
    for key, kpi, index, target in targets(context):
        path: tuple[str | int, ...] = ("targets", index)
        if target.to is not None and target.to < target.from_:
            message = f"the target ends ({target.to}) before it begins ({target.from_})."
            yield context.problem("kpi", key, (*path, "to"), "target-dates", message)
        for other in kpi.targets[:index]:
            if _same_place(target, other) and _overlap(target, other):
                message = (
                    f"the target from {target.from_} overlaps the one from {other.from_} "
                    f"to {other.to or 'ever'}; give the earlier one an end before it."
                )
                yield context.problem("kpi", key, path, "overlapping-targets", message)


def _same_place(one: Target, other: Target) -> bool:
    cadences, others = ({target.cadence, *target.into} for target in (one, other))
    return one.where == other.where and (None in cadences | others or bool(cadences & others))


def _overlap(one: Target, other: Target) -> bool:
    return one.from_ <= (other.to or _FOREVER) and other.from_ <= (one.to or _FOREVER)


def target_says_one_thing(context: RuleContext) -> Iterator[Problem]:
    """A target is a number, a band, a factor on last year or another KPI, and only one of them."""
    for key, _, index, target in targets(context):
        if len(target.kinds) == 1:
            continue
        names = {"band": "low and high"}
        said = ", ".join(names.get(kind, kind) for kind in target.kinds) or "none"
        message = (
            f"a target says one of value, low and high, of_last_year, kpi; this one says {said}."
        )
        yield context.problem("kpi", key, ("targets", index), "target-kind", message)


def target_has_the_sides_of_its_direction(context: RuleContext) -> Iterator[Problem]:
    """in_range has low and high; the other directions have one number to reach."""
    for key, kpi, index, target in targets(context):
        if len(target.kinds) != 1:
            continue
        path, message = ("targets", index), ""
        if kpi.direction == "in_range":
            if target.low is None or target.high is None:
                message = "a target of a KPI with 'direction: in_range' has low and high."
            elif target.low > target.high:
                message = f"low ({target.low:g}) is above high ({target.high:g})."
        elif target.kind == "band":
            message = f"a target of a KPI with 'direction: {kpi.direction}' has one value."
        if message:
            yield context.problem("kpi", key, path, "target-sides", message)


def target_warning_is_on_the_right_side(context: RuleContext) -> Iterator[Problem]:
    """`warning` is still tolerable: worse than the target, in the KPI's direction."""
    for key, kpi, index, target in targets(context):
        if target.warning is None or len(target.kinds) != 1:
            continue
        path = ("targets", index, "warning")
        if target.kind == "band":
            message = "a band has no warning: a value is inside it or not."
            yield context.problem("kpi", key, path, "target-warning", message)
        if kpi.direction == "in_range":
            continue
        # Of another KPI's value the target is one time that value.
        goal = {"value": target.value, "of_last_year": target.of_last_year, "kpi": 1.0}[target.kind]
        higher = kpi.direction == "higher_is_better"
        if goal is not None and (target.warning > goal if higher else target.warning < goal):
            side = "below" if higher else "above"
            message = (
                f"warning ({target.warning:g}) lies on the wrong side of the target "
                f"({goal:g}); with {kpi.direction} it lies {side} it."
            )
            yield context.problem("kpi", key, path, "target-warning", message)


def target_slice_is_in_the_grain(context: RuleContext) -> Iterator[Problem]:
    """A target is for a slice that the KPI has."""
    for key, kpi, index, target in targets(context):
        if key in context.missliced or frozenset(target.where) in map(frozenset, kpi.grain):
            continue
        said = slice_name(tuple(target.where))
        message = f"a target for '{said}', which is not in the KPI's grain; add it there."
        unknown = [name for name in target.where if name not in kpi.dimensions]
        if unknown:
            message += did_you_mean(unknown[0], kpi.dimensions, noun="Its dimensions")
        path = ("targets", index, "where")
        yield context.problem("kpi", key, path, "target-slice", message)


def target_names_its_cadence(context: RuleContext) -> Iterator[Problem]:
    """A sum with several cadences has another target for each: the target says which it means."""
    for key, kpi, index, target in targets(context):
        path = ("targets", index)
        same_for_all = target.kind in ("of_last_year", "kpi") if len(target.kinds) == 1 else True
        if target.cadence is not None:
            if target.cadence not in kpi.cadence and not target.into:
                message = f"the KPI has no {target.cadence} values; add it to its cadence."
                yield context.problem("kpi", key, (*path, "cadence"), "target-cadence", message)
        elif target.into or same_for_all or len(kpi.cadence) == 1 or kpi.metric.divides:
            continue  # a split without a cadence is told of by the rules of splits
        else:
            message = (
                f"the KPI has the cadences {', '.join(kpi.cadence)}; say which one the target "
                f"is for, e.g. 'cadence: {kpi.cadence[-1]}'."
            )
            yield context.problem("kpi", key, path, "target-cadence", message)
