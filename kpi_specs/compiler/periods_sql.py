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
from kpi_specs.compiler.plan import Need, PartsTable
from kpi_specs.compiler.rows_sql import day_rows, days_name, distinct_source, of_days
from kpi_specs.compiler.slices_sql import (
    cleaned_rows,
    group_by,
    group_column,
    only_slices,
    slice_columns,
)
from kpi_specs.compiler.spans_sql import join_periods, on_one_day, over_span, taken
from kpi_specs.language.metrics.parts import Span
from kpi_specs.sql import cte, lines, quoted

_KEY = "periods.period_no"


def period_step(table: PartsTable, group: Group) -> str:
    """The step of a group: its parts in every period and slice that has rows."""
    if group.way == "days":
        return _rolled_up(table, group) if group.span is None else _rolled_up_over(table, group)
    return _distinct(table, group) if group.way == "distinct" else _counted(table, group)


def _rolled_up(table: PartsTable, group: Group) -> str:
    cadences = table.cadences if group.rows == OWN else group.cadences
    source = day_rows(group.rows, group.beside)
    number = "0 as slice_no" if source == days_name(group.rows) else "days.slice_no"
    selected = [_KEY, number, *(f"{of_days(need)} as {need.part.name}" for need in group.needs)]
    chosen = _chosen(table, group)
    body = f"""select
    {lines(selected)}
from {source}{"" if source == "days" else " as days"}
{join_periods(table, cadences, None)}{"" if chosen is None else chr(10) + "where " + chosen}
group by 1, 2"""
    return cte(group.name, "Days to every period.", body)


def _rolled_up_over(table: PartsTable, group: Group) -> str:
    assert group.span is not None
    source, chosen = day_rows(group.rows, group.beside), _chosen(table, group)
    if group.span.kind in ("at_end", "at_start"):
        columns = [f"{need.part.day_name} as {need.part.name}" for need in group.needs]
        body = on_one_day(table, source, group.span, group.cadences, columns, chosen)
        return cte(group.name, f"Every slice on one day: {group.span.reason}.", body)
    columns = [f"{_taken(need, group.span)} as {need.part.name}" for need in group.needs]
    first = read_from(table, group.needs) if table.incremental else None
    body = over_span(table, source, group.span, group.cadences, columns, first, chosen)
    return cte(group.name, f"Every slice's days up to each: {group.span.reason}.", body)


def _chosen(table: PartsTable, group: Group) -> str | None:
    """The condition of the group's slices, where its days are of others too."""
    if group.rows == OWN and group.span is None:
        return None
    found = table.slices if group.rows == OWN else slices_of(group.beside)
    return only_slices(group.slices, found, table.slices)


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
    {lines([_KEY, "slice_no", *counts])}
from {source} as days
{join_periods(table, group.cadences, None)}
group by 1, 2"""
    return cte(group.name, "Days that are the first of their period, added up.", body)


def day_periods_step(table: PartsTable, groups: Sequence[Group]) -> list[str]:
    """The step `day_periods`, where medians need it: one row per day, the periods that it is in."""
    together = [cadences for group in groups for cadences in _passes(table, group)]
    wanted = {cadence for cadences in together if len(cadences) > 1 for cadence in cadences}
    if not wanted:
        return []
    labels = [
        f"max(period_no) filter (where cadence = {quoted(c)}) as {c}"
        for c in table.cadences
        if c in wanted
    ]
    body = f"""select
    {lines(["date as day", *labels])}
from days_in_periods
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
    period = f"coalesce({', '.join(periods)})"
    selected = [f"{period} as period_no"]
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
    selected = [_KEY, *slice_columns(slices, dimensions_of(table, needs))]
    selected += [f"{need.part.sql} as {need.part.name}" for need in needs]
    return f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
{join_periods(table, (cadence,), group.span)}
{group_by(slices, (_KEY,))}"""


def _counted_by_entity(table: PartsTable, group: Group, cadence: str, needs: Sequence[Need]) -> str:
    (need,) = needs
    part, dimensions = need.part, dimensions_of(table, needs)
    keys = (_KEY, f"days.{part.per}")
    selected = [_KEY, *slice_columns(need.slices, dimensions), f"{part.inner} as measured"]
    inner = f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
{join_periods(table, (cadence,), group.span)}
{group_by(need.slices, keys)}""".replace("\n", "\n    ")
    columns = ("period_no", "slice", "slice_value", *dimensions)
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
