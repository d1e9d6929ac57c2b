"""Facts about raw tables and marts that do not agree: one row per day on which they differ.

By days, where nothing else is said: a mart may leave out rows, but none of its source's days, and
has none before or after them. By amounts where a dataset declares them. Of raw rows with one key
only the last file's holds, as in staging: a correction that moves a row to another day leaves
nothing behind.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from expectations.amounts import (
    allowed,
    amounts_by_day,
    differs,
    kpis_without,
    mart_by_day,
    no_differences,
)
from expectations.business_dates import raw_business_date
from expectations.missing import Preflight
from expectations.sql import columns_in, literal
from expectations.standing import held_rows
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project
from kpi_specs.language.reconcile import Compared
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

RECON = "recon"
AMOUNTS = "recon_amounts"


def compare_amounts(
    con: "duckdb.DuckDBPyConnection", project: Project, found: Preflight
) -> dict[str, str]:
    """Write the temporary table `recon_amounts`: days on which declared amounts differ.

    One scan of the raw table and one of the mart for each amount.

    Returns:
        KPI -> why an amount of a dataset that it reads could not be compared: without that nothing
        is known of its rows, so it has no value.
    """
    import duckdb

    there = columns_in(con, "raw", "marts")
    con.execute(
        f"create or replace temp table {AMOUNTS} as select * from {no_differences('dataset')}"
    )
    failed: dict[tuple[str, str], str] = {}
    for name, dataset in project.datasets.items():
        source = project.raw_of(dataset)
        if source is None or name in found.datasets_left_out:
            continue
        rows = _dated(source, project.settings.time_zone, there.get(f"raw.{source.source}", ()))
        for compared in dataset.reconcile.measures:
            select = _by_amount(dataset, source, rows, compared, project.settings.time_zone)
            try:
                con.execute(f"insert into {AMOUNTS} by name select * from {select}")
            except duckdb.Error as error:
                said = str(error).splitlines()[0]
                failed["dataset", name] = (
                    f"{dataset.model}: its {compared.mart.words} cannot be compared with "
                    f"raw.{source.source}: {said}"
                )
    return kpis_without(project, found, failed)


def write_recon_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary table `recon`: what a mart holds against what it should.

    Its columns are dataset, first_day and last_day that it is about, what is counted; observed and
    observed_at in the mart, expected and expected_at in the raw table, their difference, and what
    would be allowed, in words. Days are compared here, by `source_days` and `dataset_days`: where
    those do not differ no table is scanned. Amounts are those of `compare_amounts`.
    """
    raw, selects = columns_in(con, "raw"), [f"(select * from {AMOUNTS})"]
    for dataset in project.datasets.values():
        source = project.raw_of(dataset)
        columns = raw.get(f"raw.{source.source}", ()) if source is not None else ()
        if source is not None and dataset.reconcile.days and source.event_time in columns:
            selects += _days_apart(con, project, dataset, source, columns)
    union = "\nunion all by name\n".join(selects)
    con.execute(
        f"create or replace temp table {RECON} as select * from ({union}) "
        "where last_day <= (select as_of from spec_clock)"
    )


def _days_apart(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    dataset: Dataset,
    source: Source,
    columns: Collection[str],
) -> Iterator[str]:
    lost = _lost_days(dataset, source)
    if con.execute(f"select 1 from ({lost}) limit 1").fetchone() is not None:
        rows = _dated(source, project.settings.time_zone, columns)
        yield _without_rows(dataset, source, rows, lost)
    sources = [project.sources[s] for s in dataset.sources if s in project.sources]
    if [one for one in sources if one.event_time] == [source]:
        yield _beyond(dataset, source)


def _lost_days(dataset: Dataset, source: Source) -> str:
    return f"""
            select business_date from source_days where source = {literal(source.source)}
            except
            select business_date from dataset_days where dataset = {literal(dataset.dataset)}"""


def _without_rows(dataset: Dataset, source: Source, rows: str, lost: str) -> str:
    """Days on which rows of the source hold, and the mart has none."""
    return f"""(
        select
            {_named(dataset, source, "rows")},
            business_date as first_day,
            business_date as last_day,
            '0' as observed,
            cast(count(*) as varchar) as expected,
            cast(-count(*) as varchar) as difference,
            'and a mart has rows on each day of its source, unless its dataset says otherwise '
            '(reconcile: {{days: false}})' as allowed
        from {rows}
        where business_date in ({lost}
        )
        group by business_date
    )"""


def _beyond(dataset: Dataset, source: Source) -> str:
    """Days before or after all those of the source on which the mart has rows."""
    return f"""(
        select
            {_named(dataset, source, "rows")},
            business_date as first_day,
            business_date as last_day,
            cast(row_count as varchar) as observed,
            '0' as expected,
            cast(row_count as varchar) as difference,
            'and a mart has no rows beyond the days of its source (' || first || ' to ' || last
            || '), unless its dataset says otherwise (reconcile: {{days: false}})' as allowed
        from dataset_days
        cross join (
            select
                min(business_date) as first,
                max({_COVERED[source.covers]}) as last
            from source_days
            where source = {literal(source.source)}
        )
        where dataset = {literal(dataset.dataset)}
            and business_date not between first and last
    )"""


# The last day that a row covers, by `covers`.
_COVERED = {
    "day": "business_date",
    "week": "business_date + 6",
    "month": "last_day(business_date)",
}


def _by_amount(dataset: Dataset, source: Source, rows: str, compared: Compared, zone: str) -> str:
    """Days on which an amount of the mart is not that of the raw rows."""
    mart, raw = compared.mart, compared.raw
    same = mart.words == raw.words
    what = raw.words if same else f"{mart.words} against {raw.words}"
    return f"""(
        select
            {_named(dataset, source, what)},
            business_date as first_day,
            business_date as last_day,
            cast(observed as varchar) as observed,
            cast(expected as varchar) as expected,
            cast(difference as varchar) as difference,
            {literal(allowed(compared.tolerance))} as allowed
        from (
            select business_date,
                coalesce(mart.amount, 0) as observed, coalesce(raw.amount, 0) as expected,
                observed - expected as difference,
                coalesce(mart.size, 0) + coalesce(raw.size, 0) as size
            from (
                {mart_by_day(dataset, mart, zone)}
            ) as mart
            full join (
                {amounts_by_day("business_date", raw, rows)}
            ) as raw using (business_date)
        )
        where business_date is not null and {differs("difference", "size", compared.tolerance)}
    )"""


def _dated(source: Source, project_zone: str, columns: Collection[str]) -> str:
    """SQL of the raw rows that hold, with their `business_date`."""
    return f"""(
            select *, {raw_business_date(source, project_zone)} as business_date
            from {held_rows(source, project_zone, columns)}
        )"""


def _named(dataset: Dataset, source: Source, what: str) -> str:
    return (
        f"{literal(dataset.dataset)} as dataset, {literal(what)} as what, "
        f"{literal(f'marts.{dataset.model}')} as observed_at, "
        f"{literal(f'raw.{source.source}')} as expected_at"
    )
