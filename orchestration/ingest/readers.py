"""One file as a relation: `_line` and the columns `c0`, `c1`, … as received.

CSV and JSON lines are read once into a temporary table of texts, Parquet is scanned in place.
Columns get neutral names so that no header can collide with the load's own columns.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest import sql
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Readable
from orchestration.ingest.lines import (
    LINE_REJECTS,
    LINES,
    ROW_REJECTS,
    TEMPORARY,
    first_line,
    numbered,
    read_lines,
)

_STAGED = "_ingest_rows"
_UNUSABLE = "_ingest_unusable"


@dataclass(frozen=True)
class Received:
    """A column as it lies in the file."""

    name: str  # the file's own
    expression: str  # its name in the relation
    type: str  # DuckDB type


@dataclass(frozen=True)
class Relation:
    """What a reader made of a file."""

    sql: str | None  # to select from: `_line` (1-based), c0, c1, …; None: not one usable row
    columns: tuple[Received, ...]
    rejects: str | None = None  # query of structural rejects: line, column_name, value, reason


def read(con: duckdb.DuckDBPyConnection, source: Source, readable: Readable) -> Relation | None:
    """Read a file by its source's format; None where it holds no data row at all.

    Raises:
        LoadError: the file as a whole is unusable.
        duckdb.Error: DuckDB cannot read it.
    """
    if readable.path.stat().st_size == 0:
        return None
    readers = {"csv": _read_csv, "json": _read_json, "parquet": _read_parquet}
    return readers[source.format](con, source, readable)


def drop_staged(con: duckdb.DuckDBPyConnection) -> None:
    """Free what `read` has put into temporary tables."""
    for table in (_STAGED, _UNUSABLE, *TEMPORARY):
        con.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _read_parquet(
    con: duckdb.DuckDBPyConnection, source: Source, readable: Readable
) -> Relation | None:
    path = sql.glob_safe(str(readable.path))
    described = con.execute(
        f"DESCRIBE SELECT * FROM read_parquet({path}, hive_partitioning = false)"
    ).fetchall()
    columns = tuple(Received(row[0], f"c{number}", row[1]) for number, row in enumerate(described))
    chosen = ", ".join(f"{sql.name(column.name)} AS {column.expression}" for column in columns)
    return Relation(
        f"(SELECT file_row_number + 1 AS _line, {chosen} FROM read_parquet({path},"
        " hive_partitioning = false, file_row_number = true))",
        columns,
    )


def _read_csv(
    con: duckdb.DuckDBPyConnection, source: Source, readable: Readable
) -> Relation | None:
    options = source.options
    names = _header(con, source, readable) if options.header else list(source.columns)
    fields = [f"c{number}" for number in range(len(names))]
    declared = ", ".join(f"{field}: 'VARCHAR'" for field in fields)
    con.execute(
        f"CREATE TEMP TABLE {_STAGED} AS SELECT row_number() OVER () AS _row, * FROM"
        f" read_csv({sql.glob_safe(str(readable.path))}, columns = {{{declared}}},"
        f" header = {options.header}, delim = {sql.text(options.delimiter)}, quote = '\"',"
        " escape = '\"', auto_detect = false, hive_partitioning = false,"
        # Padding breaks on quoted line ends when a file is read in parallel.
        f" null_padding = {options.short_lines}, parallel = {not options.short_lines},"
        f" strict_mode = true, store_rejects = true, rejects_table = '{ROW_REJECTS}',"
        f" rejects_scan = '{ROW_REJECTS}_scans', rejects_limit = 0)"
    )
    relation = numbered(con, readable, _STAGED, fields, header=options.header)
    columns = tuple(
        Received(name, field, "VARCHAR") for name, field in zip(names, fields, strict=True)
    )
    shown = "CASE {} END".format(
        " ".join(
            f"WHEN column_name = '{field}' THEN {sql.text(name)}"
            for name, field in zip(names, fields, strict=True)
        )
    )
    return Relation(
        relation,
        columns,
        f"SELECT line, CASE error_type WHEN 'UNQUOTED VALUE' THEN {shown} END AS column_name,"
        " csv_line AS value, lower(error_type) || ': ' || error_message AS reason"
        f" FROM {ROW_REJECTS}",
    )


def _header(con: duckdb.DuckDBPyConnection, source: Source, readable: Readable) -> list[str]:
    """Names in the first line; unnamed and repeated extra ones get a number."""
    first = first_line(con, readable)
    if first is None:
        raise LoadError("the first line is blank; it must hold the column names")
    cells = next(csv.reader([first], delimiter=source.options.delimiter))
    return _distinct([cell.strip() for cell in cells], source)


def _distinct(cells: Sequence[str], source: Source) -> list[str]:
    seen: set[str] = set()
    names: list[str] = []
    contract = {column.lower() for column in source.columns}
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column_{number}"
        if name.lower() in seen:
            if name.lower() in contract:
                raise LoadError(f"column '{name}' is twice in the header; keep one of them")
            name = f"{name}_{number}"
        seen.add(name.lower())
        names.append(name)
    return names


def _read_json(
    con: duckdb.DuckDBPyConnection, source: Source, readable: Readable
) -> Relation | None:
    """JSON lines, or one array of objects.

    A JSON number passes through a double: money of more than 15 digits must be written as text.
    """
    read_lines(con, readable)
    first = con.execute(
        f"SELECT trim(line) FROM {LINES} WHERE trim(line) <> '' ORDER BY _line LIMIT 1"
    ).fetchone()
    if first is None:
        return None
    if first[0].startswith("["):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {LINES} AS SELECT row_number() OVER () AS _line,"
            f" CAST(json AS VARCHAR) AS line FROM read_json_objects("
            f"{sql.glob_safe(str(readable.path))}, format = 'array')"
        )
    # CASE, because the order of AND is not fixed and json_type raises on what is no JSON.
    usable = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    con.execute(
        f"CREATE TEMP TABLE {_UNUSABLE} AS SELECT _line AS line, NULL AS column_name,"
        f" line AS value, 'not a JSON object' AS reason FROM {LINES}"
        f" WHERE trim(line) <> '' AND NOT {usable}"
    )
    objects = f"{LINES} WHERE trim(line) <> '' AND _line NOT IN (SELECT line FROM {_UNUSABLE})"
    found = con.execute(f"SELECT DISTINCT unnest(json_keys(line)) FROM {objects}").fetchall()
    keys = _in_contract_order([row[0] for row in found], source)
    pointers = ["/" + key.replace("~", "~0").replace("/", "~1") for key in keys]
    fields = [f"c{number}" for number in range(len(keys))]
    values = "".join(f", v[{number}] AS {field}" for number, field in enumerate(fields, start=1))
    con.execute(
        f"CREATE TEMP TABLE {_STAGED} AS SELECT _line{values} FROM (SELECT _line,"
        f" json_extract_string(line, {sql.texts(pointers)}::VARCHAR[]) AS v FROM {objects})"
    )
    con.execute(f"DROP TABLE {LINES}")
    names = _distinct(keys, source)
    columns = tuple(
        Received(name, field, "VARCHAR") for name, field in zip(names, fields, strict=True)
    )
    some = con.execute(f"SELECT 1 FROM {_STAGED} LIMIT 1").fetchone()
    return Relation(
        None if some is None else _STAGED,
        columns,
        f"SELECT * FROM {_UNUSABLE} UNION ALL SELECT line, NULL, csv_line,"
        f" lower(error_type) || ': ' || error_message FROM {LINE_REJECTS}",
    )


def _in_contract_order(keys: Sequence[str], source: Source) -> list[str]:
    order = {column: number for number, column in enumerate(source.columns)}
    return sorted(keys, key=lambda key: (order.get(key, len(order)), key))
