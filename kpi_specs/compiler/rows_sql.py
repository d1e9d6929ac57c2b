"""What parts are made of, in SQL: the rows that a model gives, and days made of them.

A model is read once to days for all that adds up, and once for each other way of aggregation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kpi_specs.compiler.distinct_sql import (
    all_by_day,
    by_entity,
    first_days,
)
from kpi_specs.compiler.fact_sql import dimension_column, fact
from kpi_specs.compiler.groups import OWN, Group, dimensions_of, slices_of
from kpi_specs.compiler.increment_sql import kept_name, kept_prefix, read_from, summed_up_to
from kpi_specs.compiler.plan import Need, PartsTable, used_dimensions
from kpi_specs.compiler.slices_sql import (
    cleaned,
    group_by_number,
    group_column,
    numbered_rows,
    numbers_step,
    slice_number,
)
from kpi_specs.language.metrics.parts import Fact, Rows
from kpi_specs.mart_columns import in_sql
from kpi_specs.sql import cte, lines


def row_steps(table: PartsTable, groups: Sequence[Group]) -> Iterable[str]:
    """What is read from the model, and what is made of it."""
    by_rows: dict[Rows, dict[str, list[Group]]] = {}
    for group in groups:
        by_rows.setdefault(group.rows, {}).setdefault(group.way, []).append(group)
    for rows, readings in by_rows.items():
        if rows != OWN:
            yield cte(rows.name, rows.reason, rows.sql(fact_of(table, _all_needs(readings))))
        for reading, members in readings.items():
            asked = [need for group in members for need in group.needs]
            if reading == "days":
                yield _days(table, rows, asked)
                if rows == OWN and table.dimensions:
                    every_day = kept_name(table, "by_day") if table.incremental else "days"
                    yield numbers_step(table.slices, table.dimensions, every_day)
            elif rows == OWN:
                yield _rows(table, reading, asked)
            yield from _by_day(table, rows, reading, members)


def _by_day(table: PartsTable, rows: Rows, reading: str, members: Sequence[Group]) -> Iterable[str]:
    """What distinct counts are made of, and sums and counts, by day and slice."""
    if reading == "distinct":
        source, needs = f"{reading}_rows", [need for group in members for need in group.needs]
        source = source if rows == OWN else rows.name
        if dimensions_of(table, needs):
            yield _numbered(table, source, needs)
            source = f"{source}__numbered"
        steps = by_entity(needs, rows.name)
        for name, same in steps.items():
            yield from first_days(table, name, source, same)
        if len(steps) > 1:
            yield all_by_day(distinct_source(needs, rows), tuple(steps))
    if reading == "days":
        needs = [need for group in members for need in group.needs]
        if day_rows(rows, needs) != days_name(rows):
            yield _days_by_slice(table, rows, needs)


def _numbered(table: PartsTable, rows: str, needs: Sequence[Need]) -> str:
    slices, dimensions = slices_of(needs), dimensions_of(table, needs)
    groups = ", ".join(group_column(d) for d in dimensions)
    body = f"""select * exclude ({groups})
from {numbered_rows(rows, slices, table.slices, dimensions, cleaned=rows == "distinct_rows")}"""
    body = _marked(table, body, needs)
    return cte(f"{rows}__numbered", "The slices of every row, by their numbers.", body)


def _marked(table: PartsTable, rows: str, needs: Sequence[Need]) -> str:
    """The query `rows` with the columns that parts take from other rows."""
    for mark in dict.fromkeys(need.part.mark for need in needs if need.part.mark is not None):
        rows = mark.on(rows, fact_of(table, needs))
    return rows


def _all_needs(readings: dict[str, list[Group]]) -> list[Need]:
    return [need for members in readings.values() for group in members for need in group.needs]


def _once(needs: Iterable[Need]) -> list[Need]:
    """One need per aggregate: the same part over several spans is read once, for all slices."""
    found: dict[str, Need] = {}
    for need in needs:
        name = need.part.day_name
        known = found.get(name, need)
        slices = tuple(dict.fromkeys((*known.slices, *need.slices)))
        found[name] = replace(known, slices=slices)
    return list(found.values())


def fact_of(table: PartsTable, needs: Sequence[Need], sliced: Sequence[Need] | None = None) -> Fact:
    """What is read for `needs`; with the dimensions of `sliced`, where they are more."""
    dimensions = dimensions_of(table, needs if sliced is None else sliced)
    return Fact(
        fact(table.dataset, dimensions, table.columns),
        table.day,
        in_sql(table.dataset.time),
        tuple(map(in_sql, table.dataset.key)),
        tuple(f"{dimension_column(table.dataset, d)} as {group_column(d)}" for d in dimensions),
        tuple(group_column(d) for d in dimensions),
        read_from(table, needs) if table.incremental else None,
        kept_prefix(table) if table.incremental else None,
    )


def days_of(table: PartsTable, needs: Sequence[Need], condition: str) -> str:
    """A query: what adds up of the dataset's own rows, by day and dimensions.

    Args:
        table: The parts table, with all of its dimensions.
        needs: The parts; over whichever days they are needed, each is read once.
        condition: More that a row has to fulfil besides that the clock has passed it; ` and ...`.
    """
    read = fact_of(table, needs, table.needs)
    aggregates = [f"{need.part.sql} as {need.part.day_name}" for need in _once(needs)]
    return f"""select
    {lines([f"{read.time} as day", *read.dimensions, *aggregates])}
from {read.source}
where {read.seen}{condition}
group by {_first_columns(1 + len(read.groups))}"""


def _days(table: PartsTable, rows: Rows, needs: Sequence[Need]) -> str:
    read = fact_of(table, needs)
    if rows == OWN:
        reason = f"{table.dataset.row}: to days; after the clock nothing is seen."
        body = days_of(table, needs, "")
        if table.incremental:
            since = "" if read.read_from is None else f"\nwhere day >= {read.read_from}"
            body = f"select *\nfrom {kept_name(table, 'by_day')}{since}"
        return cte("days", reason, body, kept=table.incremental)
    aggregates = [f"{need.part.sql} as {need.part.day_name}" for need in _once(needs)]
    body = f"""select
    {lines(["day", *read.groups, *aggregates])}
from {rows.name}
group by {_first_columns(1 + len(read.groups))}"""
    return cte(days_name(rows), "To days.", body)


def _first_columns(count: int) -> str:
    return ", ".join(str(n + 1) for n in range(count))


def _rows(table: PartsTable, reading: str, needs: Sequence[Need]) -> str:
    read = fact_of(table, needs)
    counted = {n.part.day_name: f"{n.part.value} as {n.part.day_name}" for n in needs}
    word, reason, columns = "select", "Values that cannot be rolled up.", list(counted.values())
    if reading == "distinct":
        word, reason = "select distinct", "Rows that differ in what is counted."
        columns = list(dict.fromkeys(in_sql(c) for need in needs for c in need.part.columns))
    selected = [
        f"{read.time} as day",
        *(
            f"{cleaned(dimension_column(table.dataset, d))} as {group_column(d)}"
            for d in dimensions_of(table, needs)
        ),
        *columns,
    ]
    body = f"""{word}
    {lines(selected)}
from {read.source}
where {read.needed}"""
    if not dimensions_of(table, needs):
        body = _marked(table, body, needs)
    return cte(f"{reading}_rows", reason, body)


def _days_by_slice(table: PartsTable, rows: Rows, asked: Sequence[Need]) -> str:
    needs = _once(asked)
    slices = table.slices if rows == OWN else slices_of(needs)
    dimensions = used_dimensions(table.dataset, slices)
    name = source = days_name(rows)
    reason = "Days of every slice."
    summed = summed_up_to(table, asked) if table.incremental else None
    if summed is not None:
        first, last = summed
        source = f"""(
    select * replace (greatest(day, {last}) as day)
    from {name}
    where day >= least({first}, {last} + 1)
)"""
        reason = "Days of every slice; one of all that only sums to date take."
    selected = ["day", slice_number(slices, table.slices)]
    selected += [f"{of_days(need)} as {need.part.day_name}" for need in needs]
    body = f"""select
    {lines(selected)}
from {numbered_rows(source, slices, table.slices, dimensions)}
{group_by_number(slices, table.slices, ("day",))}"""
    return cte(day_rows(rows, asked), reason, body)


def days_name(rows: Rows) -> str:
    """The step that holds the days of some rows."""
    return "days" if rows == OWN else f"{rows.name}__days"


def day_rows(rows: Rows, needs: Sequence[Need]) -> str:
    """The step that holds days of every slice: that of the days itself where they have none.

    Args:
        rows: What the days are made of.
        needs: All that is added up from them.
    """
    by_slice = any(need.part.span or any(need.slices) for need in needs)
    return f"{days_name(rows)}_by_slice" if by_slice else days_name(rows)


def distinct_source(needs: Sequence[Need], rows: Rows) -> str:
    """The step that holds what distinct counts of some rows are made of."""
    steps = by_entity(needs, rows.name)
    return next(iter(steps)) if len(steps) == 1 else f"{rows.name}__distinct_by_day"


def of_days(need: Need) -> str:
    """The aggregate that makes a longer period or a coarser slice of `days`."""
    column = f"days.{need.part.day_name}"
    total = f"{need.part.rollup}({column})"
    if not need.part.whole:
        return total
    # A day whose sum is not known leaves the period's unknown: sum() would pass over it.
    return f"case when count(*) = count({column})\n        then {total} end"
