"""Parts on the calendar, in SQL: every period and slice has a row, and 0 is told from nothing."""

from collections.abc import Sequence

from kpi_specs.compiler.groups import Group
from kpi_specs.compiler.increment_sql import END, IF_THERE
from kpi_specs.compiler.plan import Need, PartsTable
from kpi_specs.compiler.slices_sql import dimensions_json
from kpi_specs.language.metrics.parts import ROWS
from kpi_specs.language.slices import slice_name
from kpi_specs.sql import PERIOD, cte, lines, quoted


def slices_step(table: PartsTable, groups: Sequence[Group]) -> str:
    """A balance may be carried from before the calendar's first day, in a slice of that time."""
    found = [
        f"select slice_no from {group.name}"
        for group in groups
        if group.way != "other" and (group.name == "rolled_up" or group.span is not None)
    ]
    union = "\n    union\n    ".join(found)
    body = f"""select *
from slice_names
where slice_no = 0
    or slice_no in (
    {union}
)"""
    if table.incremental:
        body = f"""{IF_THERE}
select *, (slice, slice_value) not in (select (slice, slice_value) from {{{{ this }}}}) as is_new
from (
{END}
{body}
{IF_THERE}
    or (slice, slice_value) in (select (slice, slice_value) from {{{{ this }}}})
)
{END}"""
    return cte("slices", "Every slice ever seen; the total even where there is no row.", body)


def on_the_calendar(table: PartsTable, groups: Sequence[Group]) -> str:
    """The final select: all groups beside each other, on all periods and slices."""
    sliced = bool(table.dimensions)
    columns = {need.part.name: _filled(table, g, need) for g in groups for need in g.needs}
    selected = [
        *(f"periods.{column}" for column in PERIOD),
        "slices.slice" if sliced else "'total' as slice",
        "slices.slice_value" if sliced else "'total' as slice_value",
        "slices.dimensions" if sliced else f"{dimensions_json(table.slices)} as dimensions",
        *(f"slices.{d}" for d in table.dimensions),
        *(columns[need.part.name] for need in table.needs),
    ]
    spine = "periods\ncross join slices" if sliced else "periods"
    joins = "".join(f"\n{_join_part(group, sliced=sliced)}" for group in groups)
    note = "-- On the calendar. No rows behind a sum or count: 0; behind the rest: NULL.\n"
    return f"{note}select\n    {lines(selected)}\nfrom {spine}{joins}\n{_changed(table)}"


def _changed(table: PartsTable) -> str:
    """Of an increment: periods from the change on, and all of a slice that is new."""
    if not table.incremental:
        return ""
    condition = "where periods.has_changed"
    if table.dimensions:
        condition += "\n    or slices.is_new"
    return f"{IF_THERE}\n{condition}\n{END}\n"


def _join_part(group: Group, *, sliced: bool) -> str:
    name = group.name
    on = [f"{name}.period_no = periods.period_no"]
    if sliced:
        keys = ("slice", "slice_value") if group.way == "other" else ("slice_no",)
        on += [f"{name}.{key} = slices.{key}" for key in keys]
    return f"left join {name}\n    on " + "\n    and ".join(on)


def _filled(table: PartsTable, group: Group, need: Need) -> str:
    """0 where it was aggregated and nothing found; NULL in cadences and slices without it."""
    name, part = need.part.name, need.part
    if name == ROWS:
        return "cast(coalesce(rolled_up.row_count, 0) as bigint) as row_count"
    filled = name
    if part.zero and part.whole:
        # NULL is a sum that is not known; only where no row lies behind it is it an honest 0.
        missing = f"{group.name}.period_no is null"
        filled = f"case\n        when {missing} then 0\n        else {name}\n    end"
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
