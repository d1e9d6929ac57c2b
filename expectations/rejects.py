"""Facts about rejected lines: which days of a source they may have belonged to.

A line whose event time could be read is missing from its own day. Of any other line only the file
is known: it may be missing from each day that the file spans. A source without an event time has
no days, so its rejected lines may be missing from every one. A file without a single readable row
was not delivered at all; that is a matter of days, not of lines.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from expectations.business_dates import business_date, raw_business_date
from expectations.sql import columns_in, file_order, identifier, literal
from expectations.standing import standing_rows
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

SOURCE_REJECTS = "source_rejects"


def write_reject_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary table `source_rejects`: one row per source, load and day.

    Its columns are source, load_id, file, loaded_at, business_date, lines (rejected lines of this
    day, or of the whole file) and has_day (whether the lines' own day is known). Lines of a load
    that a later one has superseded do not count. Where a source restates its last days, neither do
    those of a day that another file has rows of and theirs has none that stands (`standing.py`).
    """
    columns = columns_in(con, "raw", "audit")
    found = con.execute("select distinct source from audit.rejects").fetchall()
    rejecting = {row[0] for row in found}
    selects = [
        _rejects_of(source, project.settings.time_zone, columns)
        for name, source in project.sources.items()
        if name in rejecting
    ]
    none = (
        "(select null::varchar as source, null::varchar as load_id, null::varchar as file, "
        "null::timestamp as loaded_at, null::date as business_date, 0::bigint as lines, "
        "true as has_day limit 0)"
    )
    union = "\nunion all by name\n".join([none, *selects])
    con.execute(
        f"""
        create or replace temp table {SOURCE_REJECTS} as
        select * from ({union})
        where business_date <= (select as_of from spec_clock)
        """
    )


def _rejects_of(source: Source, project_zone: str, columns: Mapping[str, tuple[str, ...]]) -> str:
    """SQL of one source's rows of `source_rejects`."""
    raw = f"raw.{identifier(source.source)}"
    raw_columns = columns.get(f"raw.{source.source}", ())
    is_dated = source.event_time in raw_columns
    # A warehouse of before rejects kept their event time has none.
    knows_days = is_dated and "event_time" in columns.get("audit.rejects", ())
    own_day = business_date(source, project_zone, "event_time") if knows_days else "null::date"
    lines = f"""
        select load_id, file, loaded_at, line, max({own_day}) as own_day
        from audit.rejects
        inner join (
            select load_id, loaded_at from audit.loads where status <> 'superseded'
        ) using (load_id)
        where source = {literal(source.source)}
        group by all"""
    spans = """
        select load_id, business_date
        from (select distinct load_id from audit.loads where rows_loaded > 0)
        cross join (
            select distinct date as business_date
            from calendar.period_days where cadence = 'daily'
        )"""
    if is_dated:
        day = raw_business_date(source, project_zone)
        spans = f"""
        select load_id, cast(unnest(generate_series(first, last, interval 1 day)) as date)
            as business_date
        from (
            select _load_id as load_id, min({day}) as first, max({day}) as last
            from {raw}
            where _load_id in (select load_id from lines)
            group by _load_id
        )"""
    return f"""(
        with lines as ({lines}
        ),
        spans as ({spans}
        ),
        rejected as (
            select load_id, file, loaded_at, own_day as business_date, count(*) as lines,
                true as has_day
            from lines
            where own_day is not null
            group by all
            union all
            select load_id, file, loaded_at, business_date, lines, false
            from (
                select load_id, file, loaded_at, count(*) as lines
                from lines
                where own_day is null
                group by all
            )
            inner join spans using (load_id)
        )
        select {literal(source.source)} as source, load_id, file, loaded_at, business_date, lines,
            has_day
        from rejected
        {_not_restated(source, project_zone, raw_columns) if is_dated and source.restates else ""}
    )"""


def _not_restated(source: Source, project_zone: str, columns: Collection[str]) -> str:
    """Drops the lines of a day that a file of a later name has whole.

    As far as rows tell: their own file has none of the day that stands. One that corrects a few
    rows of a day says nothing of a line that was not among them.
    """
    day = raw_business_date(source, project_zone)
    return f"""left join (
            select
                {day} as business_date,
                list(distinct _file) as standing_files,
                max({file_order("_file")}) as newest
            from {standing_rows(source, project_zone, columns)}
            group by all
        ) as restated using (business_date)
        where newest is null or {file_order("file")} >= newest
            or list_contains(standing_files, file)"""
