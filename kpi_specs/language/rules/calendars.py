"""Rules about calendars."""

from collections.abc import Iterator

from kpi_specs.calendars import CalendarName
from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext

_EXAMPLE = {
    "fiscal": "fiscal: {first_month: 4, label: end_year}",
    "retail": "retail: {pattern: 4-5-4, label: start_year, year_ends: {weekday: saturday, "
    "month: 1, which: nearest_month_end}}",
}


def calendars_are_set_up(context: RuleContext) -> Iterator[Problem]:
    """A fiscal or retail calendar that is used has its settings in project.yml."""
    settings = context.project.settings
    missing = {"fiscal": settings.fiscal is None, "retail": settings.retail is None}
    used: list[tuple[str, str, CalendarName]] = [("project", "project", settings.calendar)]
    for key, kpi in context.project.kpis.items():
        if kpi.calendar != settings.calendar:
            used.append(("kpi", key, kpi.calendar))
    for kind, key, calendar in used:
        if missing.get(calendar, False):
            message = (
                f"the calendar '{calendar}' has no settings; add them to project.yml, e.g. "
                f"'{_EXAMPLE[calendar]}'."
            )
            yield context.problem(kind, key, ("calendar",), "calendar-not-set-up", message)


def inputs_have_the_calendar(context: RuleContext) -> Iterator[Problem]:
    """A KPI over other KPIs is in their calendar: periods are found by key."""
    kpis = context.project.kpis
    for key, kpi in kpis.items():
        for other in dict.fromkeys(one.kpi for one in kpi.metric.inputs):
            if other in kpis and kpis[other].calendar != kpi.calendar:
                message = (
                    f"this KPI is in the calendar {kpi.calendar}, '{other}', which it is computed "
                    f"from, in {kpis[other].calendar}; they have no periods in common, give both "
                    "the same 'calendar'."
                )
                yield context.problem("kpi", key, ("calendar",), "other-calendar", message)
