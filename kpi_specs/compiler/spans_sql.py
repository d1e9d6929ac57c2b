"""The days that a period takes, in SQL: its own, or a span such as the 28 days that end with it."""

from collections.abc import Iterable, Sequence

from kpi_specs.compiler.increment_sql import first_day
from kpi_specs.compiler.plan import PartsTable
from kpi_specs.language.metrics.parts import Span
from kpi_specs.sql import CLOCK, PERIOD, cte, lines, quoted


def period_steps(table: PartsTable, spans: Iterable[Span | None]) -> list[str]:
    """The step `periods`, and one per span."""
    found = dict.fromkeys(span for span in spans if span is not None)
    return [_periods(table), *(_span(table, span) for span in found)]


def join_periods(table: PartsTable, cadences: Sequence[str], span: Span | None) -> str:
    """Joins `days` to the `periods` that take each day."""
    chosen = f"periods.cadence in ({', '.join(quoted(c) for c in cadences)})"
    if span is not None:
        first, _ = _FIRST_AND_LAST[span.kind]
        after = "" if first is None else "\n    and days.day >= periods.first_day"
        return (
            f"inner join {span.name} as periods\n    on days.day <= periods.last_day{after}\n"
            f"    and {chosen}"
        )
    return f"""inner join {{{{ source('calendar', 'period_days') }}}} as periods
    on periods.date = days.day
    and periods.calendar = {quoted(table.calendar)}
    and {chosen}"""


def _periods(table: PartsTable) -> str:
    cadences = ", ".join(quoted(c) for c in table.cadences)
    first = first_day(table) if table.incremental else "(select min(day) from days)"
    body = f"""select
    {lines(PERIOD)}
from {{{{ source('calendar', 'dim_period') }}}}
where calendar = {quoted(table.calendar)}
    and cadence in ({cadences})
    and period_end >= coalesce({first}, period_end)
    and period_start <= {CLOCK}"""
    return cte("periods", "Every period from the first data to the clock, none missing.", body)


_ENDS = f"least(period_end, {CLOCK})"
# In an open period the newest day with rows stands for its end, if it lies in the period.
_LAST_SEEN = f"""case
            when period_end < {CLOCK} then period_end
            else greatest(period_start, (select max(day) from days))
        end"""
_FIRST_AND_LAST = {
    "window": ("ends - {before}", "ends"),
    "to_date": ("wider.period_start", "ends"),
    "at_end": ("last_seen", "last_seen"),
    "at_start": ("own.period_start", "own.period_start"),
    "until_end": (None, "ends"),
    "until_start": (None, "own.period_start"),
}


def _span(table: PartsTable, span: Span) -> str:
    first, last = _FIRST_AND_LAST[span.kind]
    begins = "" if first is None else f"\n    {first.format(before=span.days - 1)} as first_day,"
    wider = ""
    if span.within is not None:
        wider = f"""
inner join {{{{ source('calendar', 'dim_period') }}}} as wider
    on wider.calendar = {quoted(table.calendar)}
    and wider.cadence = {quoted(span.within)}
    and ends between wider.period_start and wider.period_end"""
    known = f"{_LAST_SEEN} as last_seen" if last == "last_seen" else f"{_ENDS} as ends"
    body = f"""select
    own.cadence,
    own.period,{begins}
    {last} as last_day
from (
    select
        *,
        {known}
    from periods
) as own{wider}"""
    return cte(span.name, f"The days that each period takes: {span.reason}.", body)
