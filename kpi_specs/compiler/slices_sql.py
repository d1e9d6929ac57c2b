"""Slices in SQL: what groups, how a slice and its value are named.

Steps know a slice by its number: numbers are grouped, sorted and joined in a fraction of the time
that texts take. What is counted on the rows is grouped by texts: joining numbers to all rows costs
more than it saves.
"""

from collections.abc import Callable, Sequence

from kpi_specs.language.slices import Slice, slice_name
from kpi_specs.sql import cte, lines, quoted


def group_column(dimension: str) -> str:
    """The column that groups by a dimension; measures go on reading the dimension itself."""
    return f"by_{dimension}"


def cleaned(column: str) -> str:
    """The text that groups: no value and an empty text have a name of their own."""
    text = f"cast({column} as varchar)"  # a CASE, since DuckDB compares each different value once
    return f"case when {text} <> '' then {text} else '(none)' end"


def cleaned_rows(rows: str, dimensions: Sequence[str]) -> str:
    """A step of rows as `days`, with the texts that its dimensions group by."""
    if not dimensions:
        return rows if rows == "days" else f"{rows} as days"
    texts = [f"{cleaned(group_column(d))} as {group_column(d)}" for d in dimensions]
    return f"""(
    select * replace (
        {lines(texts, "        ")}
    )
    from {rows}
) as days"""


def slice_columns(slices: Sequence[Slice], dimensions: Sequence[str]) -> list[str]:
    """Select items `slice`, `slice_value` and one per dimension, for rows grouped by `slices`."""
    if not dimensions:
        return ["'total' as slice", "'total' as slice_value"]
    return [
        "-- grouping_id has a bit for each of them: 1 where it is summed over.\n    "
        f"{_per_slice(slices, dimensions, lambda one: quoted(slice_name(one)))} as slice",
        f"{_per_slice(slices, dimensions, _slice_value)} as slice_value",
        *(f"{group_column(d)} as {d}" for d in dimensions),
    ]


def plain_slice_columns(one: Slice, dimensions: Sequence[str]) -> list[str]:
    """As `slice_columns`, for rows of one slice."""
    return [
        f"{quoted(slice_name(one))} as slice",
        f"{_slice_value(one)} as slice_value",
        *(f"{group_column(d) if d in one else 'null::varchar'} as {d}" for d in dimensions),
    ]


def group_by(slices: Sequence[Slice], keys: Sequence[str]) -> str:
    """One pass for all slices."""
    if not any(slices):
        return f"group by {', '.join(keys)}"
    sets = ",\n    ".join(f"({', '.join((*keys, *map(group_column, one)))})" for one in slices)
    return f"group by grouping sets (\n    {sets}\n)"


def numbers(slices: Sequence[Slice]) -> dict[Slice, str]:
    """All slices of a table but for the total, and the column that holds their number."""
    return {one: f"slice_{n}" for n, one in enumerate((s for s in slices if s), 1)}


def numbers_step(slices: Sequence[Slice], dimensions: Sequence[str], rows: str) -> str:
    """The step `slice_numbers`: what stands in the dimensions, and the numbers of its slices.

    Args:
        slices: All of the table's; no two of them share a number, and that of the total is 0.
        dimensions: All of the table's.
        rows: What holds every value that they have, with a row per day or more.
    """
    found = numbers(slices)
    groups = ", ".join(group_column(d) for d in dimensions)
    ranks = [
        f"cast({len(found) + 1} * dense_rank() over (order by "
        f"{', '.join(map(group_column, one))}) + {n} as integer) as {column}"
        for n, (one, column) in enumerate(found.items(), 1)
    ]
    body = f"""select
    {lines([*(group_column(d) for d in dimensions), *ranks])}
from (
    select distinct {groups}
    from {cleaned_rows(rows, dimensions)}
)"""
    return cte("slice_numbers", "Every slice has a number of its own, the total 0.", body)


def names_step(slices: Sequence[Slice], dimensions: Sequence[str]) -> str:
    """The step `slice_names`: a row per slice, what its number stands for."""
    selects = [f"select 0 as slice_no, {', '.join(plain_slice_columns((), dimensions))}"]
    for one, number in numbers(slices).items():
        columns = ", ".join(plain_slice_columns(one, dimensions))
        selects.append(f"select distinct {number}, {columns} from slice_numbers")
    union = "\n    union all\n    ".join(selects)
    body = f"""select
    *,
    {dimensions_json(slices)} as dimensions
from (
    {union}
)"""
    return cte("slice_names", "What the numbers stand for.", body)


def numbered_rows(
    rows: str,
    needed: Sequence[Slice],
    slices: Sequence[Slice],
    dimensions: Sequence[str],
    *,
    cleaned: bool = False,
) -> str:
    """A step of rows as `days`, with the numbers of the slices that are needed.

    Args:
        rows: Name of the step; its dimensions are as the model has them, unless `cleaned`.
        needed: The slices that are needed.
        slices: All of the table's.
        dimensions: Those of the needed slices.
        cleaned: Whether the texts of its dimensions are those that group.
    """
    if not dimensions:
        return cleaned_rows(rows, dimensions)
    groups = ", ".join(group_column(d) for d in dimensions)
    found = ", ".join(number for one, number in numbers(slices).items() if one in needed)
    return f"""{rows if cleaned else cleaned_rows(rows, dimensions)}
inner join (select distinct {groups}, {found} from slice_numbers) using ({groups})"""


def slice_number(needed: Sequence[Slice], slices: Sequence[Slice]) -> str:
    """Select item `slice_no`, for rows grouped by the numbers of the slices that are needed."""
    found = [number for one, number in numbers(slices).items() if one in needed]
    return f"coalesce({', '.join((*found, '0'))}) as slice_no" if found else "0 as slice_no"


def group_by_number(needed: Sequence[Slice], slices: Sequence[Slice], keys: Sequence[str]) -> str:
    """One pass for all slices that are needed, of rows as `numbered_rows` gives them."""
    if not any(needed):
        return f"group by {', '.join(keys)}"
    found = numbers(slices)
    columns = ((*keys, found[one]) if one else keys for one in needed)
    sets = ",\n    ".join(f"({', '.join(one)})" for one in columns)
    return f"group by grouping sets (\n    {sets}\n)"


def only_slices(
    needed: Sequence[Slice], found: Sequence[Slice], slices: Sequence[Slice]
) -> str | None:
    """The condition of the slices that are needed; None where no others are found.

    Args:
        needed: The slices that are needed.
        found: Those that the rows, which have `slice_no`, are of.
        slices: All of the table's.
    """
    if set(found) <= set(needed):
        return None
    # As `numbers_step` numbers them: those of one kind leave the same rest.
    kinds = ((), *numbers(slices))
    rests = ", ".join(str(n) for n, one in enumerate(kinds) if one in needed)
    return f"slice_no % {len(kinds)} in ({rests})"


def dimensions_json(slices: Sequence[Slice]) -> str:
    """The slice's dimensions as a JSON object, `{}` for the total."""
    cases = [
        f"        when {quoted(slice_name(one))} then json_object("
        + ", ".join(f"{quoted(d)}, {d}" for d in one)
        + ")"
        for one in slices
        if one
    ]
    if not cases:
        return "'{}'"
    return "case slice\n" + "\n".join(cases) + "\n        else '{}'\n    end"


def _slice_value(one: Slice) -> str:
    """`kpi_specs.language.slices.slice_value` in SQL: no two slices look alike."""
    if len(one) < 2:
        return group_column(one[0]) if one else "'total'"
    parts = ", ".join(f"replace({group_column(d)}, '|', '\\|')" for d in one)
    return f"concat_ws(' | ', {parts})"


def _per_slice(
    slices: Sequence[Slice], dimensions: Sequence[str], expression: Callable[[Slice], str]
) -> str:
    """A CASE by grouping_id: a bit is 1 where the dimension is rolled up."""
    cases = []
    for one in slices:
        bits = [1 << n for n, d in enumerate(reversed(dimensions)) if d not in one]
        cases.append(f"        when {sum(bits)} then {expression(one)}")
    groups = ", ".join(group_column(d) for d in dimensions)
    return f"case grouping_id({groups})\n" + "\n".join(cases) + "\n    end"
