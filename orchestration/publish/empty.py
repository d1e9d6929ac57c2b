"""Files of empty tables with their comments, which publications begin with."""

import tempfile
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.publish.columns import Table, comments, ddl, literal

STORAGE_VERSION = "v1.2.0"  # oldest DuckDB that must be able to read the file
_NAME = "publication_empty"


@lru_cache(maxsize=8)
def empty_publication(tables: tuple[Table, ...]) -> bytes:
    """A DuckDB file with these tables, their checks and comments, and no rows.

    A thousand columns take half a second to comment, and reading the file none: a process that
    publishes again begins with what it has.
    """
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        file = Path(folder) / "empty.duckdb"
        con.execute(f"ATTACH {literal(str(file))} AS {_NAME} (STORAGE_VERSION '{STORAGE_VERSION}')")
        for statements in (ddl, comments):
            con.execute("BEGIN")
            for table in tables:
                con.execute(statements(table, _NAME))
            con.execute("COMMIT")
        con.execute(f"DETACH {_NAME}")
        return file.read_bytes()
