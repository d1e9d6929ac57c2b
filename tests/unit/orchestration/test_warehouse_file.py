"""A warehouse that cannot be opened: where, why and what to do, in one line."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse_file import (
    WarehouseLockedError,
    WarehouseUnusableError,
    connect,
    why_unusable,
)

AWAY = (
    "ove it away: the next 'kpi run' builds it again from the files in landing/, and tells of open "
    "incidents anew."
)
HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def warehouse(tmp_path):
    return tmp_path / "warehouse.duckdb"


def refused(warehouse, **how):
    with pytest.raises(WarehouseUnusableError) as raised:
        connect(warehouse, **how)
    assert isinstance(raised.value, WarehouseLockedError) == (
        "another program" in str(raised.value)
    )
    return str(raised.value)


def test_one_that_can_be_opened_is(warehouse):
    with connect(warehouse) as con:
        con.execute("create table t as select 1 as a")
    with connect(warehouse, read_only=True) as con:
        assert con.execute("from t").fetchall() == [(1,)]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_program_that_has_it_open_is_named(warehouse, read_only):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        program = Path(os.readlink(f"/proc/{holder.pid}/exe")).name
        assert refused(warehouse, read_only=read_only) == (
            f"{warehouse} is open in another program (process {holder.pid}, {program}), and only "
            "one may have it: close it there, or wait for that run to end, and try again. Read "
            "published/kpis.duckdb instead."
        )
    finally:
        holder.communicate("")


def test_one_that_is_no_database_is_to_be_moved_away(warehouse):
    warehouse.write_bytes(b"x" * 5000)
    assert refused(warehouse) == (
        f'{warehouse} cannot be read (The file "{warehouse}" exists, but it is not a valid DuckDB '
        f"database file). M{AWAY}"
    )


def test_one_that_is_damaged_is_to_be_moved_away_and_is_not_taken_for_locked(warehouse):
    with connect(warehouse) as con:
        con.execute("create table t as select 1 as a")
    content = bytearray(warehouse.read_bytes())
    content[12] ^= 0xFF  # in the first block, whose checksum no longer fits: DuckDB says "block"
    warehouse.write_bytes(content)
    said = refused(warehouse, read_only=True)
    assert said.startswith(f"{warehouse} cannot be read (Corrupt database file: ")
    assert said.endswith(f" in block at location 0). M{AWAY}")


def test_one_of_a_newer_version_is_told_as_such(warehouse):
    words = (  # of DuckDB 1.5.5 on a file that 2.0.1 wrote
        "IO Error: Trying to read a database file with version number 999, but we can only read "
        "versions between 64 and 68.\nThe database file was created with an newer version of "
        "DuckDB.\n\nNewer DuckDB version might introduce backward incompatible changes (possibly "
        "guarded by compatibility settings).\nSee the storage page for migration strategy and "
        "more information: https://duckdb.org/internals/storage"
    )
    assert why_unusable(warehouse, duckdb.IOException(words)) == (
        f"{warehouse} was written by another version of DuckDB than this one "
        f"({duckdb.__version__}). Run with that version, or m{AWAY}"
    )


@pytest.mark.parametrize(
    "words", ["Permission denied", "Read-only file system", "No space left on device"]
)
def test_one_that_the_system_refuses_is_not_to_be_moved_away(warehouse, words):
    error = duckdb.IOException(f'IO Error: Cannot open file "{warehouse}": {words}')
    assert why_unusable(warehouse, error) == (
        f'{warehouse} cannot be opened (Cannot open file "{warehouse}": {words}). Mend that and '
        "try again."
    )
