"""The SQL of a dataset's shared parts: read once to days, rolled up to all periods and slices.

Sums and counts go from rows to days to periods. Distinct counts and medians cannot: they are
counted on the rows, cadence by cadence (one pass over all cadences is three times slower in
DuckDB), and only in the slices that a KPI needs them in. The result has no gaps in the calendar.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kpi_specs.compiler.distinct_sql import (
    all_by_day,
    by_entity,
    first_days,
    of_period,
    of_span,
    starts_step,
)
from kpi_specs.compiler.fact_sql import dimension_column, fact
from kpi_specs.compiler.increment_sql import END, IF_THERE, increment_of, read_from, since
from kpi_specs.compiler.plan import Need, PartsTable, used_dimensions
from kpi_specs.compiler.slices_sql import (
    cleaned,
    dimensions_json,
    group_by,
    group_column,
    slice_columns,
)
from kpi_specs.compiler.spans_sql import join_periods, over_span, period_steps, taken
from kpi_specs.language.metrics.parts import ROWS, Fact, Rows, Span
from kpi_specs.language.slices import Slice, slice_name
from kpi_specs.mart_columns import in_sql
from kpi_specs.sql import PERIOD, cte, header, lines, quoted, with_ctes

_KEYS = ("periods.cadence", "periods.period")
_OWN = Rows()


@dataclass(frozen=True)
class Group:
    """Parts that one step computes: the same rows, the same days, aggregated in the same way.

    `beside` are its own needs and those of the same rows and way over other days. What is per
    entity is a group of one part.
    """

    name: str
    needs: tuple[Need, ...]
    beside: tuple[Need, ...]

    @property
    def rows(self) -> Rows:
        """The rows aggregated."""
        return self.needs[0].part.rows

    @property
    def span(self) -> Span | None:
        """The days taken."""
        return self.needs[0].part.span

    @property
    def way(self) -> str:
        """How its parts are aggregated."""
        return self.needs[0].part.way

    @property
    def cadences(self) -> tuple[str, ...]:
        """Every cadence that one of the parts is needed in."""
        return tuple(dict.fromkeys(c for need in self.needs for c in need.cadences))

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Every slice that one of the parts is needed in."""
        return tuple(dict.fromkeys(s for need in self.needs for s in need.slices))


def parts_model(table: PartsTable) -> str:
    """The dbt model of a parts table; one row per cadence, period and slice, none missing."""
    groups = _groups(table)
    counted = [need for group in groups if group.way == "distinct" for need in group.needs]
    steps = starts_step(table, counted)
    steps += _row_steps(table, groups)
    steps += period_steps(table, [group.span for group in groups])
    steps += [_aggregated(table, group) for group in groups]
    steps += [_slices(table, groups)] if table.dimensions else []
    title = (
        f"Shared parts of {table.rests_on} ({table.calendar}): every sum, count and "
        "distinct that its KPIs need.\n-- One row per cadence, period and slice, none missing."
    )
    select = with_ctes(steps) + _final(table, groups)
    if not table.incremental:
        return header(title, "kpi_specs") + select
    return header(title, "kpi_specs", increment_of(table, select).config) + select


def _groups(table: PartsTable) -> list[Group]:
    found: dict[tuple[Rows, str, Span | None, str | None], list[Need]] = {}
    beside: dict[tuple[Rows, str], list[Need]] = {}
    for need in table.needs:
        part = need.part
        alone = part.name if part.per else None
        found.setdefault((part.rows, part.way, part.span, alone), []).append(need)
    for (rows, way, *_), needs in found.items():
        beside.setdefault((rows, way), []).extend(needs)
    groups = []
    for (rows, way, span, alone), needs in found.items():
        name = "rolled_up" if way == "days" else f"{alone or way}_parts"
        if not alone:
            name = name if rows == _OWN else f"{rows.name}__{name}"
            name = name if span is None else f"{name}_{span.name}"
        groups.append(Group(name, tuple(needs), tuple(beside[rows, way])))
    # The dataset's own rows first: they say which slices there are.
    return sorted(groups, key=lambda group: group.name != "rolled_up")


# -- rows -----------------------------------------------------------------------------------------


def _row_steps(table: PartsTable, groups: Sequence[Group]) -> Iterable[str]:
    """What is read from the model, and what is made of it."""
    by_rows: dict[Rows, dict[str, list[Group]]] = {}
    for group in groups:
        by_rows.setdefault(group.rows, {}).setdefault(group.way, []).append(group)
    for rows, readings in by_rows.items():
        if rows != _OWN:
            yield cte(rows.name, rows.reason, rows.sql(_fact(table, _all_needs(readings))))
        for reading, members in readings.items():
            asked = [need for group in members for need in group.needs]
            if reading == "days":
                yield _days(table, rows, asked)
            elif rows == _OWN:
                yield _rows(table, reading, asked)
            yield from _by_day(table, rows, reading, members)


def _by_day(table: PartsTable, rows: Rows, reading: str, members: Sequence[Group]) -> Iterable[str]:
    """Days by slice, where distinct counts or spans are made of them."""
    if reading == "distinct":
        source, needs = f"{reading}_rows", [need for group in members for need in group.needs]
        if rows != _OWN:
            source, dimensions = rows.name, _dimensions(table, needs)
            if dimensions:
                source = f"{rows.name}__named"
                yield _named(rows, dimensions)
        steps = by_entity(needs, rows.name)
        for name, same in steps.items():
            yield first_days(table, name, source, same)
        if len(steps) > 1:
            slices = ("slice", "slice_value", *_dimensions(table, needs))
            yield all_by_day(_distinct_source(needs, rows), steps, slices)
    if reading == "days" and any(group.span for group in members):
        spanned = _once(need for group in members if group.span for need in group.needs)
        yield _days_by_slice(table, rows, spanned)


def _named(rows: Rows, dimensions: Sequence[str]) -> str:
    body = f"select *\nfrom {_cleaned_rows(rows.name, dimensions)}".removesuffix(" as days")
    return cte(f"{rows.name}__named", "With the names that slices have.", body)


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


def _fact(table: PartsTable, needs: Sequence[Need], sliced: Sequence[Need] | None = None) -> Fact:
    """What is read for `needs`; with the dimensions of `sliced`, where they are more."""
    dimensions = _dimensions(table, needs if sliced is None else sliced)
    return Fact(
        fact(table.dataset, dimensions, table.columns),
        table.day,
        in_sql(table.dataset.time),
        tuple(map(in_sql, table.dataset.key)),
        tuple(f"{dimension_column(table.dataset, d)} as {group_column(d)}" for d in dimensions),
        tuple(group_column(d) for d in dimensions),
        read_from(table, needs) if table.incremental else None,
    )


def _days(table: PartsTable, rows: Rows, needs: Sequence[Need]) -> str:
    aggregates = [f"{need.part.sql} as {need.part.day_name}" for need in _once(needs)]
    if rows == _OWN:
        read = _fact(table, needs, table.needs)
        selected = [f"{read.time} as day", *read.dimensions, *aggregates]
        source = f"{read.source}\nwhere {read.needed}"
        name, reason = "days", f"{table.dataset.row}: to days; after the clock nothing is seen."
    else:
        read = _fact(table, needs)
        selected = ["day", *read.groups, *aggregates]
        source, name, reason = rows.name, _days_name(rows), "To days."
    body = f"""select
    {lines(selected)}
from {source}
group by {", ".join(str(n + 1) for n in range(1 + len(read.groups)))}"""
    return cte(name, reason, body)


def _rows(table: PartsTable, reading: str, needs: Sequence[Need]) -> str:
    read = _fact(table, needs)
    columns = dict.fromkeys(in_sql(c) for need in needs for c in need.part.columns)
    selected = [
        f"{read.time} as day",
        *(
            f"{cleaned(dimension_column(table.dataset, d))} as {group_column(d)}"
            for d in _dimensions(table, needs)
        ),
        *columns,
    ]
    word, reason = "select", "What cannot be rolled up."
    if reading == "distinct":
        word, reason = "select distinct", "Rows that differ in what is counted."
    body = f"""{word}
    {lines(selected)}
from {read.source}
where {read.needed}"""
    return cte(f"{reading}_rows", reason, body)


# -- periods and slices ---------------------------------------------------------------------------


def _aggregated(table: PartsTable, group: Group) -> str:
    if group.way == "days":
        return _rolled_up(table, group) if group.span is None else _rolled_up_over(table, group)
    return _distinct(table, group) if group.way == "distinct" else _counted(table, group)


def _days_by_slice(table: PartsTable, rows: Rows, needs: Sequence[Need]) -> str:
    slices = tuple(dict.fromkeys(one for need in needs for one in need.slices))
    dimensions = _dimensions(table, needs)
    name = _days_name(rows)
    selected = ["day", *slice_columns(slices, dimensions)]
    selected += [f"{_rollup(need)} as {need.part.day_name}" for need in needs]
    body = f"""select
    {lines(selected)}
from {_cleaned_rows(name, dimensions)}
{group_by(slices, ("day",))}"""
    return cte(f"{name}_by_slice", "Days of every slice.", body)


def _days_name(rows: Rows) -> str:
    return "days" if rows == _OWN else f"{rows.name}__days"


def _rolled_up_over(table: PartsTable, group: Group) -> str:
    assert group.span is not None
    source = f"{_days_name(group.rows)}_by_slice"
    columns = [f"{_taken(need, group.span)} as {need.part.name}" for need in group.needs]
    slices = ("slice", "slice_value", *_step_dimensions(table, group))
    body = over_span(table, source, group.span, group.cadences, columns, slices)
    return cte(group.name, f"Every slice's days up to each: {group.span.reason}.", body)


def _taken(need: Need, span: Span) -> str:
    column, frame = f"by_day.{need.part.day_name}", taken(span)
    total = f"{need.part.rollup}({column}) over {frame}"
    if not need.part.whole:
        return total
    known = f"count(by_day.day) over {frame} = count({column}) over {frame}"
    return f"case when {known}\n            then {total} end"


def _distinct(table: PartsTable, group: Group) -> str:
    slices = ("slice", "slice_value", *_step_dimensions(table, group))
    source = _distinct_source(group.beside, group.rows)
    if group.span is not None:
        counts = [f"{of_span(n.part.day_name, group.span)} as {n.part.name}" for n in group.needs]
        body = over_span(table, source, group.span, group.cadences, counts, slices)
        return cte(group.name, f"Every slice's days up to each: {group.span.reason}.", body)
    counts = [f"{of_period(n.part.name, n.cadences)} as {n.part.name}" for n in group.needs]
    body = f"""select
    {lines([*_KEYS, *slices, *counts])}
from {source} as days
{join_periods(table, group.cadences, None)}
group by {", ".join([*_KEYS, *slices])}"""
    return cte(group.name, "Days that are the first of their period, added up.", body)


def _step_dimensions(table: PartsTable, group: Group) -> tuple[str, ...]:
    """Dimensions of a group's step: all that is made of the same days has the same slices."""
    needs: Sequence[Need] = group.needs
    if group.way == "distinct":
        needs = group.beside
    elif group.way == "days" and group.span is not None:
        needs = [need for need in group.beside if need.part.span]
    return _dimensions(table, needs)


def _distinct_source(needs: Sequence[Need], rows: Rows) -> str:
    steps = by_entity(needs, rows.name)
    return next(iter(steps)) if len(steps) == 1 else f"{rows.name}__distinct_by_day"


def _rolled_up(table: PartsTable, group: Group) -> str:
    cadences, slices = group.cadences, group.slices
    if group.rows == _OWN:
        cadences, slices = table.cadences, table.slices
    used = used_dimensions(table.dataset, slices)
    selected = [*_KEYS, *slice_columns(slices, used)]
    selected += [f"{_rollup(need)} as {need.part.name}" for need in group.needs]
    body = f"""select
    {lines(selected)}
from {_cleaned_rows(_days_name(group.rows), used)}
{join_periods(table, cadences, None)}
{group_by(slices, _KEYS)}"""
    return cte(group.name, "Days to every period and slice.", body)


def _cleaned_rows(rows: str, dimensions: Sequence[str]) -> str:
    if not dimensions:
        return rows if rows == "days" else f"{rows} as days"
    texts = [f"{cleaned(group_column(d))} as {group_column(d)}" for d in dimensions]
    return f"""(
    select * replace (
        {lines(texts, "        ")}
    )
    from {rows}
) as days"""


def _rollup(need: Need) -> str:
    column = f"days.{need.part.day_name}"
    total = f"{need.part.rollup}({column})"
    if not need.part.whole:
        return total
    # A day whose sum is not known leaves the period's unknown: sum() would pass over it.
    return f"case when count(*) = count({column})\n        then {total} end"


def _counted(table: PartsTable, group: Group) -> str:
    selects = []
    for cadence in table.cadences:
        wanted = [need for need in group.needs if cadence in need.cadences]
        if wanted:
            counted = _counted_by_entity if wanted[0].part.per else _counted_directly
            selects.append(counted(table, group, cadence, wanted))
    body = "\n\nunion all by name\n\n".join(selects)
    days = "" if group.span is None else f" in {group.span.reason}"
    per = _entity(group)
    what = f"Per {per}, then over all of them" if per else "Counted on the rows"
    return cte(group.name, f"{what}, anew for each cadence{days}.", body)


def _entity(group: Group) -> str | None:
    """The entity that each value is of before they are counted."""
    return group.needs[0].part.per


def _counted_directly(table: PartsTable, group: Group, cadence: str, needs: Sequence[Need]) -> str:
    slices = tuple(dict.fromkeys(one for need in needs for one in need.slices))
    selected = [*_KEYS, *slice_columns(slices, _dimensions(table, needs))]
    selected += [f"{need.part.sql} as {need.part.name}" for need in needs]
    return f"""select
    {lines(selected)}
from {_counted_rows(table, group, needs)}
{join_periods(table, (cadence,), group.span)}
{group_by(slices, _KEYS)}"""


def _counted_by_entity(table: PartsTable, group: Group, cadence: str, needs: Sequence[Need]) -> str:
    (need,) = needs
    part, dimensions = need.part, _dimensions(table, needs)
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
    if group.rows != _OWN:
        return _cleaned_rows(group.rows.name, _dimensions(table, needs))
    return f"{group.way}_rows as days"


def _dimensions(table: PartsTable, needs: Sequence[Need]) -> tuple[str, ...]:
    return used_dimensions(table.dataset, [one for need in needs for one in need.slices])


# -- on the calendar ------------------------------------------------------------------------------


def _slices(table: PartsTable, groups: Sequence[Group]) -> str:
    """A balance may be carried from before the calendar's first day, in a slice of that time."""
    selects = ["select 'total' as slice, 'total' as slice_value"]
    for group in groups:
        if group.name == "rolled_up" or group.span is not None:
            used = _step_dimensions(table, group)
            used = table.dimensions if group.name == "rolled_up" else used
            columns = ", ".join(("slice", "slice_value", *used))
            selects.append(f"select {columns} from {group.name}")
    body = "\nunion by name\n".join(selects)
    if table.incremental:
        columns = ", ".join(("slice", "slice_value", *table.dimensions))
        body = f"""{IF_THERE}
select *, (slice, slice_value) not in (select (slice, slice_value) from {{{{ this }}}}) as is_new
from (
{END}
{body}
{IF_THERE}
union by name
select {columns} from {{{{ this }}}}
)
{END}"""
    return cte("slices", "Every slice ever seen; the total even where there is no row.", body)


def _final(table: PartsTable, groups: Sequence[Group]) -> str:
    sliced = bool(table.dimensions)
    columns = {need.part.name: _filled(table, g, need) for g in groups for need in g.needs}
    selected = [
        *(f"periods.{column}" for column in PERIOD),
        "slices.slice" if sliced else "'total' as slice",
        "slices.slice_value" if sliced else "'total' as slice_value",
        f"{dimensions_json(table.slices, 'slices.')} as dimensions",
        *(f"slices.{d}" for d in table.dimensions),
        *(columns[need.part.name] for need in table.needs),
    ]
    spine = "periods\ncross join slices" if sliced else "periods"
    joins = "".join(f"\n{_join_part(group.name, sliced=sliced)}" for group in groups)
    note = "-- On the calendar. No rows behind a sum or count: 0; behind the rest: NULL.\n"
    return f"{note}select\n    {lines(selected)}\nfrom {spine}{joins}\n{_changed(table)}"


def _changed(table: PartsTable) -> str:
    """Of an increment: periods from the change on, and all of a slice that is new."""
    if not table.incremental:
        return ""
    condition = f"where periods.period_end >= {since(table)}"
    if table.dimensions:
        condition += "\n    or slices.is_new"
    return f"{IF_THERE}\n{condition}\n{END}\n"


def _join_part(name: str, *, sliced: bool) -> str:
    on = [f"{name}.{key} = periods.{key}" for key in ("cadence", "period")]
    if sliced:
        on += [f"{name}.{key} = slices.{key}" for key in ("slice", "slice_value")]
    return f"left join {name}\n    on " + "\n    and ".join(on)


def _filled(table: PartsTable, group: Group, need: Need) -> str:
    """0 where it was aggregated and nothing found; NULL in cadences and slices without it."""
    name, part = need.part.name, need.part
    if name == ROWS:
        return "cast(coalesce(rolled_up.row_count, 0) as bigint) as row_count"
    filled = name
    if part.zero and part.whole:
        # NULL is a sum that is not known; only where no row lies behind it is it an honest 0.
        filled = (
            f"case\n        when {group.name}.period is null then 0\n        else {name}\n    end"
        )
    elif part.zero:
        filled = f"coalesce({name}, 0)"
    if part.known is not None:
        # None of its rows has what is counted: that is no count of 0.
        inner = filled.replace("\n", "\n        ")
        filled = (
            f"case\n        when {part.known.name} is distinct from false\n"
            f"            then {inner}\n    end"
        )
    tests = [] if group.name == "rolled_up" or not part.zero else _scope(table, need)
    if tests:
        inner = filled.replace("\n", "\n            ")
        when = "\n            and ".join(tests)
        filled = f"case\n        when {when}\n            then {inner}\n    end"
    return filled if filled == name else f"{filled} as {name}"


def _scope(table: PartsTable, need: Need) -> list[str]:
    tests = []
    if set(need.cadences) != set(table.cadences):
        tests.append(f"periods.cadence in ({', '.join(quoted(c) for c in need.cadences)})")
    if set(need.slices) != set(table.slices):
        names = ", ".join(quoted(slice_name(one)) for one in need.slices)
        tests.append(f"slices.slice in ({names})")
    return tests
