"""A database as one file: its rows, read in one go, as lines of JSON that are loaded like others.

Values are written as texts, as files hold them: the contract's types decide what they are, and a
text in a column of numbers is a reject, not the end of the load. Nothing that the query changes is
kept. What the address says is never part of a message.
"""

import datetime as dt
import decimal
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kpi_specs.language.database import Database
from kpi_specs.language.source import Source, SourceOptions
from orchestration.ingest.errors import LoadError
from orchestration.ingest.files import Found

NAME = "database"  # of the one file that all rows of a database source are of

_CHUNK = 10_000  # rows
_SECONDS = 5  # that a locked SQLite file is waited for
_AGAIN = "the next run tries it again"

Rows = Iterator[Sequence[Any]]


def as_lines(source: Source) -> Source:
    """The source as that of the file that `read_out` writes."""
    options = SourceOptions(
        date_format=source.options.date_format, timestamp_format=source.options.timestamp_format
    )
    return source.model_copy(update={"format": "json", "options": options})


def read_out(source: Source, root: Path, folder: Path) -> Found:
    """Write all rows of a source's table or query into a file of `folder`.

    Its hash is that of the rows in whatever order they came: a database promises none.

    Raises:
        LoadError: the database cannot be read; the message has no part of its address.
    """
    assert source.database is not None, "asked of database sources only"
    path, count, total = folder / "rows.jsonl", 0, 0
    with _rows(source.database, root) as (names, rows), path.open("w", encoding="utf-8") as lines:
        if twice := {name for name in names if names.count(name) > 1}:
            raise LoadError(f"the column {', '.join(sorted(twice))} is there twice; rename one")
        for row in rows:
            values = dict(zip(names, map(_text, row), strict=True))
            line = json.dumps(values, ensure_ascii=False)
            try:
                lines.write(line + "\n")
            except UnicodeEncodeError:
                raise LoadError(f"row {count + 1} holds text that is not UTF-8") from None
            digest = hashlib.sha256(line.encode()).digest()
            total = (total + int.from_bytes(digest[:16])) % 2**128
            count += 1
    content = hashlib.sha256(f"{names}\n{count}\n{total}".encode()).hexdigest()
    status = path.stat()
    return Found(path, NAME, content, status.st_size, status.st_mtime_ns)


@contextmanager
def _rows(database: Database, root: Path) -> Iterator[tuple[list[str], Rows]]:
    """Names of the columns, and the rows."""
    if database.env is not None:
        opened = _server(database, database.env)
    else:
        path = root / (database.file or "")
        if not path.is_file():
            raise LoadError(f"there is no file {database.file}; put it there, or correct 'file'")
        with path.open("rb") as stream:
            head = stream.read(16)
        opened = _sqlite(database, path) if head[:6] == b"SQLite" else _duckdb(database, path)
    with opened as found:
        yield found


@contextmanager
def _sqlite(database: Database, path: Path) -> Iterator[tuple[list[str], Rows]]:
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_SECONDS)) as con:
            cursor = con.execute(_select(database, lambda name: f'"{name}"'))
            yield [column[0] for column in cursor.description or ()], cursor
    except sqlite3.Error as error:
        raise LoadError(f"{database.file} cannot be read ({error}); {_AGAIN}") from None


@contextmanager
def _duckdb(database: Database, path: Path) -> Iterator[tuple[list[str], Rows]]:
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as con:
            cursor = con.execute(_select(database, lambda name: f'"{name}"'))
            names = [column[0] for column in cursor.description or ()]
            yield names, _in_chunks(cursor.fetchmany)
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise LoadError(f"{database.file} cannot be read ({said}); {_AGAIN}") from None


@contextmanager
def _server(database: Database, variable: str) -> Iterator[tuple[list[str], Rows]]:
    import sqlalchemy
    from sqlalchemy import exc

    address = os.environ.get(variable)
    if not address:
        raise LoadError(
            f"the environment variable {variable}, which says where the database is, is not set"
        )
    try:
        url = sqlalchemy.make_url(address)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, hide_parameters=True)
    except (exc.NoSuchModuleError, ImportError):
        raise LoadError(
            f"no driver is installed for {url.drivername}, which the environment variable "
            f"{variable} asks for; install it beside this product"
        ) from None
    except exc.ArgumentError:
        raise LoadError(
            f"what the environment variable {variable} holds is no address of a database; write it "
            "like postgresql+psycopg://user:password@host/name"
        ) from None
    try:
        quote = engine.dialect.identifier_preparer.quote
        # Without the last of them a driver takes a per cent sign in a query for a parameter.
        with engine.connect().execution_options(
            stream_results=True, max_row_buffer=_CHUNK, no_parameters=True
        ) as con:
            result = con.exec_driver_sql(_select(database, quote))
            yield list(result.keys()), _in_chunks(result.fetchmany)
            con.rollback()
    except (exc.SQLAlchemyError, OSError, ValueError) as error:  # not all drivers wrap their own
        raise LoadError(
            f"the database of {variable} cannot be read ({_said(error, url)}); {_AGAIN}"
        ) from None
    finally:
        engine.dispose()


def _said(error: Exception, url: Any) -> str:
    """What the driver says, without anything of the address but its kind."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    for secret in (url.render_as_string(hide_password=False), url.password, url.username, url.host):
        if secret:
            said = said.replace(str(secret), "...")
    return said


def _select(database: Database, quote: Callable[[str], str]) -> str:
    if database.query is not None:
        return database.query
    return "select * from " + ".".join(quote(part) for part in (database.table or "").split("."))


def _in_chunks(fetch: Callable[[int], Sequence[Any]]) -> Rows:
    while chunk := fetch(_CHUNK):
        yield from chunk


def _text(value: Any) -> str | None:
    """A value as a file would hold it; of what is empty None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
