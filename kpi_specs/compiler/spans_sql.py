"""The days that a period takes, in SQL: its own, or a span such as the 28 days that end with it."""

from collections.abc import Iterable, Sequence

from kpi_specs.compiler.increment_sql import END, IF_THERE, changed_from, first_day, since
from kpi_specs.compiler.plan import PartsTable
from kpi_specs.language.metrics.parts import Span
from kpi_specs.sql import CLOCK, PERIOD, cte, lines, quoted

TAKEN = "up_to_day"  # the window of a slice's days up to each; in `to_date`, of its wider period's


def period_steps(table: PartsTable, spans: Iterable[Span | None]) -> list[str]:
    """The steps `periods` and `days_in_periods`, and one per span."""
    found = dict.fromkeys(span for span in spans if span is not None)
    return [_periods(table), _days_in_periods(), *(_span(table, span) for span in found)]


def join_periods(table: PartsTable, cadences: Sequence[str], span: Span | None) -> str:
    """Joins `days` to the `periods` that take each day; of an increment those that may change."""
    chosen = _chosen(table, cadences)
    if span is not None:
        first, _ = _FIRST_AND_LAST[span.kind]
        after = "" if first is None else "\n    and days.day >= periods.first_day"
        return (
            f"inner join {span.name} as periods\n    on days.day <= periods.last_day{after}{chosen}"
        )
    since = f"\n    and days.day >= {changed_from(table, cadences)}" if table.incremental else ""
    return f"inner join days_in_periods as periods\n    on periods.date = days.day{chosen}{since}"


def _chosen(table: PartsTable, cadences: Sequence[str]) -> str:
    """The condition of periods of these cadences, where the table has others."""
    if set(cadences) == set(table.cadences):
        return ""
    return f"\n    and periods.cadence in ({', '.join(quoted(c) for c in cadences)})"


def over_span(
    table: PartsTable,
    by_day: str,
    span: Span,
    cadences: Sequence[str],
    columns: Sequence[str],
    first: str | None = None,
    slices: str | None = None,
) -> str:
    """A query that gives `columns` in every period of `cadences` that has rows in the span.

    Args:
        table: The parts table.
        by_day: Name of a step with a row per day and slice.
        span: The days that a period takes.
        cadences: Cadences of the periods.
        columns: Select items, window functions over `TAKEN`: the days up to a day, in order.
        first: The first day that the periods take, as SQL; None: the first one of `by_day`.
        slices: The condition of the slices that are needed; None: all of `by_day`.
    """
    since = "" if first is None else f" where day >= {first}"
    seen = f"select day from {by_day}{since}"
    days = f"{seen}\n        union\n        select last_day from {span.name}"
    keys = ["slices.slice_no"]
    if span.within is not None:
        keys.append("days.within")
        days = f"""select date as day, period as within
        from {{{{ source('calendar', 'period_days') }}}}
        where calendar = {quoted(table.calendar)}
            and cadence = {quoted(span.within)}
            and date in (
                {seen}
                union
                select last_day from {span.name}
            )"""
    has_rows = f"count(by_day.day) over {taken(span)} > 0 as has_rows"
    selected = ["days.day", "slices.slice_no", has_rows, *columns]
    return f"""select
    period_no,
    running.* exclude (day, has_rows)
from (
    select
        {lines(selected, "        ")}
    from (
        {days}
    ) as days
    cross join (
        select distinct slice_no
        from {by_day}{_where(slices, "        ")}
    ) as slices
    left join {by_day} as by_day
        on by_day.day = days.day
        and by_day.slice_no = slices.slice_no
    window {TAKEN} as (partition by {", ".join(keys)} order by days.day)
) as running
inner join {span.name} as periods
    on periods.last_day = running.day{_chosen(table, cadences)}
where has_rows"""


def on_one_day(
    table: PartsTable,
    by_day: str,
    span: Span,
    cadences: Sequence[str],
    columns: Sequence[str],
    slices: str | None = None,
) -> str:
    """A query that gives `columns` of `by_day` in every period whose one day has rows.

    Args:
        table: The parts table.
        by_day: Name of a step with a row per day and slice.
        span: The day that a period takes.
        cadences: Cadences of the periods.
        columns: Select items.
        slices: The condition of the slices that are needed; None: all of `by_day`.
    """
    return f"""select
    {lines(["period_no", "slice_no", *columns])}
from {by_day} as by_day
inner join {span.name} as periods
    on periods.last_day = by_day.day{_chosen(table, cadences)}{_where(slices)}"""


def _where(condition: str | None, indent: str = "") -> str:
    return "" if condition is None else f"\n{indent}where {condition}"


def taken(span: Span) -> str:
    """The frame of a window function that takes a span's days."""
    if span.kind != "window":
        return TAKEN
    return f"({TAKEN} range between interval {span.days - 1} days preceding and current row)"


def _periods(table: PartsTable) -> str:
    cadences = ", ".join(quoted(c) for c in table.cadences)
    number = "row_number() over (order by cadence, period_start)"
    columns = [f"cast({number} as integer) as period_no", *PERIOD]
    first = "(select min(day) from days)"
    if table.incremental:
        first = first_day(table)
        columns.append(f"period_end >= {since(table)} as has_changed")
    body = f"""select
    {lines(columns)}
from {{{{ source('calendar', 'dim_period') }}}}
where calendar = {quoted(table.calendar)}
    and cadence in ({cadences})
    and period_end >= coalesce({first}, period_end)
    and period_start <= {CLOCK}"""
    return cte(
        "periods", "Every period from the first data to the clock, none missing, numbered.", body
    )


def _days_in_periods() -> str:
    body = """select date, cadence, period_no
from {{ source('calendar', 'period_days') }}
inner join periods using (calendar, cadence, period)"""
    return cte("days_in_periods", "Which periods each day lies in.", body)


_ENDS = f"least(period_end, {CLOCK})"
# In an open period the newest day with rows stands for its end, if it lies in the period.
_LAST_SEEN = f"""case
            when period_end < {CLOCK} then period_end
            else greatest(period_start, (select max(day) from days))
        end"""
_FIRST_AND_LAST = {
    "window": ("last_seen - {before}", "last_seen"),
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
    own.period_no,{begins}
    {last} as last_day
from (
    select
        *,
        {known}
    from periods{_changed(table, span)}
) as own{wider}"""
    return cte(span.name, f"The days that each period takes: {span.reason}.", body)


def _changed(table: PartsTable, span: Span) -> str:
    """Of an increment: periods from the change on, but for what is carried on from before."""
    if not table.incremental or _FIRST_AND_LAST[span.kind][0] is None:
        return ""
    return f"\n    {IF_THERE} where has_changed {END}"
