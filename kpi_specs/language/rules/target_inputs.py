"""Rules about what a target is made of: a longer period's target, or another KPI's value."""

from collections.abc import Iterator

from kpi_specs.language.cadence import lies_within
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.rules.targets import targets
from kpi_specs.language.slices import slice_name
from kpi_specs.language.target import Target


def target_split_is_whole(context: RuleContext) -> Iterator[Problem]:
    """A split says how, of which periods and into which, and divides a number that is written."""
    for key, kpi, index, target in targets(context):
        if target.split is None and not target.into:
            continue
        for message in _split_problems(kpi, target):
            yield context.problem("kpi", key, ("targets", index), "target-split", message)


def _split_problems(kpi: Kpi, target: Target) -> Iterator[str]:
    if target.split is None or not target.into or target.cadence is None:
        given = {"cadence": target.cadence, "split": target.split, "into": target.into}
        missing = " and ".join(name for name, value in given.items() if not value)
        yield (
            f"a target that is divided has cadence, split and into; {missing} is missing, e.g. "
            "'cadence: yearly, split: by_days, into: monthly'."
        )
        return
    if not kpi.metric.additive:
        yield (
            "only the target of a sum or a count can be divided: the parts of any other KPI do not "
            "add up. Give each cadence its own target."
        )
    if target.kinds and target.kinds[0] in ("of_last_year", "kpi"):
        yield (
            f"only a number can be divided; '{target.kinds[0]}' gives a target to each period of "
            "its own."
        )
    for cadence in target.into:
        if cadence not in kpi.cadence:
            yield f"the KPI has no {cadence} values; add it to its cadence."
        elif not lies_within(cadence, target.cadence, kpi.calendar):
            yield f"{cadence} periods do not lie within {target.cadence} ones."


def target_kpi_exists(context: RuleContext) -> Iterator[Problem]:
    """The KPI whose value is the target exists."""
    kpis = context.project.kpis
    for key, _, index, target in targets(context):
        if target.kpi is None or target.kpi in kpis or target.kpi in context.broken:
            continue
        message = (
            f"the KPI '{target.kpi}' does not exist.{did_you_mean(target.kpi, kpis, noun='KPIs')}"
        )
        yield context.problem("kpi", key, ("targets", index, "kpi"), "unknown-kpi", message)


def target_kpi_is_comparable(context: RuleContext) -> Iterator[Problem]:
    """The KPI whose value is the target has the same unit, calendar, cadence and slice."""
    for key, kpi, index, target in targets(context):
        other = context.project.kpis.get(target.kpi or "")
        if other is None:
            continue
        path = ("targets", index, "kpi")
        for message in _differences(kpi, target, other):
            yield context.problem("kpi", key, path, "target-kpi", message)


def _differences(kpi: Kpi, target: Target, other: Kpi) -> Iterator[str]:
    name = other.kpi
    if other.unit != kpi.unit:
        yield f"'{name}' is a {other.unit}, this KPI a {kpi.unit}; they cannot be compared."
    if other.calendar != kpi.calendar:
        yield f"'{name}' has the calendar {other.calendar}, this KPI {kpi.calendar}."
    for cadence in (target.cadence,) if target.cadence else kpi.cadence:
        if cadence not in other.cadence:
            yield f"'{name}' has no {cadence} values; add {cadence} to its cadence."
    if frozenset(target.where) not in [frozenset(one) for one in other.grain]:
        said = slice_name(tuple(target.where))
        yield f"'{name}' has no slice '{said}'; add it to its grain."


def target_kpis_have_no_cycle(context: RuleContext) -> Iterator[Problem]:
    """No KPI is its own target, over however many steps."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        for index, target in enumerate(kpi.targets):
            chain = _chain_back_to(context, key, target.kpi)
            if chain:
                message = f"is its own target: {' > '.join((key, *chain))}."
                path = ("targets", index, "kpi")
                yield context.problem("kpi", key, path, "cyclic-target", message)


def _chain_back_to(context: RuleContext, key: str, first: str | None) -> tuple[str, ...]:
    """The shortest way from `first` to `key` along targets; empty where there is none."""
    ways: list[tuple[str, ...]] = [(first,)] if first is not None else []
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == key:
            return way
        kpi = context.project.kpis.get(way[-1])
        if kpi is None or way[-1] in seen:
            continue
        seen.add(way[-1])
        ways += [(*way, target.kpi) for target in kpi.targets if target.kpi is not None]
    return ()
