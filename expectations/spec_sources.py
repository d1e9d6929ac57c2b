"""What the specs say of sources and datasets: promises, what is counted, which days are closed."""

import datetime as dt
from collections.abc import Iterable, Iterator

from expectations.day_facts import values_id
from expectations.missing import Preflight
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

DAY = dt.timedelta(days=1)

SOURCE_COLUMNS = """
    source varchar, promised date, is_promised boolean, is_expected boolean, has_days boolean,
    covers varchar, missing boolean, missing_why varchar, missing_columns varchar
"""


def source_rows(project: Project, found: Preflight, as_of: dt.date) -> Iterator[tuple[object, ...]]:
    """Rows of `spec_sources`: what each promises, and what preflight found of it."""
    for name, source in project.sources.items():
        yield (
            name,
            _promised_day(source, as_of),
            source.arrives is not None,
            source.expects is not None and bool(source.expects.by_span),
            source.event_time is not None,
            source.covers,
            name in found.missing_sources,
            found.missing_sources.get(name, ""),
            ", ".join(found.missing_columns.get(name, ())),
        )


def _promised_day(source: Source, as_of: dt.date) -> dt.date | None:
    """The newest day that should have arrived by now; closed days are not awaited."""
    if source.arrives is None:
        return None
    day = as_of - source.arrives.within * DAY
    # A year is longer than any list of single closed days; closed for good means no promise.
    for _ in range(366):
        if source.expects is None or not source.expects.is_closed(day):
            return day
        day -= DAY
    return None


def requirement_rows(project: Project) -> Iterator[tuple[object, ...]]:
    """What is counted for each KPI; of its inputs nothing, they are judged themselves."""
    for name, kpi in project.kpis.items():
        datasets = project.read_by(kpi)
        rows: list[tuple[str, str, str, str, int]] = []
        joined = (join.source or "" for _, join in project.joins_of(kpi))
        fed = (*sources_of(project, datasets), *(one for one in joined if one in project.sources))
        for source_id in dict.fromkeys(fed):
            source = project.sources[source_id]
            if source.expects is not None and source.event_time is not None:
                rows += [
                    ("source", source_id, source_id, span, minimum)
                    for span, minimum in source.expects.by_span.items()
                ]
                rows += [
                    ("source", values_id(source_id, column), source_id, "day", len(values))
                    for column, values in source.expects.values.items()
                ]
        for one in project.taken_over(kpi):
            complete = one.availability.complete
            if complete is not None:
                span, least = complete.span(one.calendar), complete.min_rows
                rows += [
                    ("dataset", d, project.datasets[d].sources[0], span, least) for d in datasets
                ]
        later = followed(project, kpi)
        objects = {"dataset": later, "source": sources_of(project, later)}
        for position, (kind, id_, source_id, span, min_rows) in enumerate(dict.fromkeys(rows)):
            object_ = source_id if kind == "source" else id_
            yield (name, position, kind, id_, source_id, span, min_rows, object_ in objects[kind])


def closed_rows(project: Project) -> Iterator[tuple[object, ...]]:
    """Closed days of each source, and of each dataset all of whose dated sources are closed."""
    closed = {
        name: source.expects.closed_on
        for name, source in project.sources.items()
        if source.expects is not None
    }
    for name, days in closed.items():
        yield from (("source", name, day) for day in days)
        expects = project.sources[name].expects
        for column in expects.values if expects else ():
            yield from (("source", values_id(name, column), day) for day in days)
    for name, dataset in project.datasets.items():
        first, *others = dated(project, name) or dataset.sources
        for day in dict.fromkeys(closed.get(first, ())):
            if all(day in closed.get(other, ()) for other in others):
                yield ("dataset", name, day)


def undated_rows(project: Project) -> Iterator[tuple[object, ...]]:
    """Sources without a time of their own, and the datasets whose days alone tell of them."""
    for name, dataset in project.datasets.items():
        if not dated(project, name):
            yield from ((source, name) for source in dataset.sources)


def dated(project: Project, dataset: str) -> tuple[str, ...]:
    """The sources of a dataset whose rows have a time of their own."""
    sources = project.datasets[dataset].sources
    return tuple(s for s in sources if s in project.sources and project.sources[s].event_time)


def sources_of(project: Project, datasets: Iterable[str]) -> tuple[str, ...]:
    """The sources of some datasets."""
    return tuple(s for d in datasets for s in project.datasets[d].sources)


def numerator_sources(project: Project, kpi: Kpi) -> tuple[str, ...]:
    """The sources of a numerator that is of another dataset than its denominator."""
    if kpi.metric.definition.has_formula:
        return ()
    return sources_of(project, _beside(project, kpi))


def follow_up_rows(project: Project) -> Iterator[tuple[str, str, str]]:
    """KPI, dataset and source of the later events that its own wait for."""
    for name, kpi in project.kpis.items():
        for dataset in followed(project, kpi):
            for source in sources_of(project, [dataset]):
                yield name, dataset, source


def followed(project: Project, kpi: Kpi) -> tuple[str, ...]:
    """Datasets of the later events that a KPI's own wait for."""
    if not project.counted_as(kpi).open_for:
        return ()
    return _beside(project, kpi) or project.read_by(kpi)


def _beside(project: Project, kpi: Kpi) -> tuple[str, ...]:
    """Datasets read beside the denominator's: of a numerator, of what converts an event."""
    operands = kpi.metric.operands(project)
    return tuple(d for d in project.read_by(kpi) if operands and d != operands[-1].dataset)
