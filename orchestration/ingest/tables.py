"""The table `raw.<source>`: contract columns, extra ones as text, and each row's origin."""

from collections.abc import Collection

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest import sql
from orchestration.ingest.casts import duckdb_type

ORIGIN = {
    "_file": "VARCHAR",  # path relative to the project
    "_line": "BIGINT",  # 1-based line of the file; row number for Parquet
    "_load_id": "VARCHAR",
    "_loaded_at": "TIMESTAMP",
}


def qualified(source: Source) -> str:
    """The table's quoted name."""
    return f"raw.{sql.name(source.source)}"


def existing_columns(con: duckdb.DuckDBPyConnection, source: Source) -> dict[str, str]:
    """Columns and DuckDB types of the table as it is; empty where it does not exist."""
    rows = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'raw'"
        " AND table_name = ? AND database_name = current_database() ORDER BY column_index",
        [source.source],
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def ensure_table(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create the table, or add the contract columns that it lacks (NULL in older rows)."""
    wanted = {name: duckdb_type(column.type) for name, column in source.columns.items()} | ORIGIN
    there = {name.lower() for name in existing_columns(con, source)}
    if not there:
        columns = ", ".join(f"{sql.name(name)} {type_}" for name, type_ in wanted.items())
        con.execute(f"CREATE TABLE {qualified(source)} ({columns})")
        return
    for name, type_ in wanted.items():
        if name.lower() not in there:
            con.execute(f"ALTER TABLE {qualified(source)} ADD COLUMN {sql.name(name)} {type_}")


def add_text_columns(
    con: duckdb.DuckDBPyConnection, source: Source, names: Collection[str]
) -> None:
    """Add columns that the contract does not know, so that nothing received is lost."""
    if not names:
        return
    there = {name.lower() for name in existing_columns(con, source)}
    for name in names:
        if name.lower() not in there:
            con.execute(f"ALTER TABLE {qualified(source)} ADD COLUMN {sql.name(name)} VARCHAR")


def changed_types(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """What differs between the table and the contract, e.g. `amount: DOUBLE -> DECIMAL(12,2)`.

    A column that has left the contract is text again, like any other unknown column.
    """
    contract = {name.lower(): duckdb_type(column.type) for name, column in source.columns.items()}
    return tuple(
        f"{name}: {found} -> {contract.get(name.lower(), 'VARCHAR')}"
        for name, found in existing_columns(con, source).items()
        if name not in ORIGIN and found != contract.get(name.lower(), "VARCHAR")
    )
