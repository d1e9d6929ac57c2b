"""Facts about values that a source's contract does not allow: rows per day, and one of them.

A row counts as long as it stands (`standing.py`). A source without an event time has no days, so
its rows may matter to every period.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from expectations.business_dates import raw_business_date
from expectations.sql import columns_in, identifier, literal
from expectations.standing import standing_rows
from kpi_specs.language.project import Project
from kpi_specs.language.source import Column, Source

if TYPE_CHECKING:
    import duckdb

DOMAIN_DAYS = "domain_days"

_NONE = (
    "(select null::varchar as source, null::date as business_date, 0::bigint as row_count, "
    "null::varchar as column_name, null::varchar as example limit 0)"
)


def write_domain_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary table `domain_days`: one row per source and day with such rows.

    Its columns are source, business_date (NULL where the source has no days), row_count of the rows
    that hold a value outside `allowed`, `min`, `max` or one that is not `unique`, column_name and
    example of one of them. A column or table that is not there is preflight's matter. One scan of
    each raw table with such columns, and one more per unique column.
    """
    there = columns_in(con, "raw")
    selects = []
    for name, source in project.sources.items():
        found = there.get(f"raw.{name}", ())
        limited = {c: column for c, column in source.columns.items() if c in found}
        cases = [case for c, column in limited.items() for case in _cases(c, column)]
        if cases:
            selects.append(_violations(source, project.settings.time_zone, cases, found))
    union = "\nunion all by name\n".join([_NONE, *selects])
    con.execute(
        f"""
        create or replace temp table {DOMAIN_DAYS} as
        select * from ({union})
        where business_date is null or business_date <= (select as_of from spec_clock)
        """
    )


def _cases(name: str, column: Column) -> list[str]:
    """What a column may not hold, as branches of a CASE that name the value; NULL holds nothing."""
    quoted, text = identifier(name), f"cast({identifier(name)} as varchar)"
    number = f"try_cast({quoted} as double)"
    tests: list[tuple[str, str]] = []
    if column.allowed is not None:
        values = ", ".join(literal(value) for value in column.allowed)
        tests.append((f"{text} not in ({values})", f"not one of {', '.join(column.allowed)}"))
    if column.min is not None:
        tests.append((f"{number} < {column.min!r}::double", f"below {column.min:g}"))
    if column.max is not None:
        tests.append((f"{number} > {column.max!r}::double", f"above {column.max:g}"))
    if column.unique:
        twice = (
            f"select {quoted} from standing where {quoted} is not null "
            "group by all having count(*) > 1"
        )
        tests.append((f"{quoted} in ({twice})", "more than once"))
    return [
        f"when {test} then struct_pack(column_name := {literal(name)}, "
        f"example := {literal(name + ' ')} || {text} || {literal(', ' + said)})"
        for test, said in tests
    ]


def _violations(
    source: Source, project_zone: str, cases: list[str], columns: Collection[str]
) -> str:
    has_day = source.event_time in columns
    day = raw_business_date(source, project_zone) if has_day else "null::date"
    branches = "\n                    ".join(cases)
    return f"""(
        with standing as (
            select *, {day} as business_date
            from {standing_rows(source, project_zone, columns)}
        )
        select
            {literal(source.source)} as source,
            business_date,
            count(*) as row_count,
            min(found).column_name as column_name,
            min(found).example as example
        from (
            select
                business_date,
                case
                    {branches}
                end as found
            from standing
        )
        where found is not null
        group by business_date
    )"""
