"""Rules about metrics that rest on other KPIs, and about cadences."""

from collections.abc import Iterator

from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext

_FINEST = {"day": "daily", "week": "weekly", "month": "monthly"}


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


def growth_input_exists(context: RuleContext) -> Iterator[Problem]:
    """Growth is of a KPI of this project."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        growth = kpi.metric.growth
        if growth is not None and growth.of not in kpis and growth.of not in context.broken:
            message = (
                f"the KPI '{growth.of}' does not exist.{did_you_mean(growth.of, kpis, noun='KPIs')}"
            )
            path = ("metric", "growth", "of")
            yield context.problem("kpi", key, path, "unknown-kpi", message)


def growth_has_no_cycle(context: RuleContext) -> Iterator[Problem]:
    """No KPI is computed from itself, over however many steps."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        chain = [key]
        current = kpi
        while current.metric.growth is not None and current.metric.growth.of in kpis:
            following = current.metric.growth.of
            chain.append(following)
            if following == key:
                message = f"computed from itself: {' > '.join(chain)}."
                path = ("metric", "growth", "of")
                yield context.problem("kpi", key, path, "cyclic-kpi", message)
            if following in chain[:-1]:
                break
            current = kpis[following]


def growth_input_has_the_cadence(context: RuleContext) -> Iterator[Problem]:
    """Growth has the cadences of its input; same_elapsed_days needs daily values that add up."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        growth = kpi.metric.growth
        if growth is None or growth.of not in kpis:
            continue
        base = kpis[growth.of]
        for cadence in kpi.cadence:
            if cadence not in base.cadence:
                message = f"'{growth.of}' has no {cadence} values; add {cadence} to its cadence."
                yield context.problem("kpi", key, ("cadence",), "missing-cadence", message)
        if growth.compare == "same_elapsed_days":
            path = ("metric", "growth", "compare")
            if not base.metric.additive:
                message = f"same_elapsed_days adds up days; '{growth.of}' is not a sum or count."
                yield context.problem("kpi", key, path, "not-additive", message)
            elif "daily" not in base.cadence:
                message = f"same_elapsed_days needs daily values; add daily to '{growth.of}'."
                yield context.problem("kpi", key, path, "missing-cadence", message)


def cadence_not_finer_than_the_source(context: RuleContext) -> Iterator[Problem]:
    """A KPI is not computed more often than its sources deliver."""
    project = context.project
    for key, kpi in project.kpis.items():
        for dataset_id in kpi.metric.datasets:
            dataset = project.datasets.get(dataset_id)
            for name in dataset.sources if dataset is not None else ():
                source = project.sources.get(name)
                if source is None or source.arrives is None or source.event_time is None:
                    continue
                finest = CADENCES.index(_FINEST[source.arrives.every])
                for cadence in kpi.cadence:
                    if CADENCES.index(cadence) < finest:
                        message = (
                            f"{cadence} is finer than the source '{name}', which arrives every "
                            f"{source.arrives.every}."
                        )
                        yield context.problem("kpi", key, ("cadence",), "cadence-too-fine", message)
