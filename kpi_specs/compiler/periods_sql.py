"""From days and rows to every period and slice that some KPI needs, in SQL.

Sums and counts add up from days, distinct counts from what `distinct_sql` makes of them. Medians
are counted on the rows, in one pass over all cadences: each row has its periods side by side, since
a row per cadence would be three times as many. What has one value per entity, or takes days that
periods share, is counted cadence by cadence. Both only in the slices that a KPI needs them in.
"""

from collections.abc import Sequence

from kpi_specs.compiler.distinct_sql import of_period, of_span
from kpi_specs.compiler.groups import OWN, Group, dimensions_of, slices_of
from kpi_specs.compiler.increment_sql import read_from
from kpi_specs.compiler.plan import Need, PartsTable, used_dimensions
from kpi_specs.compiler.rows_sql import days_name, distinct_source, of_days
from kpi_specs.compiler.slices_sql import (
    cleaned_rows,
    group_by,
    group_by_number,
    group_column,
    numbered_rows,
    slice_columns,
    slice_number,
)
from kpi_specs.compiler.spans_sql import join_periods, over_span, taken
from kpi_specs.language.metrics.parts import Span
from kpi_specs.sql import cte, lines, quoted

_KEYS = ("periods.cadence", "periods.period")


def period_step(table: PartsTable, group: Group) -> str:
    """The step of a group: its parts in every period and slice that has rows."""
    if group.way == "days":
        return _rolled_up(table, group) if group.span is None else _rolled_up_over(table, group)
    return _distinct(table, group) if group.way == "distinct" else _counted(table, group)


def _rolled_up(table: PartsTable, group: Group) -> str:
    cadences, slices = group.cadences, group.slices
    if group.rows == OWN:
        cadences, slices = table.cadences, table.slices
    used = used_dimensions(table.dataset, slices)
    selected = [*_KEYS, slice_number(slices, table.slices)]
    selected += [f"{of_days(need)} as {need.part.name}" for need in group.needs]
    body = f"""select
    {lines(selected)}
from {numbered_rows(days_name(group.rows), slices, table.slices, used)}
{join_periods(table, cadences, None)}
{group_by_number(slices, table.slices, _KEYS)}"""
    return cte(group.name, "Days to every period and slice.", body)


def _rolled_up_over(table: PartsTable, group: Group) -> str:
    assert group.span is not None
    source = f"{days_name(group.rows)}_by_slice"
    columns = [f"{_taken(need, group.span)} as {need.part.name}" for need in group.needs]
    first = read_from(table, group.needs) if table.incremental else None
    body = over_span(table, source, group.span, group.cadences, columns, first)
    return cte(group.name, f"Every slice's days up to each: {group.span.reason}.", body)


def _taken(need: Need, span: Span) -> str:
    column, frame = f"by_day.{need.part.day_name}", taken(span)
    total = f"{need.part.rollup}({column}) over {frame}"
    if not need.part.whole:
        return total
    known = f"count(by_day.day) over {frame} = count({column}) over {frame}"
    return f"case when {known}\n            then {total} end"


def _distinct(table: PartsTable, group: Group) -> str:
    source = distinct_source(group.beside, group.rows)
    if group.span is not None:
        counts = [f"{of_span(n.part.day_name, group.span)} as {n.part.name}" for n in group.needs]
        body = over_span(table, source, group.span, group.cadences, counts)
        return cte(group.name, f"Every slice's days up to each: {group.span.reason}.", body)
    counts = [f"{of_period(n.part.name, n.cadences)} as {n.part.name}" for n in group.needs]
    body = f"""select
    {lines([*_KEYS, "slice_no", *counts])}
from {source} as days
{join_periods(table, group.cadences, None)}
group by {", ".join([*_KEYS, "slice_no"])}"""
    return cte(group.name, "Days that are the first of their period, added up.", body)


def day_periods_step(table: PartsTable, groups: Sequence[Group]) -> list[str]:
    """The step `day_periods`, where medians need it: one row per day, the periods that it is in."""
    together = [cadences for group in groups for cadences in _passes(table, group)]
    wanted = {cadence for cadences in together if len(cadences) > 1 for cadence in cadences}
    if not wanted:
        return []
    labels = [
        f"max(period) filter (where cadence = {quoted(c)}) as {c}"
        for c in table.cadences
        if c in wanted
    ]
    body = f"""select
    {lines(["date as day", *labels])}
from {{{{ source('calendar', 'period_days') }}}}
where calendar = {quoted(table.calendar)}
group by date"""
    return [cte("day_periods", "The periods that each day is in, side by side.", body)]


def _passes(table: PartsTable, group: Group) -> dict[tuple[str, ...], list[Need]]:
    """Of what is counted on the rows: the cadences that are counted in one pass, and what in them.

    Those that the same parts are needed in, unless one row counts in several of their periods.
    """
    if group.way != "other":
        return {}
    found: dict[tuple[Need, ...], list[str]] = {}
    for cadence in table.cadences:
        wanted = tuple(need for need in group.needs if cadence in need.cadences)
        if wanted:
            found.setdefault(wanted, []).append(cadence)
    if group.span is not None or _entity(group):
        return {(c,): list(wanted) for wanted, cadences in found.items() for c in cadences}
    return {tuple(cadences): list(wanted) for wanted, cadences in found.items()}


def _counted(table: PartsTable, group: Group) -> str:
    counted = _counted_by_entity if _entity(group) else _counted_directly
    passes = _passes(table, group)
    selects = [
        _counted_in_all(table, group, cadences, wanted)
        if len(cadences) > 1
        else counted(table, group, cadences[0], wanted)
        for cadences, wanted in passes.items()
    ]
    body = "\n\nunion all by name\n\n".join(selects)
    days = "" if group.span is None else f" in {group.span.reason}"
    per = _entity(group)
    what = f"Per {per}, then over all of them" if per else "Counted on the rows"
    alone = all(len(cadences) == 1 for cadences in passes)
    how = "anew for each cadence" if alone else "in one pass for all cadences"
    return cte(group.name, f"{what}, {how}{days}.", body)


def _entity(group: Group) -> str | None:
    """The entity that each value is of before they are counted."""
    return group.needs[0].part.per


def _counted_in_all(
    table: PartsTable, group: Group, cadences: Sequence[str], needs: Sequence[Need]
) -> str:
    """All cadences at once: of a row's periods, each set of grouping columns has one."""
    slices = slices_of(needs)
    periods = [f"day_periods.{cadence}" for cadence in cadences]
    names = "".join(
        f"\n        when {p} is not null then {quoted(c)}"
        for p, c in zip(periods, cadences, strict=True)
    )
    period = f"coalesce({', '.join(periods)})"
    selected = [f"case{names}\n    end as cadence", f"{period} as period"]
    selected += slice_columns(slices, dimensions_of(table, needs))
    selected += [f"{need.part.sql} as {need.part.name}" for need in needs]
    sets = [f"({', '.join((p, *map(group_column, one)))})" for p in periods for one in slices]
    return f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
inner join day_periods using (day)
group by grouping sets (
    {lines(sets)}
)
having {period} is not null"""


def _counted_directly(table: PartsTable, group: Group, cadence: str, needs: Sequence[Need]) -> str:
    slices = slices_of(needs)
    keys = (f"{quoted(cadence)} as cadence", "periods.period")
    selected = [*keys, *slice_columns(slices, dimensions_of(table, needs))]
    selected += [f"{need.part.sql} as {need.part.name}" for need in needs]
    return f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
{join_periods(table, (cadence,), group.span)}
{group_by(slices, ("periods.period",))}"""


def _counted_by_entity(table: PartsTable, group: Group, cadence: str, needs: Sequence[Need]) -> str:
    (need,) = needs
    part, dimensions = need.part, dimensions_of(table, needs)
    keys = (*_KEYS, f"days.{part.per}")
    selected = [*_KEYS, *slice_columns(need.slices, dimensions), f"{part.inner} as measured"]
    inner = f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
{join_periods(table, (cadence,), group.span)}
{group_by(need.slices, keys)}""".replace("\n", "\n    ")
    columns = ("cadence", "period", "slice", "slice_value", *dimensions)
    return f"""select
    {lines([*columns, f"{part.sql} as {part.name}"])}
from (
    {inner}
) as entities
group by {", ".join(columns)}"""


def _counted_rows(table: PartsTable, group: Group, needs: Sequence[Need]) -> str:
    if group.rows != OWN:
        return cleaned_rows(group.rows.name, dimensions_of(table, needs))
    return f"{group.way}_rows as days"
