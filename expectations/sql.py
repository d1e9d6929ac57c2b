"""The little that every SQL text here needs: quoting, and small tables written from Python."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NO_DAY = "1900-01-01"
NO_DATE = f"date '{NO_DAY}'"  # stands for a date that is not known
NAMED = 3  # of a list, so many are named one by one


def literal(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL name."""
    return '"' + name.replace('"', '""') + '"'


def file_order(file: str) -> str:
    """SQL of the order of files: of rows with one key that of the last one holds (`last_file`)."""
    return f"(regexp_replace({file}, '[.][^/]*$', ''), {file})"


def first_named(values: str) -> str:
    """SQL of a sentence's part: the first of a list of texts, and how many more there are."""
    return f"array_to_string({values}[1:{NAMED}], ', ') || {and_more(f'len({values})')}"


def and_more(number: str) -> str:
    """SQL of what follows the first of so many: ' and 4 more', or nothing."""
    return f"if({number} > {NAMED}, ' and ' || ({number} - {NAMED}) || ' more', '')"


def rows_in(con: "duckdb.DuckDBPyConnection", table: str) -> int:
    """How many rows a table has."""
    found = con.execute(f"select count(*) from {table}").fetchone()
    return found[0] if found else 0


def columns_in(con: "duckdb.DuckDBPyConnection", *schemas: str) -> dict[str, tuple[str, ...]]:
    """The tables of these schemas, `schema.table` to its columns; of attached databases none."""
    return {table: tuple(types) for table, types in types_in(con, *schemas).items()}


def types_in(con: "duckdb.DuckDBPyConnection", *schemas: str) -> dict[str, dict[str, str]]:
    """The same with the type of each column: `{"raw.orders": {"amount": "DECIMAL(12,2)"}}`."""
    rows = con.execute(
        """
        -- What information_schema.columns is made of, without its other columns: half the time.
        select schema_name || '.' || table_name, column_name, data_type
        from duckdb_columns()
        where database_name = current_database() and list_contains(?, schema_name)
        order by schema_name, table_name, column_index
        """,
        [list(schemas)],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def write_temp(
    con: "duckdb.DuckDBPyConnection",
    table: str,
    columns: str,
    rows: Iterable[Sequence[object]],
) -> None:
    """Replace a temporary table by a few hundred rows at most.

    Args:
        con: Connection to the warehouse.
        table: Its name.
        columns: Its columns as in CREATE TABLE.
        rows: Values in the order of the columns.
    """
    con.execute(f"create or replace temp table {table} ({columns})")
    found = [list(row) for row in rows]
    if found:
        marks = ", ".join("?" for _ in found[0])
        con.executemany(f"insert into {table} values ({marks})", found)
