"""Facts about keys: rows that share the key of their dataset, and what joins find for each day.

A dataset's key is declared, and a joined table's too; here both are counted. Rows without a date
or after the clock are not seen by any KPI, so they do not count.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.missing import Preflight
from expectations.sql import columns_in, identifier, literal
from kpi_specs.language.dataset import Dataset, Join
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

DUPLICATE_DAYS = "duplicate_days"
JOIN_DAYS = "join_days"

_NO_DUPLICATES = (
    "(select null::varchar as dataset, null::date as business_date, 0::bigint as row_count, "
    "null::varchar as example limit 0)"
)
_NO_JOINS = (
    "(select null::varchar as dataset, null::varchar as model, null::date as business_date, "
    "0::bigint as rows_before, 0::bigint as rows_after, 0::bigint as unmatched, "
    "0::bigint as doubled, null::varchar as unmatched_example, null::varchar as doubled_example "
    "limit 0)"
)


def datasets_read(project: Project, kpi: Kpi) -> tuple[Dataset, ...]:
    """The datasets that a KPI is computed from itself; for the others its inputs are judged."""
    return tuple(project.datasets[d] for d in project.read_by(kpi))


def uncountable_keys(
    con: "duckdb.DuckDBPyConnection", project: Project, found: Preflight
) -> dict[str, str]:
    """KPIs whose keys cannot be counted: a table, or a column of a key, is not in the warehouse.

    Returns:
        KPI -> message. Without the count nothing is known of its keys, so it has no value.
    """
    columns = columns_in(con, "marts")
    messages: dict[str, str] = {}
    for name, kpi in project.kpis.items():
        if name in found.kpis_left_out:
            continue
        needed = [(d.model, (*d.key, d.time)) for d in datasets_read(project, kpi)]
        for dataset, join in project.joins_of(kpi):
            needed += [(dataset.model, tuple(join.on)), (join.model, tuple(join.on.values()))]
        for model, keys in needed:
            found_columns = columns.get(f"marts.{model}", ())
            absent = [k for k in keys if k not in found_columns]
            if absent and not found_columns:
                messages[name] = f"{model}: the table marts.{model} is not there"
            elif absent:
                messages[name] = (
                    f"{model}: its keys cannot be counted, the table marts.{model} lacks "
                    f"{', '.join(absent)}"
                )
    return messages


def write_key_facts(
    con: "duckdb.DuckDBPyConnection", project: Project, kpis: Iterable[str]
) -> None:
    """Write the temporary tables `duplicate_days` and `join_days` for what these KPIs rest on.

    `duplicate_days`: one row per dataset and business date with rows that share their key with
    another row; row_count of them and one of the keys. One scan of each dataset's model.

    `join_days`: one row per dataset, joined model and business date; rows before the join and
    after it, rows without a match, rows that match more than one, and a key of each kind. One scan
    per join that some slice needs.
    """
    kpis, zone = list(kpis), project.settings.time_zone
    read = {d.dataset: d for name in kpis for d in datasets_read(project, project.kpis[name])}
    datasets = [_duplicates_of(dataset, zone) for dataset in read.values()]
    pairs = {
        (dataset.dataset, join.model): _join_of(dataset, join, zone)
        for name in kpis
        for dataset, join in project.joins_of(project.kpis[name])
    }
    _write(con, DUPLICATE_DAYS, [_NO_DUPLICATES, *datasets])
    _write(con, JOIN_DAYS, [_NO_JOINS, *pairs.values()])


def _write(con: "duckdb.DuckDBPyConnection", table: str, selects: list[str]) -> None:
    union = "\nunion all by name\n".join(selects)
    con.execute(f"create or replace temp table {table} as\n{union}")


def _duplicates_of(dataset: Dataset, zone: str) -> str:
    """Keys are compared as groups are: two that are empty are the same."""
    seen = f"""
            select {dataset_day(dataset, zone)} as business_date, {_keys(dataset.key)}
            from marts.{identifier(dataset.model)}
            where {_is_seen(dataset, zone)}"""
    names = _key_names(dataset.key)
    same = " and ".join(f"seen.{name} is not distinct from twice.{name}" for name in names)
    return f"""
        select
            {literal(dataset.dataset)} as dataset,
            business_date,
            count(*) as row_count,
            min({_text("seen", names)}) as example
        from ({seen}
        ) as seen
        inner join (
            select {_keys(dataset.key)}
            from marts.{identifier(dataset.model)}
            where {_is_seen(dataset, zone)}
            group by all
            having count(*) > 1
        ) as twice on {same}
        group by all
    """


def _join_of(dataset: Dataset, join: Join, zone: str) -> str:
    joined = tuple(join.on.values())
    on = " and ".join(
        f"joined.{name} = fact.{identifier(column)}"
        for name, column in zip(_key_names(joined), join.on, strict=True)
    )
    example = _text("fact", tuple(map(identifier, join.on)))
    return f"""
        select
            {literal(dataset.dataset)} as dataset,
            {literal(join.model)} as model,
            {dataset_day(dataset, zone, "fact.")} as business_date,
            count(*) as rows_before,
            cast(sum(coalesce(joined.matches, 1)) as bigint) as rows_after,
            count(*) filter (joined.matches is null) as unmatched,
            count(*) filter (joined.matches > 1) as doubled,
            min({example}) filter (joined.matches is null) as unmatched_example,
            min({example}) filter (joined.matches > 1) as doubled_example
        from marts.{identifier(dataset.model)} as fact
        left join (
            select {_keys(joined)}, count(*) as matches
            from marts.{identifier(join.model)}
            group by all
        ) as joined on {on}
        where {_is_seen(dataset, zone, "fact.")}
        group by all
    """


def _is_seen(dataset: Dataset, zone: str, prefix: str = "") -> str:
    return f"{dataset_day(dataset, zone, prefix)} <= (select as_of from spec_clock)"


def _key_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"key_{number}" for number in range(1, len(columns) + 1))


def _keys(columns: tuple[str, ...]) -> str:
    """Select items of a key, each named by its place: a column may be called like one of ours."""
    names = _key_names(columns)
    return ", ".join(f"{identifier(c)} as {name}" for c, name in zip(columns, names, strict=True))


def _text(table: str, columns: tuple[str, ...]) -> str:
    """SQL of a key as people read it."""
    parts = ", ".join(f"coalesce(cast({table}.{column} as varchar), 'empty')" for column in columns)
    return f"concat_ws(', ', {parts})"
