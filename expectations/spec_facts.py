"""What the specs say, as small temporary tables that the evidence SQL joins.

spec_clock          one row: as_of, history_from
spec_kpis           one row per KPI and cadence
spec_kpi_sources    KPI -> its sources, in order
spec_kpi_datasets   KPI -> its datasets
spec_follow_ups     KPI that waits for later events -> their dataset and its sources
spec_inputs         KPI -> the KPIs whose values it is computed from, and which of their rows
spec_kpi_keys       KPI -> the datasets that it reads itself: their keys, and who answers for them
spec_kpi_joins      KPI -> the joins that its slices need, in order
spec_grain          KPI -> its slices
spec_sources        one row per source: its promise, and what preflight found
spec_requirements   KPI -> what is counted by day, week or month (`jalali weekly`: of that
                    calendar), and how many rows each must have
spec_closed_days    source or dataset -> days without rows by contract: 12-25, or 2017-07-04
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from expectations.day_facts import values_id
from expectations.dues import closed_after, due_after, promised_days
from expectations.key_facts import datasets_read, joins_of
from expectations.missing import Preflight, upstream_first
from expectations.sql import write_temp
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Input
from kpi_specs.language.project import Project
from kpi_specs.language.slices import in_order, slice_name, slice_value
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

# A source without a promise: its newest whole day is yesterday.
DEFAULT_WITHIN = 1
DAY = dt.timedelta(days=1)

_KPIS = """
    kpi varchar, cadence varchar, calendar varchar,
    due integer, closes integer, within integer, warm_up integer, taken_warm_up integer,
    min_coverage double, lowest double, highest double, min_sample double,
    zero_is_valid boolean, divides boolean, has_inputs boolean, reads_data boolean,
    dataset varchar, numerator_is_whole boolean, denominator_is_whole boolean,
    has_formula boolean, waits_for_end boolean, elapses boolean, open_for integer, matures boolean,
    span_kind varchar, span_days integer, span_within varchar, looks_back integer,
    left_out boolean, failed_kpi varchar, compute_message varchar, compute_root varchar
"""
_SOURCES = """
    source varchar, promised date, is_promised boolean, is_expected boolean, has_days boolean,
    covers varchar, missing boolean, missing_why varchar, missing_columns varchar
"""


def write_spec_facts(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    found: Preflight,
    *,
    as_of: dt.date,
    failures: Mapping[str, tuple[str, str]],
) -> None:
    """Write all spec_* tables.

    Args:
        con: Connection to the warehouse.
        project: The specs.
        found: What preflight found.
        as_of: The clock.
        failures: KPI -> (the KPI whose computation failed, message), see `spread_failures`.
    """
    clock = [(as_of, project.settings.history_from)]
    write_temp(con, "spec_clock", "as_of date, history_from date", clock)
    write_temp(con, "spec_kpis", _KPIS, _kpi_rows(project, found, failures))
    write_temp(con, "spec_sources", _SOURCES, _source_rows(project, found, as_of))
    write_temp(
        con,
        "spec_kpi_sources",
        "kpi varchar, position integer, source varchar, feeds_numerator boolean, "
        "is_followed boolean",
        (
            (
                name, position, source, source in _numerator_sources(project, kpi),
                source in _sources_of(project, _followed(project, kpi)),
            )
            for name, kpi in project.kpis.items()
            for position, source in enumerate(project.sources_of(kpi))
        ),
    )  # fmt: skip
    write_temp(con, "spec_undated", "source varchar, dataset varchar", _undated_rows(project))
    write_temp(
        con,
        "spec_kpi_datasets",
        "kpi varchar, dataset varchar",
        ((name, d) for name, kpi in project.kpis.items() for d in project.datasets_of(kpi)),
    )
    write_temp(
        con,
        "spec_follow_ups",
        "kpi varchar, dataset varchar, source varchar",
        _follow_up_rows(project),
    )
    write_temp(
        con,
        "spec_inputs",
        "kpi varchar, position integer, upstream varchar, shift varchar, "
        "slice varchar, slice_value varchar",
        (
            (name, position, one.kpi, one.shift, *_slice_of(project, one))
            for name, kpi in project.kpis.items()
            for position, one in enumerate(kpi.metric.inputs)
        ),
    )
    write_temp(
        con,
        "spec_kpi_joins",
        "kpi varchar, position integer, dataset varchar, model varchar, key_columns varchar, "
        "orphans double, source varchar",
        (
            (
                name, position, dataset.dataset, join.model, ", ".join(join.on.values()),
                join.orphans, join.source or dataset.sources[0],
            )
            for name, kpi in project.kpis.items()
            for position, (dataset, join) in enumerate(joins_of(project, kpi))
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_kpi_keys",
        "kpi varchar, position integer, dataset varchar, key_columns varchar, source varchar, "
        "is_followed boolean",
        (
            (
                name, position, d.dataset, ", ".join(d.key), d.sources[0],
                d.dataset in _followed(project, kpi),
            )
            for name, kpi in project.kpis.items()
            for position, d in enumerate(datasets_read(project, kpi))
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_grain",
        "kpi varchar, slice varchar",
        ((name, slice_name(d)) for name, kpi in project.kpis.items() for d in kpi.grain),
    )
    write_temp(
        con,
        "spec_requirements",
        "kpi varchar, position integer, kind varchar, id varchar, source varchar, span varchar, "
        "min_rows bigint, is_followed boolean",
        _requirement_rows(project),
    )
    write_temp(
        con,
        "spec_closed_days",
        "kind varchar, id varchar, day varchar",
        _closed_rows(project),
    )


def spread_failures(project: Project, errors: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """KPIs without a trustworthy table: those that failed, and those computed from them.

    Returns:
        KPI -> (the KPI whose computation failed first, its message).
    """
    spread: dict[str, tuple[str, str]] = {}
    for name in upstream_first(project):
        failed = [one.kpi for one in project.kpis[name].metric.inputs if one.kpi in spread]
        if failed:
            spread[name] = spread[failed[0]]
        elif name in errors:
            spread[name] = (name, errors[name])
    return spread


def _slice_of(project: Project, one: Input) -> tuple[str, str]:
    """The slice that an input is always taken from; empty texts: the row's own."""
    if one.slice_of is None:
        return "", ""
    wanted = dict(one.slice_of)
    named = in_order(wanted, project.kpis[one.kpi].grain)
    return slice_name(named), slice_value([wanted[d] for d in named])


def _beside(project: Project, kpi: Kpi) -> tuple[str, ...]:
    """Datasets read beside the denominator's: of a numerator, of what converts an event."""
    operands = kpi.metric.operands(project)
    return tuple(d for d in project.read_by(kpi) if operands and d != operands[-1].dataset)


def _followed(project: Project, kpi: Kpi) -> tuple[str, ...]:
    """Datasets of the later events that a KPI's own wait for."""
    if not project.counted_as(kpi).open_for:
        return ()
    return _beside(project, kpi) or project.read_by(kpi)


def _sources_of(project: Project, datasets: Iterable[str]) -> tuple[str, ...]:
    return tuple(s for d in datasets for s in project.datasets[d].sources)


def _numerator_sources(project: Project, kpi: Kpi) -> tuple[str, ...]:
    if kpi.metric.definition.has_formula:
        return ()
    return _sources_of(project, _beside(project, kpi))


def _follow_up_rows(project: Project) -> Iterator[tuple[str, str, str]]:
    for name, kpi in project.kpis.items():
        for dataset in _followed(project, kpi):
            for source in project.datasets[dataset].sources:
                yield name, dataset, source


def _root(failed: str, message: str) -> str:
    """What is at fault: `fct_ads: ...` names the model that failed, for all KPIs over it."""
    named = re.match(r"([a-z0-9_]+):", message)
    return f"model:{named[1]}" if named else f"kpi:{failed}"


def _is_whole(project: Project, kpi: Kpi, position: int) -> bool:
    """Whether NULL over rows says that what is measured is empty, not that a filter matched none.

    Args:
        project: The specs.
        kpi: The KPI.
        position: 0 for its numerator, 1 for its denominator.
    """
    counted_as, operands = project.counted_as(kpi), kpi.metric.operands(project)
    if counted_as.has_formula or position >= len(operands):
        return False
    part, measures = operands[position].part, counted_as.operand_measures
    if part.whole or part.known is not None:
        return True
    unfiltered = position < len(measures) and measures[position].where is None
    return unfiltered and len(kpi.metric.datasets) == 1


def _kpi_rows(
    project: Project, found: Preflight, failures: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[object, ...]]:
    for name, kpi in project.kpis.items():
        availability, definition = kpi.availability, kpi.metric.definition
        complete = project.complete_of(kpi)
        counted_as = project.counted_as(kpi)
        takes = kpi.metric.takes
        datasets = project.read_by(kpi)
        within = max(promised_days(project, kpi), default=DEFAULT_WITHIN)
        low, high = availability.valid_range or (None, None)
        failed, message = failures.get(name, ("", ""))
        for cadence in kpi.cadence:
            yield (
                name, cadence, kpi.calendar,
                due_after(project, kpi), closed_after(project, kpi), within, availability.warm_up,
                max((one.availability.warm_up for one in project.taken_over(kpi)[1:]), default=0),
                complete.coverage if complete else 1.0, low, high,
                availability.min_sample.denominator if availability.min_sample else 0.0,
                availability.zero_is_valid, counted_as.divides,
                bool(kpi.metric.inputs), bool(datasets), datasets[0] if datasets else "",
                _is_whole(project, kpi, 0), _is_whole(project, kpi, 1),
                definition.has_formula,
                definition.compares_whole_periods or _mixes_days(project, kpi),
                definition.elapses, counted_as.open_for,
                # What waits for no certain day is final when its spec says so.
                availability.mature > 0 and not counted_as.open_for,
                takes.kind if takes else "", takes.days if takes else 0,
                (takes.within or "") if takes else "", counted_as.looks_back,
                name in found.kpis_left_out, failed, message, _root(failed or name, message),
            )  # fmt: skip


def _source_rows(
    project: Project, found: Preflight, as_of: dt.date
) -> Iterator[tuple[object, ...]]:
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


def _requirement_rows(project: Project) -> Iterator[tuple[object, ...]]:
    """What is counted for each KPI; of its inputs nothing, they are judged themselves."""
    for name, kpi in project.kpis.items():
        datasets = project.read_by(kpi)
        rows: list[tuple[str, str, str, str, int]] = []
        for source_id in dict.fromkeys(s for d in datasets for s in project.datasets[d].sources):
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
        followed = _followed(project, kpi)
        objects = {"dataset": followed, "source": _sources_of(project, followed)}
        for position, (kind, id_, source_id, span, min_rows) in enumerate(dict.fromkeys(rows)):
            object_ = source_id if kind == "source" else id_
            yield (name, position, kind, id_, source_id, span, min_rows, object_ in objects[kind])


def _closed_rows(project: Project) -> Iterator[tuple[object, ...]]:
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
        first, *others = _dated(project, name) or dataset.sources
        for day in dict.fromkeys(closed.get(first, ())):
            if all(day in closed.get(other, ()) for other in others):
                yield ("dataset", name, day)


def _dated(project: Project, dataset: str) -> tuple[str, ...]:
    """The sources of a dataset whose rows have a time of their own."""
    sources = project.datasets[dataset].sources
    return tuple(s for s in sources if s in project.sources and project.sources[s].event_time)


def _undated_rows(project: Project) -> Iterator[tuple[object, ...]]:
    """Sources without a time of their own, and the datasets whose days alone tell of them."""
    for name, dataset in project.datasets.items():
        if not _dated(project, name):
            yield from ((source, name) for source in dataset.sources)


def _mixes_days(project: Project, kpi: Kpi) -> bool:
    """Whether what it sets against each other is promised for different days.

    As long as a period is open, each side is then known up to another day.
    """
    counted_as = project.counted_as(kpi)
    if counted_as.open_for or not (counted_as.divides or counted_as.has_formula):
        return False
    promised = set()
    for dataset in project.datasets_of(kpi):
        arrives = (project.sources[source].arrives for source in _dated(project, dataset))
        promised.add(max((one.within for one in arrives if one is not None), default=None))
    return len(promised - {None}) > 1
