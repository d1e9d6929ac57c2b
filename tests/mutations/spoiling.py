"""Spoil the market: its raw files, by SQL over their rows or as files, its specs and its marts."""

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from tests.mutations.catalogue import Mutation

SOURCES = ("orders", "ads", "customers")


def spoil(root: Path, mutation: Mutation) -> None:
    """Do to the market what the mutation says; that its files change is asserted."""
    for edit in mutation.edits:
        file = root / edit.file
        text = file.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.old!r} stands {text.count(edit.old)} times"
        file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    if mutation.edits and not (mutation.sql or mutation.files):
        return
    folder = root / "landing"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    if mutation.files:
        FILES[mutation.files](root)
    else:
        by_sql(root, mutation.sql)
    assert before != {file.name: file.read_bytes() for file in folder.iterdir()}


def by_sql(root: Path, statements: Sequence[str]) -> None:
    """Change the rows of the landing files; every column is text, `berlin(ts)` is a row's day.

    Only files whose rows changed are written anew.
    """
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            "create macro berlin(moment) as "
            "(moment::timestamp at time zone 'UTC' at time zone 'Europe/Berlin')::date"
        )
        for source in SOURCES:
            con.execute(
                f"create table {source} as select *, row_number() over () as line from read_csv("
                f"'{root}/landing/{source}.csv', all_varchar = true)"
            )
            con.execute(f"create table {source}_before as from {source}")
        for statement in statements:
            con.execute(statement)
        for source in SOURCES:
            header, found = _table(con, source)
            if (header, found) == _table(con, f"{source}_before"):
                continue
            with (root / f"landing/{source}.csv").open("w", newline="", encoding="utf-8") as text:
                writer = csv.writer(text, lineterminator="\n")
                writer.writerow(header)
                writer.writerows([["" if cell is None else cell for cell in row] for row in found])


def _table(con: duckdb.DuckDBPyConnection, name: str) -> tuple[list[str], list[tuple[str, ...]]]:
    rows = con.execute(f"select * exclude (line) from {name} order by line")
    return [column[0] for column in rows.description or ()], rows.fetchall()


LEDGER = """\
source: ledger
title: {en: General ledger}
owner: platform
kind: files
path: landing/ledger*.csv
format: csv
columns:
  day: {type: date, required: true}
  net: {type: "decimal(12,2)", required: true}
key: [day]
event_time: day
arrives: {every: day, within: 1 day}
"""

FILES: dict[str, Callable[[Path], None]] = {}


def spoils(change: Callable[[Path], None]) -> Callable[[Path], None]:
    """Make a change of files known to the catalogue under its function's name."""
    FILES[change.__name__] = change
    return change


def _file(root: Path, source: str) -> Path:
    return root / f"landing/{source}.csv"


@spoils
def remove_orders(root: Path) -> None:
    _file(root, "orders").unlink()


@spoils
def remove_ads(root: Path) -> None:
    _file(root, "ads").unlink()


@spoils
def remove_customers(root: Path) -> None:
    _file(root, "customers").unlink()


@spoils
def empty_orders(root: Path) -> None:
    _file(root, "orders").write_bytes(b"")


@spoils
def copy_orders(root: Path) -> None:
    (root / "landing/orders_again.csv").write_bytes(_file(root, "orders").read_bytes())


@spoils
def overlap_orders(root: Path) -> None:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            f"copy (select * from read_csv('{root}/landing/orders.csv', all_varchar = true) where "
            "(ordered_at::timestamp at time zone 'UTC' at time zone 'Europe/Berlin')::date "
            f"between '2024-03-01' and '2024-03-31') to '{root}/landing/orders_march.csv' (header)"
        )


@spoils
def ledger_lacks_a_day(root: Path) -> None:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(
            "copy (select "
            "(ordered_at at time zone 'UTC' at time zone 'Europe/Berlin')::date as day, "
            "sum(amount::decimal(12,2)) as net "
            f"from read_csv('{root}/landing/orders.csv', types = {{'amount': 'decimal(12,2)'}}) "
            "group by day having day <> '2024-03-05' order by day) "
            f"to '{root}/landing/ledger.csv' (header)"
        )
    (root / "kpi_specs/sources/ledger.yml").write_text(LEDGER, encoding="utf-8")


def _rewrite(root: Path, change: Callable[[bytes], bytes]) -> None:
    file = _file(root, "orders")
    file.write_bytes(change(file.read_bytes()))


@spoils
def header_in_capitals(root: Path) -> None:
    _rewrite(root, lambda text: text.split(b"\n", 1)[0].upper() + b"\n" + text.split(b"\n", 1)[1])


@spoils
def header_gone(root: Path) -> None:
    _rewrite(root, lambda text: text.split(b"\n", 1)[1])


@spoils
def delimiter_changed(root: Path) -> None:
    _rewrite(root, lambda text: text.replace(b",", b";"))


@spoils
def encoding_broken(root: Path) -> None:
    _rewrite(root, lambda text: re.sub(rb"(?m)^(500,[^,]+),C", b"\\1,C\xe9", text))


@spoils
def file_cut_off(root: Path) -> None:
    _rewrite(root, lambda text: text.rstrip()[:-15])


@spoils
def byte_order_mark(root: Path) -> None:
    _rewrite(root, lambda text: b"\xef\xbb\xbf" + text)


@spoils
def lines_end_as_in_windows(root: Path) -> None:
    _rewrite(root, lambda text: text.replace(b"\n", b"\r\n"))
