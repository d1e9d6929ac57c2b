"""Facts about raw tables and marts that do not agree: one row per day on which they differ.

By days, where nothing else is said: a mart may leave out rows, but none of its source's days, and
has none before or after them. By amounts where a dataset declares them. Of raw rows with one key
only the last file's holds, as in staging: a correction that moves a row to another day leaves
nothing behind.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day, raw_business_date
from expectations.missing import Preflight
from expectations.sql import columns_in, identifier, literal
from expectations.standing import held_rows
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project
from kpi_specs.language.reconcile import Amount, Compared
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

RECON = "recon"
AMOUNTS = "recon_amounts"

# What a sum of floating point leaves, of what was added up whatever its sign; exact types are
# compared exactly.
NOISE = 1e-12

_NONE = (
    "(select null::varchar as dataset, null::date as first_day, null::date as last_day, "
    "null::varchar as what, null::varchar as observed_at, null::varchar as observed, "
    "null::varchar as expected_at, null::varchar as expected, null::varchar as difference, "
    "null::varchar as allowed limit 0)"
)


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
    con.execute(f"create or replace temp table {AMOUNTS} as select * from {_NONE}")
    failed: dict[str, str] = {}
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
                failed[name] = (
                    f"{dataset.model}: its {compared.mart.words} cannot be compared with "
                    f"raw.{source.source}: {said}"
                )
    return {
        kpi: failed[dataset]
        for kpi, spec in project.kpis.items()
        if kpi not in found.kpis_left_out
        for dataset in project.read_by(spec)
        if dataset in failed
    }


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


def amounts_by_day(day: str, amount: Amount, rows: str) -> str:
    """SQL of business_date, amount and size of some rows; `day` is SQL of a row's business day."""
    return f"""select {day} as business_date, {_amount_sql(amount)} as amount,
                    {size_sql(amount.sum)} as size
                from {rows}
                group by all"""


def mart_by_day(dataset: Dataset, amount: Amount, zone: str) -> str:
    """SQL of business_date, amount and size of a dataset's mart."""
    return amounts_by_day(dataset_day(dataset, zone), amount, f"marts.{identifier(dataset.model)}")


def _amount_sql(amount: Amount) -> str:
    """SQL of an amount of some rows; of none it is 0."""
    return "count(*)" if amount.sum is None else f"coalesce(sum({identifier(amount.sum)}), 0)"


def size_sql(column: str | None) -> str:
    """SQL of the sum of a column's values without their signs, a DOUBLE; of rows it is 0."""
    if column is None:
        return "cast(0 as double)"
    return f"coalesce(sum(abs(cast({identifier(column)} as double))), 0)"


def differs(difference: str, size: str, tolerance: float) -> str:
    """SQL of whether a difference is more than the tolerance and what sums of doubles leave.

    `size` is `size_sql` of both sides: amounts that cancel out leave as much as others.
    """
    is_noisy = f"typeof({difference}) = 'DOUBLE' and isfinite({size})"
    noise = f"if({is_noisy}, {NOISE!r} * {size}, 0)"
    return f"abs({difference}) > {tolerance!r} + {noise}"


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


def allowed(tolerance: float) -> str:
    """What a tolerance allows, in words."""
    return f"and at most {tolerance:g} is allowed" if tolerance else "and none is allowed"


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
