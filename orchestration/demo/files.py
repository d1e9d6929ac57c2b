"""Writing tables as the platforms export them: one file per month, or one file in all."""

from pathlib import Path
from typing import Any

import duckdb

_FORMATS = {
    ".csv": "(format csv, header true)",
    ".jsonl": "(format json)",
    ".parquet": "(format parquet, compression zstd)",
}


def table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, Any]) -> None:
    """Make a temporary table of numpy arrays, all of one length, by column name.

    DuckDB finds `columns` by its name in this frame.
    """
    con.execute(f"create or replace temp table {name} as select * from columns")


def write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of `query` into `path`, in the format of its ending. Returns their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    copied = con.execute(f"copy ({query}) to '{quoted(path)}' {_FORMATS[path.suffix]}").fetchone()
    return int(copied[0]) if copied else 0


def write_monthly(
    con: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str, *, by: str
) -> int:
    """Write one file per calendar month of the column `by`, e.g. `refunds_2017-03.csv`.

    `name` has `{month}` where the month goes. Returns the number of rows in all files.
    """
    con.execute(f"create or replace temp table monthly as {query}")
    months = con.execute(f"select distinct strftime({by}, '%Y-%m') from monthly order by 1")
    return sum(
        write(
            con,
            f"select * from monthly where strftime({by}, '%Y-%m') = '{month}'",
            folder / name.format(month=month),
        )
        for (month,) in months.fetchall()
    )


def rewrite(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> int:
    """Replace a text file by the rows of `query`, which reads it as the table `given`.

    What the query does not touch keeps its bytes. Returns the number of rows written.
    """
    read(con, path)
    return write(con, query, path)


def read(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read a CSV or JSON-lines file as the temporary table `given`.

    Values of CSV are all text, and texts of JSON stay texts: written again, they look the same.
    """
    if path.suffix == ".csv":
        source = f"read_csv('{quoted(path)}', all_varchar = true, header = true)"
    else:
        source = f"read_json('{quoted(path)}', format = 'newline_delimited')"
    con.execute(f"create or replace temp table given as select * from {source}")


def quoted(path: Path) -> str:
    """A path as it stands inside a SQL text."""
    return str(path).replace("'", "''")
