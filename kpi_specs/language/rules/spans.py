"""Rules about rows that cover a week or a month: each counts whole, on its first day."""

from collections.abc import Iterator
from typing import Literal

from kpi_specs.language.cadence import lies_within
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Path
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project
from kpi_specs.language.rules.context import RuleContext

_Covers = Literal["week", "month"]


def covered_spans_are_not_cut(context: RuleContext) -> Iterator[Problem]:
    """Of rows that cover a week or a month a KPI takes whole ones."""
    for key, kpi in context.project.kpis.items():
        for name, covers in _covering(context.project, kpi):
            for path, said in (*_cut_by_days(kpi, covers), *_cut_by_period(kpi, covers)):
                message = (
                    f"a row of the source '{name}' covers a {covers} and counts on its first day, "
                    f"{said}"
                )
                place = ("metric", kpi.metric.type, *path)
                yield context.problem("kpi", key, place, "cut-span", message)


def _cut_by_days(kpi: Kpi, covers: _Covers) -> Iterator[tuple[Path, str]]:
    for path, days in kpi.metric.definition.counted_days:
        if covers == "month":
            yield (
                path,
                "and no number of days is whole months; take the KPI's own periods, or a source "
                "with rows of days.",
            )
        elif days % 7:
            yield path, f"so {days} days cut it; take a multiple of 7 days."


def _cut_by_period(kpi: Kpi, covers: _Covers) -> Iterator[tuple[Path, str]]:
    takes = kpi.metric.takes
    if takes is None:
        return
    if takes.kind in ("at_end", "at_start"):
        yield ("missing",), "and no day after it has a balance; write 'missing: carry'."
    cuts = takes.within is not None and not lies_within("weekly", takes.within, kpi.calendar)
    if covers == "week" and "weekly" in kpi.cadence and cuts:
        yield (
            ("to_date",),
            f"so weekly values of {takes.reason} leave out the days before its first whole week; "
            "leave weekly out of the cadence, or take a window of whole weeks.",
        )


def months_are_those_of_the_calendar(context: RuleContext) -> Iterator[Problem]:
    """Rows that cover a month make periods of calendars with the same months."""
    for key, kpi in context.project.kpis.items():
        for name, covers in _covering(context.project, kpi):
            if covers == "month" and kpi.calendar not in ("gregorian", "fiscal"):
                message = (
                    f"a row of the source '{name}' covers a month from its 1st on, and the months "
                    f"of the calendar '{kpi.calendar}' begin on other days; write 'calendar: "
                    "gregorian'."
                )
                yield context.problem("kpi", key, ("calendar",), "cut-span", message)


def _covering(project: Project, kpi: Kpi) -> Iterator[tuple[str, _Covers]]:
    """The sources that a KPI is computed from whose rows cover more than a day, and how much."""
    read = [project.datasets[one] for one in project.read_by(kpi) if one in project.datasets]
    for name in dict.fromkeys(name for dataset in read for name in dataset.sources):
        source = project.sources.get(name)
        if source is not None and source.covers != "day":
            yield name, source.covers
