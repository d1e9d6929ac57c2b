"""What KPIs over other values need beside what the specs declare: computed, judged, not published.

- A KPI over another one of a finer cadence needs it in its own cadence. It is computed there from
  rows, as if its spec listed that cadence, and judged by what its spec says: `Project.lent`. What
  it publishes for itself stays as it is.
- A measure of an earlier period rests on days of its own, which have to be there. A KPI that is
  nothing but the measure stands in for it, so that they are judged: `Project.stand_ins`.

Whoever computes or judges asks for this project; whoever publishes takes the specs as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from kpi_specs.language.cadence import CADENCES, Cadence, is_coarser
from kpi_specs.language.kpi import Availability, Kpi
from kpi_specs.language.metric import Metric
from kpi_specs.language.metrics.simple import Simple
from kpi_specs.language.project import Project
from kpi_specs.language.reserved import INPUTS_PREFIX


def with_inputs(project: Project) -> Project:
    """The project with all that its KPIs need; of one that has it already, the same again."""
    kpis, stand_ins = dict(project.kpis), dict(project.stand_ins)
    for key, kpi in project.kpis.items():
        made = dict(_stand_ins_of(kpi))
        if made:
            names = {name: one.kpi for name, one in made.items()}
            kpis[key] = _over_stand_ins(kpi, names)
            kpis |= {one.kpi: one for one in made.values()}
            stand_ins |= {one: (key, name) for name, one in names.items()}
    lent = {**project.lent, **_lent(kpis)}
    for key, more in lent.items():
        cadences = tuple(dict.fromkeys((*kpis[key].cadence, *more)))
        kpis[key] = kpis[key].model_copy(update={"cadence": cadences})
    return replace(project, kpis=kpis, lent=lent, stand_ins=stand_ins)


def stand_in_name(kpi: str, name: str) -> str:
    """Id of the KPI that stands in for a KPI's input: `inputs_of_change__before`."""
    return f"{INPUTS_PREFIX}{kpi}__{name}"


def _stand_ins_of(kpi: Kpi) -> Iterator[tuple[str, Kpi]]:
    """Each shifted measure of a formula as a KPI of its own, by the input's name."""
    derived = kpi.metric.derived
    for name, measure in derived.shifted.items() if derived is not None else ():
        simple = Simple.model_validate(measure.model_dump(exclude={"shift"}))
        said = kpi.availability
        changes = {
            "kpi": stand_in_name(kpi.kpi, name),
            "title": {language: f"{title}: {name}" for language, title in kpi.title.items()},
            "metric": Metric(dataset=kpi.metric.dataset, simple=simple),
            # Its sample and its range are those of the formula's value.
            "availability": Availability.model_construct(
                complete=said.complete, due=said.due, mature=said.mature, warm_up=said.warm_up,
                zero_is_valid=said.zero_is_valid,
            ),
            "targets": (),
            "example": None,
        }  # fmt: skip
        yield name, kpi.model_copy(update=changes)


def _over_stand_ins(kpi: Kpi, names: Mapping[str, str]) -> Kpi:
    derived = kpi.metric.derived
    assert derived is not None
    metric = kpi.metric.model_copy(update={"derived": derived.over(names)})
    return kpi.model_copy(update={"metric": metric})


def _lent(kpis: Mapping[str, Kpi]) -> dict[str, tuple[Cadence, ...]]:
    """KPI -> the cadences that KPIs over it have, over however many steps, and it has not."""
    found = {key: dict.fromkeys(kpi.cadence) for key, kpi in kpis.items()}
    waiting = list(kpis)
    while waiting:  # a circle of KPIs is a rule's matter, and comes to its end
        key = waiting.pop()
        for other in dict.fromkeys(one.kpi for one in kpis[key].metric.inputs):
            own = kpis[other].cadence if other in kpis else ()
            new = [c for c in found[key] if is_coarser(c, own) and c not in found[other]]
            if new:
                found[other].update(dict.fromkeys(new))
                waiting.append(other)
    return {
        key: more
        for key, cadences in found.items()
        if (more := tuple(c for c in CADENCES if c in cadences and c not in kpis[key].cadence))
    }
