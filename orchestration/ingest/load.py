"""One file into its raw table: typed rows in, misfits to the rejects, within one transaction."""

import datetime as dt
import json
from dataclasses import dataclass

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest import sql
from orchestration.ingest.casts import Cast, as_text, cast
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Readable
from orchestration.ingest.readers import Received, Relation, drop_staged, read
from orchestration.ingest.tables import ORIGIN, add_text_columns, qualified


@dataclass(frozen=True)
class Counts:
    """What a file held."""

    rows_loaded: int
    rows_rejected: int
    absent: tuple[str, ...] = ()  # optional contract columns that the file lacks


_NO_ROWS = Counts(0, 0)
ZONES_APART = dt.timedelta(days=1)  # the load's time is UTC; somewhere it is the next day by then


def contract_of(source: Source) -> str:
    """What decides which lines are rejects, beside the types that the raw table has itself."""
    said = source.model_dump(
        mode="json",
        include={"format", "options", "event_time", "dated_ahead", "time_zone"},
        exclude_defaults=True,
    )
    said["required"] = sorted(name for name, one in source.columns.items() if one.required)
    return json.dumps(said, sort_keys=True)


def load_rows(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    readable: Readable,
    *,
    file: str,
    load_id: str,
    loaded_at: dt.datetime,
) -> Counts:
    """Append the file's good rows to `raw.<source>` and its bad ones to `audit.rejects`.

    The caller holds the transaction and rolls it back on any error.

    Raises:
        LoadError: a required column is missing, or the file is unusable as a whole.
        duckdb.Error: DuckDB cannot read the file.
    """
    relation = read(con, source, readable)
    if relation is None:
        counts = _NO_ROWS
    elif relation.sql is None:
        counts = Counts(0, _insert_rejects(con, source, relation.rejects, file, load_id))
    else:
        counts = _append(con, source, relation, file, load_id, loaded_at)
    drop_staged(con)
    return counts


def _append(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    relation: Relation,
    file: str,
    load_id: str,
    loaded_at: dt.datetime,
) -> Counts:
    known, extra, absent = _match(source, relation.columns)
    structural = _insert_rejects(con, source, relation.rejects, file, load_id)
    casts = {
        name: cast(column.expression, column.type, source.columns[name].type, source)
        for name, column in known.items()
    }
    last_day = loaded_at.date() + ZONES_APART + dt.timedelta(days=source.dated_ahead)
    checks = _failing(con, relation, _checks(source, known, casts, last_day))
    misfit = " OR ".join(f"({condition})" for condition, _ in checks)
    rejected = 0
    if checks:
        records = ", ".join(f"CASE WHEN {check} THEN {record} END" for check, record in checks)
        when = _event_time(source, known, casts, last_day)
        misfits = (
            "SELECT line, r.column_name, r.value, r.reason, event_time FROM (SELECT _line AS line,"
            f" {when} AS event_time,"
            f" unnest(list_filter([{records}], lambda x: x IS NOT NULL)) AS r"
            f" FROM {relation.sql} WHERE {misfit})"
        )
        rejected = _insert_rejects(con, source, misfits, file, load_id, timed=True) - structural
    add_text_columns(con, source, extra)
    values = {name: casts[name].value for name in known}
    values |= {name: as_text(column.expression, column.type) for name, column in extra.items()}
    targets = ", ".join(sql.name(name) for name in (*values, *ORIGIN))
    chosen = ", ".join((*values.values(), "?", "_line", "?", "?::TIMESTAMP"))
    where = f" WHERE NOT coalesce({misfit}, false)" if checks else ""
    loaded = _scalar(
        con,
        f"INSERT INTO {qualified(source)} ({targets}) SELECT {chosen} FROM {relation.sql}{where}",
        [file, load_id, loaded_at],
    )
    return Counts(loaded, structural + rejected, absent)


def _match(
    source: Source, columns: tuple[Received, ...]
) -> tuple[dict[str, Received], dict[str, Received], tuple[str, ...]]:
    """The file's columns by contract name, its extra ones, and the optional ones it lacks."""
    contract = {name.lower(): name for name in source.columns}
    known = {
        contract[column.name.lower()]: column
        for column in columns
        if column.name.lower() in contract
    }
    reserved = {name.lower() for name in ORIGIN}
    extra = {
        f"{column.name}_received" if column.name.lower() in reserved else column.name: column
        for column in columns
        if column.name.lower() not in contract
    }
    absent = tuple(name for name in source.columns if name not in known)
    required = tuple(name for name in absent if source.columns[name].required)
    if required:
        found = ", ".join(column.name for column in columns)
        what, it = ("the file", "the file") if source.database is None else ("the database", "rows")
        raise LoadError(
            f"COLUMN_MISSING: {what} has no column {', '.join(required)}, which the contract of"
            f" '{source.source}' requires; it has {found}. Deliver {it} with it, or change"
            " the contract",
            required,
        )
    return known, extra, absent


def _checks(
    source: Source, known: dict[str, Received], casts: dict[str, Cast], last_day: dt.date
) -> list[tuple[str, str]]:
    """Per column that can fail: the condition, and the reject's struct (column, value, reason)."""
    checks: list[tuple[str, str]] = []
    for name, column in known.items():
        blank, value = casts[name].blank, casts[name].value
        shown = f"left({as_text(column.expression, column.type)}, 1000)"
        if source.columns[name].required:
            checks.append((blank, _record(name, "NULL", "a required value is missing")))
        if not casts[name].exact:
            reason = f"not {casts[name].expected}"
            checks.append((f"NOT {blank} AND {value} IS NULL", _record(name, shown, reason)))
        if name == source.event_time:
            reason = f"after {last_day}, when it could not have happened yet; see dated_ahead"
            checks.append((_is_ahead(value, last_day), _record(name, shown, reason)))
    return checks


def _is_ahead(value: str, last_day: dt.date) -> str:
    return f"TRY_CAST({value} AS DATE) > DATE {sql.text(last_day.isoformat())}"


def _failing(
    con: duckdb.DuckDBPyConnection, relation: Relation, checks: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The checks that fail on some row: mostly none, and then the rows need no filter."""
    if not checks:
        return []
    asked = ", ".join(f"coalesce(bool_or({condition}), false)" for condition, _ in checks)
    answer = con.execute(f"SELECT {asked} FROM {relation.sql}").fetchone()
    assert answer is not None, "an aggregate without groups yields one row"
    return [check for check, fails in zip(checks, answer, strict=True) if fails]


def _record(name: str, value: str, reason: str) -> str:
    return f"{{column_name: {sql.text(name)}, value: {value}::VARCHAR, reason: {sql.text(reason)}}}"


def _event_time(
    source: Source, known: dict[str, Received], casts: dict[str, Cast], last_day: dt.date
) -> str:
    """SQL of a row's event time, NULL where it is none: of a reject its day may still be known."""
    if source.event_time not in known:
        return "NULL::TIMESTAMP"
    value = casts[source.event_time].value
    return f"CASE WHEN NOT {_is_ahead(value, last_day)} THEN TRY_CAST({value} AS TIMESTAMP) END"


def _insert_rejects(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    query: str | None,
    file: str,
    load_id: str,
    *,
    timed: bool = False,
) -> int:
    """Append rejects; returns how many lines they lie on. `timed`: the query has an event time."""
    if query is None:
        return 0
    columns = "line, column_name, value, reason"
    con.execute(
        f"INSERT INTO audit.rejects (load_id, source, file, {columns}, event_time)"
        f" SELECT ?, ?, ?, {columns}, {'event_time' if timed else 'NULL'} FROM ({query})",
        [load_id, source.source, file],
    )
    return _scalar(
        con, "SELECT count(DISTINCT line) FROM audit.rejects WHERE load_id = ?", [load_id]
    )


def _scalar(con: duckdb.DuckDBPyConnection, query: str, values: list[object]) -> int:
    row = con.execute(query, values).fetchone()
    return 0 if row is None else int(row[0])
