"""Facts per day: how many rows each source and each dataset holds on each business date."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day, raw_business_date
from expectations.sql import columns_in, first_named, identifier, literal
from expectations.standing import standing_rows
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

if TYPE_CHECKING:
    import duckdb

SOURCE_DAYS = "source_days"
SOURCE_VALUES = "source_values"
DATASET_DAYS = "dataset_days"
UNDATED = "undated"


def write_day_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `source_days`, `source_values`, `dataset_days` and `undated`.

    The first two have the columns id, business_date and row_count; `source_values` has for each
    column whose values are expected (id `till.store`) the number of those that a day holds as
    row_count, and the absent ones as note. `undated` says of each dataset
    with rows that lie in no period, for want of a business date, how many (dataset, row_count).

    Rows that a later file restates do not count (`standing.py`), and only days up to the clock do
    (temporary table `spec_clock`). A source without a time of its own (`event_time`) has no days, a
    table that is not in the warehouse neither.
    """
    columns = columns_in(con, "raw", "marts")
    sources = [
        _source_days(source, project.settings.time_zone, columns[f"raw.{source.source}"])
        for source in project.sources.values()
        if source.event_time and source.event_time in columns.get(f"raw.{source.source}", ())
    ]
    datasets = [
        dataset
        for dataset in project.datasets.values()
        if dataset.time in columns.get(f"marts.{dataset.model}", ())
    ]
    _write(con, SOURCE_DAYS, "source", sources)
    _write(
        con,
        DATASET_DAYS,
        "dataset",
        [_dataset_days(dataset, project.settings.time_zone) for dataset in datasets],
    )
    _write_undated(con, datasets)
    values = [
        _source_values(
            source, column, expected, project.settings.time_zone, columns[f"raw.{source.source}"]
        )
        for source in project.sources.values()
        if source.expects and source.event_time in columns.get(f"raw.{source.source}", ())
        for column, expected in source.expects.values.items()
        if column in columns[f"raw.{source.source}"]
    ]
    _write_values(con, values)


def values_id(source: str, column: str) -> str:
    """What the expected values of a source's column are called: `till.store`."""
    return f"{source}.{column}"


def _write_values(con: "duckdb.DuckDBPyConnection", selects: list[str]) -> None:
    none = (
        "(select null::varchar as id, null::date as business_date, 0::bigint as row_count, "
        "null::varchar as note limit 0)"
    )
    union = "\nunion all\n".join([none, *selects])
    con.execute(
        f"""
        create or replace temp table {SOURCE_VALUES} as
        select * from ({union})
        where business_date <= (select as_of from spec_clock)
        """
    )


def _source_values(
    source: Source,
    column: str,
    expected: tuple[str, ...],
    project_zone: str,
    columns: Collection[str],
) -> str:
    listed = ", ".join(literal(value) for value in expected)
    text = f"cast({identifier(column)} as varchar)"
    return f"""(
        select
            {literal(values_id(source.source, column))} as id,
            business_date,
            len(found) as row_count,
            'without ' || {first_named("absent")} as note
        from (
            select
                business_date,
                found,
                list_filter([{listed}], lambda one: not list_contains(found, one)) as absent
            from (
                select
                    {raw_business_date(source, project_zone)} as business_date,
                    list(distinct {text}) as found
                from {standing_rows(source, project_zone, columns)}
                where {text} in ({listed})
                group by all
            )
        )
    )"""


def _write(
    con: "duckdb.DuckDBPyConnection", table: str, id_column: str, selects: list[str]
) -> None:
    none = (
        "(select null::varchar as id, null::date as business_date, 0::bigint as row_count limit 0)"
    )
    union = "\nunion all\n".join([none, *selects])
    con.execute(
        f"""
        create or replace temp table {table} as
        select id as {id_column}, business_date, row_count
        from ({union})
        where business_date <= (select as_of from spec_clock)
        order by all
        """
    )


def _write_undated(con: "duckdb.DuckDBPyConnection", datasets: list[Dataset]) -> None:
    none = "select null::varchar as dataset, 0::bigint as row_count"
    counts = [
        f"select {literal(d.dataset)}, count(*) from marts.{identifier(d.model)} "
        f"where {identifier(d.time)} is null"
        for d in datasets
    ]
    union = "\nunion all\n".join([none, *counts])
    con.execute(
        f"create or replace temp table {UNDATED} as select * from ({union}) where row_count > 0"
    )


def _source_days(source: Source, project_zone: str, columns: Collection[str]) -> str:
    return f"""
        select
            {literal(source.source)} as id,
            {raw_business_date(source, project_zone)} as business_date,
            count(*) as row_count
        from {standing_rows(source, project_zone, columns)}
        group by all
    """


def _dataset_days(dataset: Dataset, project_zone: str) -> str:
    return f"""
        select
            {literal(dataset.dataset)} as id,
            {dataset_day(dataset, project_zone)} as business_date,
            count(*) as row_count
        from marts.{identifier(dataset.model)}
        group by all
    """
