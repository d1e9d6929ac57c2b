"""The SQL of a shared parts table: one scan, all slices, all aggregates."""

from kpi_specs.compiler.plan import PartsTable, Slice, slice_name
from kpi_specs.compiler.sql import CLOCK, cte, header, lines, quoted, with_ctes


def parts_model(table: PartsTable) -> str:
    """The dbt model of a parts table; one row per period and slice that has rows."""
    dataset = table.dataset
    return (
        header(
            f"Shared parts of {dataset.dataset}, {table.cadence} ({table.calendar}): every sum, "
            "count and distinct that\n-- its KPIs need, from one scan. One row per period and "
            "slice that has rows.",
            "kpi_specs",
        )
        + with_ctes([_facts(table)])
        + _aggregate(table)
    )


def _facts(table: PartsTable) -> str:
    dataset = table.dataset
    columns = dict.fromkeys(c for part in table.parts for c in part.columns)
    selected = ["days.period"]
    selected += [
        f"coalesce(nullif(cast(facts.{d} as varchar), ''), '(none)') as {d}"
        for d in table.dimensions
    ]
    selected += [f"facts.{c}" for c in columns if c not in table.dimensions]
    body = f"""select
    {lines(selected)}
from {{{{ ref('{dataset.model}') }}}} as facts
inner join {{{{ source('calendar', 'period_days') }}}} as days
    on days.date = facts.{dataset.time}
    and days.calendar = '{table.calendar}'
    and days.cadence = '{table.cadence}'
where facts.{dataset.time} <= {CLOCK}"""
    return cte("facts", f"{dataset.row}, with its period; nothing after the clock is seen.", body)


def _aggregate(table: PartsTable) -> str:
    names = table.dimensions
    selected = [
        f"'{table.cadence}' as cadence",
        "period",
        f"{_slice_case(table.slices, names)} as slice",
        f"coalesce(nullif(concat_ws(' | '{''.join(', ' + d for d in names)}), ''), 'total') "
        "as slice_value"
        if names
        else "'total' as slice_value",
        *names,
        "count(*) as row_count",
        *(f"{part.sql} as {part.name}" for part in table.parts),
    ]
    if names:
        sets = ",\n    ".join(f"({', '.join(('period', *one))})" for one in table.slices)
        grouping = f"group by grouping sets (\n    {sets}\n)"
    else:
        grouping = "group by period"
    return f"select\n    {lines(selected)}\nfrom facts\n{grouping}\n"


def _slice_case(slices: tuple[Slice, ...], names: tuple[str, ...]) -> str:
    """The slice's name from grouping_id: a bit is 1 where the dimension is rolled up."""
    if not names:
        return "'total'"
    cases = []
    for one in slices:
        mask = sum(1 << (len(names) - 1 - i) for i, d in enumerate(names) if d not in one)
        cases.append(f"        when {mask} then {quoted(slice_name(one))}")
    return f"case grouping_id({', '.join(names)})\n" + "\n".join(cases) + "\n    end"
