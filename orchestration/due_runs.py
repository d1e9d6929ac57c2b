"""When a run is due: on the day after a period closed, once the sources are there by promise."""

import datetime as dt
from zoneinfo import ZoneInfo

from kpi_specs.calendars import DAY
from kpi_specs.language.project import Project

HOUR = 6  # the earliest
TOLERANCE = 6  # hours after it, where the project says no time


def hour_of(project: Project) -> int:
    """The first full hour at which every source has promised to be there, from six on."""
    promised = [one.arrives.by for one in project.sources.values() if one.arrives]
    times = [dt.time.fromisoformat(by) for by in promised if by is not None]
    full = [one.hour + (one.minute > 0) for one in times]
    return min(max([HOUR, *full]), 23)


def newest_deadline(project: Project, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """The last deadline that has passed: from when a run counts for it, and the deadline itself.

    Args:
        project: its cadences and calendars, `time_zone`, and `alerts.run_by`.
        now: an aware time.

    Returns:
        Two aware times; None where nothing is expected: the project's clock stands still, or no
        deadline has passed since `history_from`.
    """
    settings = project.settings
    if settings.as_of is not None:
        return None
    zone = ZoneInfo(settings.time_zone)
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for name, cadence in {(k.calendar, c) for k in project.kpis.values() for c in k.cadence}:
        calendar = settings.calendar_of(name)
        start = calendar.period_of(now.astimezone(zone).date(), cadence).start
        if _deadline(project, start, zone) > now:
            start = calendar.period_of(start - DAY, cadence).start
        if start > settings.history_from:
            begin = dt.datetime.combine(start, dt.time(), zone)
            found.append((begin, _deadline(project, start, zone)))
    return max(found, default=None)


def _deadline(project: Project, day: dt.date, zone: ZoneInfo) -> dt.datetime:
    by = project.settings.alerts.run_by
    if by is not None:
        return dt.datetime.combine(day, dt.time.fromisoformat(by), zone)
    begins = dt.datetime.combine(day, dt.time(hour_of(project)), zone)
    return begins + dt.timedelta(hours=TOLERANCE)
