"""The SQL of a dataset's shared parts: read once to days, rolled up to all periods and slices.

Sums and counts go from rows to days to periods. Distinct counts cannot: they are counted on the
rows that differ, cadence by cadence (one pass over all cadences is three times slower in DuckDB),
and only in the slices that a KPI needs them in. The result stands on the calendar without gaps.
"""

from collections.abc import Sequence

from kpi_specs.compiler.fact_sql import dimension_column, fact
from kpi_specs.compiler.plan import ROWS, Need, PartsTable, used_dimensions
from kpi_specs.compiler.slices_sql import cleaned, group_by, group_column, slice_columns
from kpi_specs.compiler.sql import (
    CLOCK,
    PERIOD,
    cte,
    dimensions_json,
    header,
    lines,
    quoted,
    with_ctes,
)
from kpi_specs.language.slices import slice_name

_KEYS = ("periods.cadence", "periods.period")


def parts_model(table: PartsTable) -> str:
    """The dbt model of a parts table; one row per cadence, period and slice, none missing."""
    rolled = [need for need in table.needs if need.part.rollup is not None]
    counted = {
        "distinct": [n for n in table.needs if n.part.distinct],
        "other": [n for n in table.needs if n.part.rollup is None and not n.part.distinct],
    }
    steps = [_days(table, rolled), _rolled_up(table, rolled)]
    joined = ["rolled_up"]
    for kind, needs in counted.items():
        if needs:
            steps += [_rows(table, kind, needs), _counted(table, kind, needs)]
            joined.append(f"{kind}_parts")
    steps += [_periods(table), *([_slices(table)] if table.dimensions else [])]
    title = (
        f"Shared parts of {table.dataset.dataset} ({table.calendar}): every sum, count and "
        "distinct that its KPIs need.\n-- One row per cadence, period and slice, none missing."
    )
    return header(title, "kpi_specs") + with_ctes(steps) + _final(table, joined)


def _days(table: PartsTable, needs: Sequence[Need]) -> str:
    time = table.dataset.time
    columns = {d: dimension_column(table.dataset, d) for d in table.dimensions}
    selected = [f"{time} as day", *(f"{c} as {group_column(d)}" for d, c in columns.items())]
    selected += [f"{need.part.sql} as {need.part.name}" for need in needs]
    body = f"""select
    {lines(selected)}
from {fact(table.dataset, table.dimensions)}
where {time} <= {CLOCK}
group by {", ".join(str(n + 1) for n in range(1 + len(table.dimensions)))}"""
    return cte("days", f"{table.dataset.row}: to days; after the clock nothing is seen.", body)


def _rolled_up(table: PartsTable, needs: Sequence[Need]) -> str:
    selected = [*_KEYS, *slice_columns(table.slices, table.dimensions)]
    selected += [f"{_rollup(need)} as {need.part.name}" for need in needs]
    rows = "days"
    if table.dimensions:
        texts = ", ".join(
            f"{cleaned(group_column(d))} as {group_column(d)}" for d in table.dimensions
        )
        rows = f"(select * replace ({texts}) from days) as days"
    body = f"""select
    {lines(selected)}
from {rows}
{_join_periods(table, table.cadences)}
{group_by(table.slices, _KEYS)}"""
    return cte("rolled_up", "Days to every period and slice.", body)


def _rollup(need: Need) -> str:
    name = need.part.name
    total = f"{need.part.rollup}(days.{name})"
    if not need.part.whole:
        return total
    # A day whose sum is not known leaves the period's unknown: sum() would pass over it.
    return f"case when count(*) = count(days.{name}) then {total} end"


def _rows(table: PartsTable, kind: str, needs: Sequence[Need]) -> str:
    time = table.dataset.time
    dimensions = _dimensions(table, needs)
    columns = dict.fromkeys(c for need in needs for c in need.part.columns)
    selected = [f"{time} as day"]
    selected += [
        f"{cleaned(dimension_column(table.dataset, d))} as {group_column(d)}" for d in dimensions
    ]
    selected += columns
    word, reason = "select", "What cannot be rolled up."
    if kind == "distinct":
        word, reason = "select distinct", "Rows that differ in what is counted."
    body = f"""{word}
    {lines(selected)}
from {fact(table.dataset, dimensions)}
where {time} <= {CLOCK}"""
    return cte(f"{kind}_rows", reason, body)


def _counted(table: PartsTable, kind: str, needs: Sequence[Need]) -> str:
    selects = []
    for cadence in table.cadences:
        wanted = [need for need in needs if cadence in need.cadences]
        if not wanted:
            continue
        slices = tuple(dict.fromkeys(one for need in wanted for one in need.slices))
        selected = [*_KEYS, *slice_columns(slices, _dimensions(table, wanted))]
        selected += [f"{need.part.sql} as {need.part.name}" for need in wanted]
        selects.append(
            f"""select
    {lines(selected)}
from {kind}_rows as days
{_join_periods(table, (cadence,))}
{group_by(slices, _KEYS)}"""
        )
    body = "\n\nunion all by name\n\n".join(selects)
    return cte(f"{kind}_parts", "Counted anew for each cadence.", body)


def _dimensions(table: PartsTable, needs: Sequence[Need]) -> tuple[str, ...]:
    return used_dimensions(table.dataset, [one for need in needs for one in need.slices])


def _periods(table: PartsTable) -> str:
    cadences = ", ".join(quoted(c) for c in table.cadences)
    body = f"""select {", ".join(PERIOD)}
from {{{{ source('calendar', 'dim_period') }}}}
where calendar = '{table.calendar}'
    and cadence in ({cadences})
    and period_end >= coalesce((select min(day) from days), period_end)
    and period_start <= {CLOCK}"""
    return cte("periods", "Every period from the first data to the clock, none missing.", body)


def _slices(table: PartsTable) -> str:
    nulls = "".join(f", null as {d}" for d in table.dimensions)
    columns = ", ".join(("slice", "slice_value", *table.dimensions))
    body = (
        f"select 'total' as slice, 'total' as slice_value{nulls}\n"
        f"union\nselect {columns} from rolled_up"
    )
    return cte("slices", "Every slice ever seen; the total even where there is no row.", body)


def _final(table: PartsTable, joined: Sequence[str]) -> str:
    sliced = bool(table.dimensions)
    selected = [
        *(f"periods.{column}" for column in PERIOD),
        "slices.slice" if sliced else "'total' as slice",
        "slices.slice_value" if sliced else "'total' as slice_value",
        f"{dimensions_json(table.slices, 'slices.')} as dimensions",
        *(f"slices.{d}" for d in table.dimensions),
        *(_filled(table, need) for need in table.needs),
    ]
    spine = "periods\ncross join slices" if sliced else "periods"
    joins = "".join(f"\n{_join_part(name, sliced=sliced)}" for name in joined)
    note = "-- On the calendar. No rows behind a sum or count: 0; behind the rest: NULL.\n"
    return f"{note}select\n    {lines(selected)}\nfrom {spine}{joins}\n"


def _join_part(name: str, *, sliced: bool) -> str:
    on = [f"{name}.{key} = periods.{key}" for key in ("cadence", "period")]
    if sliced:
        on += [f"{name}.{key} = slices.{key}" for key in ("slice", "slice_value")]
    return f"left join {name}\n    on " + "\n    and ".join(on)


def _filled(table: PartsTable, need: Need) -> str:
    name = need.part.name
    if name == ROWS:
        return "cast(coalesce(rolled_up.row_count, 0) as bigint) as row_count"
    if need.part.whole:
        # NULL is a sum that is not known; only where no row lies behind it is it an honest 0.
        return f"case when rolled_up.row_count is null then 0 else {name} end as {name}"
    if need.part.rollup == "sum":
        return f"coalesce({name}, 0) as {name}"
    if need.part.distinct:
        return f"{_where_counted(table, need)} as {name}"
    return name


def _where_counted(table: PartsTable, need: Need) -> str:
    """0 where it was counted and nothing found; NULL in cadences and slices without a count."""
    name, tests = need.part.name, []
    if set(need.cadences) != set(table.cadences):
        tests.append(f"periods.cadence in ({', '.join(quoted(c) for c in need.cadences)})")
    if set(need.slices) != set(table.slices):
        names = ", ".join(quoted(slice_name(one)) for one in need.slices)
        tests.append(f"slices.slice in ({names})")
    filled = f"coalesce({name}, 0)"
    return f"case when {' and '.join(tests)} then {filled} end" if tests else filled


def _join_periods(table: PartsTable, cadences: Sequence[str]) -> str:
    return f"""inner join {{{{ source('calendar', 'period_days') }}}} as periods
    on periods.date = days.day
    and periods.calendar = '{table.calendar}'
    and periods.cadence in ({", ".join(quoted(c) for c in cadences)})"""
