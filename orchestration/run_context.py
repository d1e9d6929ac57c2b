"""What one run of the pipeline was asked to do; fixed before its first step."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from kpi_specs.language.project import Project, ProjectSettings
from orchestration.paths import ProjectPaths


class OrderError(ValueError):
    """What a run was asked cannot be done; the message is for the person who asked."""


@dataclass(frozen=True)
class RunContext:
    """The order that a run carries out.

    Attributes:
        project: The specs, already validated.
        paths: Where the project keeps its files.
        run_id: Id of the run, in Dagster's history and in every published row.
        as_of: The clock: everything with a business date up to it is visible.
        started_at: When the run began (UTC); the only time read from the wall clock.
        select: KPIs to compute even if nothing changed; empty: whatever changed.
        full_refresh: Compute and publish everything, changed or not.
        from_: First day of a backfill.
        to: Last day of a backfill, inclusive.
    """

    project: Project
    paths: ProjectPaths
    run_id: str
    as_of: dt.date
    started_at: dt.datetime
    select: tuple[str, ...] = ()
    full_refresh: bool = False
    from_: dt.date | None = None
    to: dt.date | None = None

    @property
    def forced(self) -> bool:
        """Whether the run computes something even when nothing is new."""
        return bool(self.select) or self.from_ is not None or self.to is not None


def resolve_as_of(settings: ProjectSettings, asked: dt.date | None, now: dt.datetime) -> dt.date:
    """The run's clock: what was asked, else the project's, else today in the project's zone."""
    return asked or settings.as_of or now.astimezone(ZoneInfo(settings.time_zone)).date()


def check_selection(project: Project, select: Sequence[str]) -> tuple[str, ...]:
    """The selected KPI ids without repeats.

    Raises:
        OrderError: An id that no spec has.
    """
    for kpi in select:
        if kpi not in project.kpis:
            if kpi in project.invalid:
                raise OrderError(
                    f"--select: the spec of '{kpi}' is invalid: {project.invalid[kpi][0]}"
                )
            near = get_close_matches(kpi, project.kpis, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "`kpi status` lists them."
            raise OrderError(f"--select: no KPI is called '{kpi}'. {hint}")
    return tuple(dict.fromkeys(select))


def check_days(
    settings: ProjectSettings, as_of: dt.date, from_: dt.date | None, to: dt.date | None
) -> None:
    """Refuse a clock or a backfill outside the project's calendar.

    Raises:
        OrderError: The clock lies before the first day, or the backfill ends before it begins.
    """
    if as_of < settings.history_from:
        raise OrderError(
            f"--as-of {as_of} lies before the project's first day (history_from: "
            f"{settings.history_from}); set a later clock or an earlier history_from."
        )
    if from_ and to and to < from_:
        raise OrderError(f"--from {from_} lies after --to {to}; swap them.")
    if from_ and from_ > as_of:
        raise OrderError(f"--from {from_} lies after the clock ({as_of}); there is no data yet.")
