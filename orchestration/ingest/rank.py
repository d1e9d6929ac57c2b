"""Which of two files holds a row that stands in both: the one whose name sorts last.

The staging views of a project decide so (`last_file`). Here is told who delivers a file that does
not hold: a correction that is overlooked looks like one that was made.
"""

import re
from typing import TYPE_CHECKING

from kpi_specs.language.source import Source
from orchestration.ingest import sql
from orchestration.ingest.audit import standing_loads
from orchestration.ingest.tables import qualified

if TYPE_CHECKING:
    import duckdb


def rank(file: str) -> tuple[str, str]:
    """What files are ordered by: their names without endings, then with them."""
    return re.sub(r"[.][^/]*$", "", file), file


def outranked_rows(
    con: "duckdb.DuckDBPyConnection", source: Source, file: str, load_id: str
) -> tuple[int, str]:
    """Rows of a load whose key stands in a file of a later name; that file, or the last of them.

    Nothing is looked up where the source names no key, and where no such file is there.
    """
    table = qualified(source)
    if not source.key:
        return 0, ""
    standing = standing_loads(con, source.source)
    later = sorted((name for name in standing if rank(name) > rank(file)), key=rank)
    if not later:
        return 0, ""
    keys = ", ".join(sql.name(column) for column in source.key)
    found = con.execute(
        f"SELECT count(*), list(DISTINCT other._file) FROM {table} AS given"
        f" JOIN (SELECT {keys}, arg_max(_file, list_position($later, _file)) AS _file FROM {table}"
        f" WHERE list_contains($later, _file) GROUP BY {keys}) AS other USING ({keys})"
        " WHERE given._load_id = $load_id",
        {"later": later, "load_id": load_id},
    ).fetchone()
    if found is None or not found[0]:
        return 0, ""
    return found[0], max(found[1], key=rank)
