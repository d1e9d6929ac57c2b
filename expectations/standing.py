"""Which rows of a source stand: of a source that restates, not those that a later file has again.

What facts count is what staging leaves. That goes by the names of files (`last_file`), whenever
they were loaded: a warehouse that is built anew from the same files holds the same.
"""

from collections.abc import Collection

from expectations.business_dates import raw_business_date
from expectations.sql import file_order, identifier
from kpi_specs.language.source import Source


def standing_rows(source: Source, project_zone: str, columns: Collection[str]) -> str:
    """SQL of a source's raw rows that stand, as a table to select from.

    Of a source without `restates` all do: a second file of the same day may be of another till. Of
    one that restates, those of the last file that has their `key`, as many as it has; without a
    key those of the last file that has rows of their day.

    Args:
        source: The source.
        project_zone: The project's time zone.
        columns: The columns that its raw table has.
    """
    raw = f"raw.{identifier(source.source)}"
    is_keyed = bool(source.key) and set(source.key) <= set(columns)
    if not source.restates or not (is_keyed or source.event_time in columns):
        return raw
    keys = [f"given.{identifier(column)}" for column in source.key]
    same = ", ".join(keys) if is_keyed else raw_business_date(source, project_zone)
    return f"""(
        select given.*
        from {raw} as given
        inner join (
            select _file, row_number() over (order by {file_order("_file")}) as _file_rank
            from (select distinct _file from {raw})
        ) as files using (_file)
        qualify _file_rank = max(_file_rank) over (partition by {same})
    )"""


def held_rows(source: Source, project_zone: str, columns: Collection[str]) -> str:
    """SQL of the raw rows that staging leaves, as a table to select from: one of each `key`.

    Of a source without a key those that stand. Arguments as of `standing_rows`.
    """
    if not source.key or not set(source.key) <= set(columns):
        return standing_rows(source, project_zone, columns)
    keys = ", ".join(map(identifier, source.key))
    return f"""(
        select *
        from raw.{identifier(source.source)}
        qualify row_number() over (
            partition by {keys} order by {file_order("_file")} desc, _line desc
        ) = 1
    )"""
