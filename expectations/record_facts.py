"""Facts about sources that do not add up to the totals of their system of record, by its periods.

A period is compared once the source should have all of its rows: what is still to come makes no
difference. Where the source is late, that is told, and no total.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from expectations.amounts import (
    allowed,
    amounts_by_day,
    differs,
    kpis_without,
    mart_by_day,
    no_differences,
    size_sql,
)
from expectations.business_dates import raw_business_date
from expectations.missing import Preflight
from expectations.spec_kpis import DEFAULT_WITHIN
from expectations.sql import columns_in, identifier, literal
from expectations.standing import held_rows
from kpi_specs.language.project import Project
from kpi_specs.language.reconcile import SystemOfRecord
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

RECORDS = "records"
PROMISES = "record_promises"

_NO_PROMISES = (
    "(select null::varchar as source, null::varchar as covers, null::integer as within, "
    "null::date as promised, null::date as starts limit 0)"
)

# First and last day of what a row of totals covers, by the `covers` of their source.
_SPANS = {
    "day": ("{day}", "first_day", "1 day"),
    "week": ("{day}", "first_day + 6", "7 days"),
    "month": ("cast(date_trunc('month', {day}) as date)", "last_day(first_day)", "1 month"),
}


def sum_recorded(
    con: "duckdb.DuckDBPyConnection", project: Project, found: Preflight
) -> dict[str, str]:
    """Write what has a total as temporary tables `record_...`: its amount on each business day.

    One scan of the raw table for each system of record, and one of the mart where it names one.

    Returns:
        KPI -> why an amount could not be summed: nothing is known of its total, so it has no value.
    """
    import duckdb

    raw, zone = columns_in(con, "raw"), project.settings.time_zone
    failed: dict[tuple[str, str], str] = {}
    for name, number, source, record in _records(project):
        columns = raw.get(f"raw.{name}", ())
        rows = held_rows(source, zone, columns)
        raw_days = amounts_by_day(raw_business_date(source, zone), record.measure, rows)
        sides = {"raw": (("source", name), raw_days)}
        if record.mart is not None and record.mart.dataset not in found.datasets_left_out:
            dataset = project.datasets[record.mart.dataset]
            sides["mart"] = (("dataset", dataset.dataset), mart_by_day(dataset, record.mart, zone))
        for side, (object_, select) in sides.items():
            table = _table(name, number, side)
            con.execute(f"drop table if exists temp.{table}")
            if source.event_time not in columns:
                continue  # a matter of preflight
            try:
                con.execute(f"create temp table {table} as {select}")
            except duckdb.Error as error:
                failed[object_] = (
                    f"{object_[1]}: it cannot be compared with {record.name}: "
                    f"{str(error).splitlines()[0]}"
                )
    return kpis_without(project, found, failed)


def write_record_facts(con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date) -> None:
    """Write the temporary tables `records` and `record_promises`, and what is of a mart in `recon`.

    `records` has one row per source and period in which it does not have its total, or in which
    that is not there; columns as of `recon`, with the source in place of the dataset.
    `record_promises` has one row for each system of record that promises totals: until they are
    due, what the source measured is not final.
    """
    temporary = columns_in(con, "raw")
    there = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    selects, promises = [no_differences("source")], [_NO_PROMISES]
    for name, number, source, record in _records(project):
        if _table(name, number, "raw") not in there:
            continue
        spans = _spans(project, source, record, temporary)
        ledger = project.sources[record.source] if record.source is not None else None
        if ledger is not None and ledger.arrives is not None:
            promises.append(_promise(project, source, ledger, record, temporary))
        selects.append(
            _apart(
                f"{literal(name)} as source", f"raw.{name}", _table(name, number, "raw"),
                record, record.measure.words, spans, _whole_until(source, as_of),
            )
        )  # fmt: skip
        if record.mart is not None and _table(name, number, "mart") in there:
            dataset = project.datasets[record.mart.dataset]
            mart = _apart(
                f"{literal(dataset.dataset)} as dataset", f"marts.{dataset.model}",
                _table(name, number, "mart"), record, record.mart.words, spans,
                _whole_until(source, as_of),
            )  # fmt: skip
            con.execute(f"insert into recon by name select * from {mart}")
    for table, rows in ((RECORDS, selects), (PROMISES, promises)):
        union = "\nunion all by name\n".join(rows)
        con.execute(f"create or replace temp table {table} as select * from ({union})")


def _records(project: Project) -> Iterator[tuple[str, int, Source, SystemOfRecord]]:
    for name, source in project.sources.items():
        for number, record in enumerate(source.system_of_record):
            yield name, number, source, record


def _table(source: str, number: int, side: str) -> str:
    return f"record_{source}_{number}_{side}"


def _spans(
    project: Project,
    source: Source,
    record: SystemOfRecord,
    raw: Mapping[str, Collection[str]],
) -> str:
    """SQL of first_day, last_day, total, total_size; NULL where a total should be and is none."""
    if record.source is None:
        listed = ", ".join(
            f"({literal(one.period)}, {repr(one.total).removesuffix('.0')})"
            for one in record.totals
        )
        return f"""
            select period_start as first_day, period_end as last_day, total,
                abs(cast(total as double)) as total_size
            from (values {listed}) as totals(period, total)
            inner join calendar.dim_period using (period)
            where calendar = {literal(project.settings.calendar)}"""
    ledger = project.sources[record.source]
    first, last, step = _SPANS[ledger.covers]
    return f"""
            with
            delivered as ({_delivered(project, ledger, record, raw)}
            ),
            -- Totals that should be there: of lines that could not be read, and what was promised,
            -- from the first one on; where none ever came, from the first rows on.
            due as (
                select {first.format(day="business_date")} as first_day
                from source_rejects
                where source = {literal(record.source)} and has_day
                union
                select first_day
                from (
                    select cast(unnest(range(starts, promised + 1, interval {step})) as date)
                        as first_day, promised
                    from spec_sources
                    cross join ({_starts(source, ledger)})
                    where source = {literal(record.source)} and is_promised
                )
                where {last} <= promised
            )
            select first_day, {last} as last_day, total, coalesce(total_size, 0) as total_size
            from delivered
            full join due using (first_day)"""


def _delivered(
    project: Project, ledger: Source, record: SystemOfRecord, raw: Mapping[str, Collection[str]]
) -> str:
    """SQL of the totals that are there, by the first day of what each is of."""
    zone = project.settings.time_zone
    column, columns = record.column or "", raw.get(f"raw.{ledger.source}", ())
    if not {column, ledger.event_time} <= set(columns):
        return "select null::date as first_day, null::double as total, 0.0 as total_size limit 0"
    first = _SPANS[ledger.covers][0].format(day=raw_business_date(ledger, zone))
    return f"""
                select {first} as first_day,
                    if(count({identifier(column)}) = count(*), sum({identifier(column)}), null)
                        as total,
                    {size_sql(column)} as total_size
                from {held_rows(ledger, zone, columns)}
                group by all"""


def _starts(source: Source, ledger: Source) -> str:
    """SQL of the first day that has a total; where none ever came, with which rows begin."""
    first = _SPANS[ledger.covers][0].format(day="min(business_date)")
    return f"""
                        select coalesce(
                            (select min(first_day) from delivered),
                            (
                                select {first}
                                from source_days where source = {literal(source.source)}
                            )
                        ) as starts
                    """


def _promise(
    project: Project,
    source: Source,
    ledger: Source,
    record: SystemOfRecord,
    raw: Mapping[str, Collection[str]],
) -> str:
    """SQL of what the source of totals promises, as a row of `record_promises`.

    `promised` is the newest day of which totals are due, `within` how many days after it.
    """
    assert ledger.arrives is not None, "asked of those that promise"
    return f"""(
        with delivered as ({_delivered(project, ledger, record, raw)}
        )
        select
            {literal(source.source)} as source, {literal(ledger.covers)} as covers,
            {ledger.arrives.within} as within, promised, starts
        from spec_sources
        cross join ({_starts(source, ledger)})
        where source = {literal(ledger.source)}
    )"""


def _whole_until(source: Source, as_of: dt.date) -> str:
    """SQL of the last day up to which the source should have all of its rows.

    Its newest one; of a source that keeps its promise, or gives none, the days after it that are
    over hold no rows.
    """
    reach = {"day": "0", "week": "6", "month": "last_day(max(business_date)) - max(business_date)"}
    within = source.arrives.within if source.arrives else DEFAULT_WITHIN
    over = literal((as_of - dt.timedelta(days=within)).isoformat())
    return f"""(
            select if(coalesce(newest < promised, false), newest, greatest(newest, date {over}))
            from (
                select max(business_date) + {reach[source.covers]} as newest
                from source_days where source = {literal(source.source)}
            )
            cross join (
                select promised from spec_sources where source = {literal(source.source)}
            )
        )"""


def _apart(
    object_: str,
    table: str,
    days: str,
    record: SystemOfRecord,
    what: str,
    spans: str,
    whole_until: str,
) -> str:
    """Periods whose amount is not their total."""
    at = record.name if record.source is None else f"{record.name} (raw.{record.source})"
    absent = "and without a total nothing says that it is whole"
    return f"""(
        select
            {object_},
            {literal(what)} as what,
            {literal(table)} as observed_at,
            {literal(at)} as expected_at,
            first_day,
            last_day,
            cast(observed as varchar) as observed,
            coalesce(cast(total as varchar), 'no total') as expected,
            coalesce(cast(difference as varchar), 'not known') as difference,
            if(total is null, {literal(absent)}, {literal(allowed(record.tolerance))}) as allowed
        from (
            select first_day, last_day, total, coalesce(sum(amount), 0) as observed,
                observed - total as difference, coalesce(sum(size), 0) + total_size as size
            from ({spans}
            )
            left join {days} on business_date between first_day and last_day
            where last_day <= {whole_until}
                and last_day <= (select as_of from spec_clock)
            group by first_day, last_day, total, total_size
        )
        where total is null or {differs("difference", "size", record.tolerance)}
    )"""
