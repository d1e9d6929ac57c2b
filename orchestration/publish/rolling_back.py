"""The history of a publication that is put back: what came after it, and that it is back."""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.publish import history, restatements
from orchestration.publish.check_history import write_checks
from orchestration.publish.files import Publication
from orchestration.publish.history_tables import HISTORY_TABLES, KPI_PUBLICATIONS
from orchestration.publish.rows import KEY

# As a run has them, read from the publication itself.
_ROWS = f"""
CREATE TEMP TABLE publish_rows AS
SELECT {", ".join(KEY)}, spec_version, spec_fingerprint, value, data_status, reason_codes, reason
FROM main.kpi_values;
CREATE TEMP TABLE publish_kpis AS
SELECT kpi, spec_fingerprint FROM main.kpi_catalog WHERE is_current"""


def rolled_back(
    con: duckdb.DuckDBPyConnection, chosen: Publication, others: Iterable[Path], now: dt.datetime
) -> dict[str, int]:
    """Add to a copy of `chosen` what other publications know, and the rollback as an entry.

    A publication of before there was history stays as it is; one that history leaves out (a look
    back) gets no entry.

    Args:
        con: read-write connection to the copy.
        chosen: the publication that it is a copy of.
        others: files of the kept publications.
        now: when readers get it; an aware time is kept as naive UTC.

    Returns:
        Rows per table.
    """
    if not history.has_ledger(con, _database(con)):
        return chosen.counts
    history.ensure(con, "main")  # one that an earlier version made may lack a table
    history.remember(con, "main", others)
    run = con.execute(
        f"SELECT computed_at, as_of FROM {KPI_PUBLICATIONS.name} WHERE run_id = ? LIMIT 1",
        [chosen.run_id],
    ).fetchone()
    if run is not None:
        _enter(con, chosen, run[1], now)
    counts = dict(chosen.counts)
    for table in HISTORY_TABLES:
        counts[table.name] = con.execute(f"SELECT count(*) FROM {table.name}").fetchall()[0][0]
    con.execute("UPDATE publication SET counts = ?", [json.dumps(counts)])
    return counts


def _enter(
    con: duckdb.DuckDBPyConnection, chosen: Publication, as_of: dt.date, now: dt.datetime
) -> None:
    if now.tzinfo is not None:
        now = now.astimezone(dt.UTC).replace(tzinfo=None)
    (time_zone,) = con.execute("SELECT time_zone FROM publication").fetchall()[0]
    entry = history.next_entry(
        con, "main", event="rollback", run_id=chosen.run_id, computed_at=chosen.computed_at,
        as_of=as_of, shown_at=now, time_zone=time_zone,
    )  # fmt: skip
    if entry is None:
        return
    con.execute(_ROWS)
    con.execute(restatements.before_sql("main"))
    con.execute(restatements.changes_sql("rollback"))
    con.execute(restatements.revisions_sql("main"))
    con.execute("BEGIN")
    restatements.write_entry(con, entry, "main")
    write_checks(con, entry, "main")
    con.execute("COMMIT")


def _database(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.execute("SELECT current_database()").fetchall()[0][0])
