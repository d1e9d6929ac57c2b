"""Physical line numbers of a text file.

DuckDB gives no line number for a row, skips blank lines and counts a quoted line break as nothing,
so the number is derived from the row's position:

- no line break inside quotes: exact, with blank and rejected lines accounted for;
- line breaks inside quotes: exact for the row's first line, as long as the file has neither blank
  lines nor structurally bad ones; with those it is off by the ones before the row.
"""

import codecs
from collections.abc import Sequence

import duckdb

from orchestration.ingest import sql
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Readable

LINES = "_ingest_lines"  # _line BIGINT, line VARCHAR: every physical line, blank ones NULL
LINE_REJECTS = "_ingest_line_rejects"  # lines that are not valid UTF-8 or too long
ROW_REJECTS = "_ingest_row_rejects"  # lines that are no row of the CSV file
_NUMBERS = "_ingest_numbers"
_SPLIT = "_ingest_split"

TEMPORARY = (
    LINES, _NUMBERS, _SPLIT,
    LINE_REJECTS, f"{LINE_REJECTS}_scans", ROW_REJECTS, f"{ROW_REJECTS}_scans",
)  # fmt: skip

# A control character that neither CSV nor JSON may hold: each line is one field.
_NEVER = "\x01"

_LONGEST_HEADER = 1 << 20  # bytes


def read_lines(con: duckdb.DuckDBPyConnection, readable: Readable) -> None:
    """Read the physical lines of a file into the temporary tables LINES and LINE_REJECTS."""
    con.execute(
        f"CREATE TEMP TABLE {_SPLIT} AS SELECT row_number() OVER () AS _row, line FROM"
        f" {_line_scan(readable)}, store_rejects = true, rejects_table = '{LINE_REJECTS}',"
        f" rejects_scan = '{LINE_REJECTS}_scans', rejects_limit = 0)"
    )
    if _count(con, f"SELECT count(*) FROM {LINE_REJECTS}") == 0:
        con.execute(f"ALTER TABLE {_SPLIT} RENAME _row TO _line")
        con.execute(f"ALTER TABLE {_SPLIT} RENAME TO {LINES}")
        return
    shifted = _shifted(_SPLIT, ["line"], LINE_REJECTS, 0)
    con.execute(f"CREATE TEMP TABLE {LINES} AS SELECT * FROM {shifted}")
    con.execute(f"DROP TABLE {_SPLIT}")


def first_line(con: duckdb.DuckDBPyConnection, readable: Readable) -> str | None:
    """The first physical line; None where it is blank.

    Raises:
        LoadError: it is not valid UTF-8.
    """
    if readable.compressed:
        row = con.execute(f"SELECT line FROM {_line_scan(readable)}) LIMIT 1").fetchone()
        return None if row is None else row[0]
    with readable.path.open("rb") as stream:
        lines = stream.read(_LONGEST_HEADER).removeprefix(codecs.BOM_UTF8).splitlines()
    try:
        return lines[0].decode("utf-8") or None if lines else None
    except UnicodeDecodeError:
        raise LoadError(
            "the header is not valid utf-8; set options.encoding of the source to what the file"
            " is written in, e.g. latin-1"
        ) from None


def numbered(
    con: duckdb.DuckDBPyConnection,
    readable: Readable,
    staged: str,
    fields: Sequence[str],
    *,
    header: bool,
) -> str:
    """A relation of `_line` and the fields, from a staged table whose `_row` counts its rows.

    `ROW_REJECTS` holds what was refused while the table was filled.
    """
    before = int(header)
    refused = _count(con, f"SELECT count(DISTINCT line) FROM {ROW_REJECTS}")
    rows = before + refused + _count(con, f"SELECT count(*) FROM {staged}")
    if rows == readable.lines and refused == 0:
        return f"(SELECT _row + {before} AS _line, {', '.join(fields)} FROM {staged})"
    if rows == readable.lines:
        return _shifted(staged, fields, ROW_REJECTS, before)
    read_lines(con, readable)
    written = _count(con, f"SELECT count(line) FROM {LINES}")
    written += _count(con, f"SELECT count(DISTINCT line) FROM {LINE_REJECTS}")
    if rows == written:
        return _by_written_lines(con, staged, fields, before)
    return _by_line_breaks(staged, fields, before)


def _line_scan(readable: Readable) -> str:
    """The reader's call without its closing bracket."""
    return (
        f"read_csv({sql.glob_safe(str(readable.path))}, columns = {{line: 'VARCHAR'}},"
        f" header = false, delim = '{_NEVER}', quote = '', escape = '', auto_detect = false,"
        " hive_partitioning = false, strict_mode = false"
    )


def _shifted(staged: str, fields: Sequence[str], rejects: str, before: int) -> str:
    """Row n lies at n, plus the header, plus the refused lines before it."""
    chosen = ", ".join(f"s.{field}" for field in fields)
    return (
        f"(SELECT s._row + {before} + coalesce(r.refused, 0) AS _line, {chosen} FROM {staged} s"
        " ASOF LEFT JOIN (SELECT refused, line - refused AS reached FROM"
        f" (SELECT line, row_number() OVER (ORDER BY line) AS refused"
        f" FROM (SELECT DISTINCT line FROM {rejects}))) r ON s._row + {before} > r.reached)"
    )


def _by_written_lines(
    con: duckdb.DuckDBPyConnection, staged: str, fields: Sequence[str], before: int
) -> str:
    """Row n is the n-th line that is neither blank, nor refused, nor the header."""
    con.execute(
        f"CREATE TEMP TABLE {_NUMBERS} AS SELECT row_number() OVER (ORDER BY _line) AS _row, _line"
        f" FROM {LINES} WHERE line IS NOT NULL AND _line > {before}"
        f" AND _line NOT IN (SELECT line FROM {ROW_REJECTS})"
    )
    chosen = ", ".join(f"s.{field}" for field in fields)
    return f"(SELECT n._line, {chosen} FROM {staged} s JOIN {_NUMBERS} n USING (_row))"


def _by_line_breaks(staged: str, fields: Sequence[str], before: int) -> str:
    """Each row takes one line and one more for every line break in its values."""
    breaks = " + ".join(
        f"coalesce(length({field}) - length(replace({field}, chr(10), '')), 0)" for field in fields
    )
    return (
        f"(SELECT _row + {before} + coalesce(sum({breaks}) OVER (ORDER BY _row ROWS BETWEEN"
        f" UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS _line, {', '.join(fields)}"
        f" FROM {staged})"
    )


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return 0 if row is None else int(row[0])
