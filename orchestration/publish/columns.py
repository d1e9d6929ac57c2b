"""Columns and tables as plain values, and the DDL that they become."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One published column. `type` is a DuckDB type; `required` is NOT NULL."""

    name: str
    type: str
    comment: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One published table. `checks` are the expressions of its CHECK constraints."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    checks: tuple[str, ...] = ()


def one_of(column: str, allowed: Sequence[str]) -> str:
    """A CHECK that a column has one of these words."""
    return f"{column} IN ({', '.join(repr(word) for word in allowed)})"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def ddl(table: Table, database: str) -> str:
    """CREATE TABLE with its constraints, in schema `main` of `database`."""
    lines = [
        f"{quoted(column.name)} {column.type}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    ]
    lines += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {_path(table, database)} ({', '.join(lines)})"


def comments(table: Table, database: str) -> str:
    """COMMENT statements of the table and its columns.

    Each one makes a new version of the table: a third of the time of a small publication.
    """
    name = _path(table, database)
    statements = [f"COMMENT ON TABLE {name} IS {literal(table.comment)}"]
    statements += [
        f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.comment)}"
        for column in table.columns
    ]
    return ";\n".join(statements)


def _path(table: Table, database: str) -> str:
    return f"{quoted(database)}.main.{quoted(table.name)}"
