"""When a period of a KPI is due, and when it is final, in days after its end."""

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source


def due_after(project: Project, kpi: Kpi) -> int:
    """Days after a period's end on which it is due.

    Not before its sources have promised the period's last day, nor before the KPI that it is
    computed from, or whose definition it takes over, is due: an owner who keeps the promise is not
    late.
    """
    inherited = [due_after(project, one) for one in _rests_on(project, kpi)]
    return max([kpi.availability.due, *inherited, *promised_days(project, kpi)])


def closed_after(project: Project, kpi: Kpi) -> int:
    """Days after a period's end from which it is final: never on the last day of the period.

    Nor while its own definition still waits for something (a conversion within seven days), or one
    of its sources may still revise the period.
    """
    waits = [closed_after(project, one) for one in _rests_on(project, kpi)]
    waits += [restated_days(project.sources[name]) for name in project.sources_of(kpi)]
    open_for = project.counted_as(kpi).open_for
    return max(due_after(project, kpi), kpi.availability.mature, open_for, 1, *waits)


def restated_days(source: Source) -> int:
    """Days after which a source leaves what it delivered as it is; 0 where it never revises."""
    return source.restates or 0


def _rests_on(project: Project, kpi: Kpi) -> list[Kpi]:
    return [project.kpis[name] for name in kpi.metric.uses if name in project.kpis]


def promised_days(project: Project, kpi: Kpi) -> list[int]:
    """How far each of its dated sources may lie behind the clock, in days."""
    sources = (project.sources[name] for name in project.sources_of(kpi))
    return [s.arrives.within for s in sources if s.arrives and s.event_time]
