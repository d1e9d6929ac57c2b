"""Rules about metrics that rest on other KPIs, and about cadences."""

from collections import deque
from collections.abc import Iterator, Mapping

from kpi_specs.language.cadence import CADENCES, Cadence, is_coarser
from kpi_specs.language.inputs import stand_in_name
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Path
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.source import SPANS

# Of a source's arrival, or of what a complete period is counted in.
_FINEST: dict[str, Cadence] = {"day": "daily", "week": "weekly", "month": "monthly"}


def leads_to_exists(context: RuleContext) -> Iterator[Problem]:
    """`leads_to` names KRIs of this project."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        for index, other in enumerate(kpi.leads_to):
            path = ("leads_to", index)
            if other in context.broken:
                continue
            if other not in kpis:
                message = (
                    f"the KRI '{other}' does not exist.{did_you_mean(other, kpis, noun='KPIs')}"
                )
                yield context.problem("kpi", key, path, "unknown-kpi", message)
            elif kpis[other].kind != "kri":
                message = f"'{other}' is a kpi; a KPI leads to a result, which is a kri."
                yield context.problem("kpi", key, path, "leads-to-kpi", message)


def used_kpis_exist(context: RuleContext) -> Iterator[Problem]:
    """A KPI is computed from KPIs of this project."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        for path, other in _uses(kpi):
            if other not in kpis and other not in context.broken:
                said = did_you_mean(other, kpis, noun="KPIs")
                message = f"the KPI '{other}' does not exist.{said}"
                yield context.problem("kpi", key, path, "unknown-kpi", message)


def no_kpi_is_computed_from_itself(context: RuleContext) -> Iterator[Problem]:
    """No KPI is computed from itself, over however many steps."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        for path, first in _uses(kpi):
            chain = _way_back(kpis, first, key)
            if chain:
                message = f"computed from itself: {' > '.join((key, *chain))}."
                yield context.problem("kpi", key, path, "cyclic-kpi", message)


def _way_back(kpis: Mapping[str, Kpi], start: str, target: str) -> tuple[str, ...]:
    """The shortest chain of uses from `start` to `target`, both named; empty: there is none."""
    chains: deque[tuple[str, ...]] = deque([(start,)])
    seen = {start}
    while chains:
        chain = chains.popleft()
        if chain[-1] == target:
            return chain
        for following in kpis[chain[-1]].metric.uses if chain[-1] in kpis else ():
            if following not in seen:
                seen.add(following)
                chains.append((*chain, following))
    return ()


def inputs_have_the_cadence(context: RuleContext) -> Iterator[Problem]:
    """A KPI over other KPIs has cadences that they have, or coarser ones."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        missing = dict.fromkeys(
            (one.kpi, cadence)
            for one in kpi.metric.inputs
            for cadence in kpi.cadence
            if one.kpi in kpis
            and cadence not in kpis[one.kpi].cadence
            and not is_coarser(cadence, kpis[one.kpi].cadence)
        )
        for other, cadence in missing:
            message = (
                f"'{other}' has no {cadence} values, and none that are finer; add {cadence} to its "
                "cadence."
            )
            yield context.problem("kpi", key, ("cadence",), "missing-cadence", message)


def stand_ins_have_names_of_their_own(context: RuleContext) -> Iterator[Problem]:
    """No two inputs have one table: what stands in for them is named by KPI and input."""
    known: dict[str, str] = {}
    for key, kpi in context.project.kpis.items():
        derived = kpi.metric.derived
        for name in derived.shifted if derived is not None else ():
            made = stand_in_name(key, name)
            other = known.setdefault(made, key)
            if other != key:
                message = (
                    f"the table 'kpi_{made}' would be that of an input of '{other}' too; give the "
                    "input another name."
                )
                path = ("metric", "derived", "inputs", name)
                yield context.problem("kpi", key, path, "taken-name", message)


def metric_types_hold(context: RuleContext) -> Iterator[Problem]:
    """What each metric type asks of its own specs."""
    for key, kpi in context.project.kpis.items():
        follows = not context.missliced.isdisjoint(kpi.metric.uses)
        for found in kpi.metric.definition.mistakes(kpi, context.project):
            if follows and found.rule == "unknown-dimension":
                continue  # told where the slice is misspelt
            start: Path = () if found.of_kpi else ("metric", kpi.metric.type)
            path = (*start, *found.path)
            yield context.problem("kpi", key, path, found.rule, found.message)


def _uses(kpi: Kpi) -> Iterator[tuple[Path, str]]:
    """The KPIs that one rests on, each once, with its place in the spec."""
    start: Path = ("metric", kpi.metric.type)
    places = {one.kpi: one.path for one in reversed(kpi.metric.inputs)}
    for other in kpi.metric.uses:
        yield (*start, *places.get(other, ("of",))), other


def cadence_not_finer_than_the_source(context: RuleContext) -> Iterator[Problem]:
    """A KPI is not computed more often than its sources deliver."""
    project = context.project
    for key, kpi in project.kpis.items():
        for dataset_id in project.read_by(kpi):
            dataset = project.datasets.get(dataset_id)
            for name in dataset.sources if dataset is not None else ():
                source = project.sources.get(name)
                if source is None or source.event_time is None:
                    continue
                said = {f"whose rows cover a {source.covers}": source.covers}
                if source.arrives is not None:
                    said[f"which arrives every {source.arrives.every}"] = source.arrives.every
                how, coarsest = max(said.items(), key=lambda one: SPANS.index(one[1]))
                finest = CADENCES.index(_FINEST[coarsest])
                for cadence in kpi.cadence:
                    if CADENCES.index(cadence) < finest:
                        message = f"{cadence} is finer than the source '{name}', {how}."
                        yield context.problem("kpi", key, ("cadence",), "cadence-too-fine", message)


def complete_is_as_fine_as_the_cadence(context: RuleContext) -> Iterator[Problem]:
    """A period is not shorter than the weeks or months by which it is complete."""
    for key, kpi in context.project.kpis.items():
        counted = {
            one.kpi: _FINEST[one.availability.complete.every]
            for one in context.project.taken_over(kpi)
            if one.availability.complete is not None
        }
        if not counted:
            continue
        who, finest = min(counted.items(), key=lambda one: CADENCES.index(one[1]))
        whose = "" if who == key else f" of '{who}', whose definition it takes over,"
        place = ("availability", "complete", "every") if who == key else ("cadence",)
        for cadence in kpi.cadence:
            if is_coarser(finest, [cadence]):
                message = (
                    f"{cadence} periods are shorter than what 'every'{whose} counts; one that has "
                    f"no rows of its own would count as complete. Leave {cadence} out, or count "
                    "days."
                )
                yield context.problem("kpi", key, place, "complete-too-coarse", message)
