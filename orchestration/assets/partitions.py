"""Periods as Dagster partitions: a KPI is partitioned by the finest of its cadences.

Where a calendar's periods follow a cron (all of the gregorian and the fiscal one, days and weeks of
each), they are time windows, which grow with time. Months and longer of the jalali and the retail
calendar follow none: their partitions are the labels up to the clock, and new ones are seen when
the definitions are loaded again.

Keys are the period labels of the published tables, except where Dagster could not parse them as
dates (2017-W09, 1396-01-15, FY2026-Q1 of a time window): there the key is the period's first day.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dagster import PartitionsDefinition, StaticPartitionsDefinition, TimeWindowPartitionsDefinition

from kpi_specs.calendars import CADENCES, DAY, WEEKDAYS, Cadence, Calendar, CalendarName, Period
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project, ProjectSettings
from orchestration.run_context import RunContext

Clock = dt.date | None

# Gregorian labels that Dagster reads as dates; every other time window has its first day as key.
LABEL_FORMAT: dict[Cadence, str] = {"monthly": "%Y-%m", "yearly": "%Y"}
FIRST_DAY = "%Y-%m-%d"


@dataclass(frozen=True)
class Rhythm:
    """The periods that partition a KPI."""

    calendar: CalendarName
    cadence: Cadence

    def name(self, settings: ProjectSettings) -> str:
        """`monthly`, and `jalali_monthly` where the project's own calendar is another."""
        own = self.calendar == settings.calendar
        return self.cadence if own else f"{self.calendar}_{self.cadence}"


def rhythm_of(kpi: Kpi) -> Rhythm:
    """The finest of a KPI's cadences, which partitions it, in its calendar."""
    return Rhythm(kpi.calendar, next(cadence for cadence in CADENCES if cadence in kpi.cadence))


def rhythms_of(project: Project) -> list[Rhythm]:
    """Every calendar and cadence that a KPI has; the project's own calendar first."""
    used = {(kpi.calendar, cadence) for kpi in project.kpis.values() for cadence in kpi.cadence}
    return [
        Rhythm(calendar.name, cadence)
        for calendar in project.calendars
        for cadence in CADENCES
        if (calendar.name, cadence) in used
    ]


def cron_of(calendar: Calendar, cadence: Cadence, hour: int) -> str | None:
    """The cron of the first days of a calendar's periods; None where there is none."""
    if cadence == "daily":
        return f"0 {hour} * * *"
    if cadence == "weekly":
        return f"0 {hour} * * {(WEEKDAYS.index(calendar.week_start) + 1) % 7}"
    first = calendar.first_gregorian_month
    if first is None:
        return None
    if cadence == "monthly":
        return f"0 {hour} 1 * *"
    if cadence == "yearly":
        return f"0 {hour} 1 {first} *"
    months = sorted((first - 1 + n) % 12 + 1 for n in (0, 3, 6, 9))
    return f"0 {hour} 1 {','.join(map(str, months))} *"


def is_of_windows(rhythm: Rhythm, settings: ProjectSettings) -> bool:
    """Whether the periods are time windows to Dagster."""
    return cron_of(settings.calendar_of(rhythm.calendar), rhythm.cadence, 0) is not None


def partitions_of(
    rhythm: Rhythm, settings: ProjectSettings, clock: Clock = None
) -> PartitionsDefinition[str]:
    """All periods from `history_from` to the open one at the clock.

    Args:
        rhythm: Calendar and cadence.
        settings: First day, time zone, and the default clock.
        clock: Where they end if not at the project's own clock. Without any they grow with time.
    """
    clock = clock or settings.as_of
    calendar = settings.calendar_of(rhythm.calendar)
    cron = cron_of(calendar, rhythm.cadence, 0)
    if cron is None:
        today = dt.datetime.now(ZoneInfo(settings.time_zone)).date()
        keys = partition_keys(rhythm, settings, settings.history_from, clock or today)
        return StaticPartitionsDefinition(keys)
    following = clock and calendar.period_of(clock, rhythm.cadence).end + DAY
    return TimeWindowPartitionsDefinition(
        cron_schedule=cron,
        start=partition_key(rhythm, settings, settings.history_from),
        end=partition_key(rhythm, settings, following) if following else None,
        fmt=_format(rhythm),
        timezone=settings.time_zone,
        end_offset=0 if clock else 1,
    )


def partition_key(rhythm: Rhythm, settings: ProjectSettings, day: dt.date) -> str:
    """Key of the period that a day lies in."""
    calendar = settings.calendar_of(rhythm.calendar)
    return _key(calendar, calendar.period_of(day, rhythm.cadence))


def partition_keys(
    rhythm: Rhythm, settings: ProjectSettings, first: dt.date, last: dt.date
) -> list[str]:
    """Keys of all periods that overlap `first`..`last`, in order; none when last < first."""
    calendar = settings.calendar_of(rhythm.calendar)
    return [_key(calendar, one) for one in calendar.periods(first, last, [rhythm.cadence])]


def covered_keys(kpi: Kpi, order: RunContext) -> list[str]:
    """The partitions that a run over all cadences shows as computed.

    A backfill shows its range, any other run the open period and the one before it: it computed the
    whole history, but each event costs Dagster some 7 ms.
    """
    rhythm, settings = rhythm_of(kpi), order.project.settings
    history = settings.history_from
    if order.from_ or order.to:
        last = min(order.to or order.as_of, order.as_of)
        return partition_keys(rhythm, settings, order.from_ or history, last)
    open_period = settings.calendar_of(rhythm.calendar).period_of(order.as_of, rhythm.cadence)
    first = max(open_period.start - DAY, history)
    return partition_keys(rhythm, settings, first, order.as_of)


def _key(calendar: Calendar, period: Period) -> str:
    if cron_of(calendar, period.cadence, 0) is None:
        return period.period
    return period.start.strftime(_format(Rhythm(calendar.name, period.cadence)))


def _format(rhythm: Rhythm) -> str:
    if rhythm.calendar == "gregorian":
        return LABEL_FORMAT.get(rhythm.cadence, FIRST_DAY)
    return FIRST_DAY
