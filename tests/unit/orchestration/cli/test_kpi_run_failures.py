"""What a failed run says: in one message, with what to do where that is known."""

import errno
import logging
import sqlite3
import sys
import sysconfig
from collections import namedtuple
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.exc import OperationalError

from orchestration import pipeline
from orchestration.cli.failures import _DUMP
from orchestration.cli.main import main
from orchestration.publish import PublishError
from tests.copies import PROJECTS, copy_project

Usage = namedtuple("Usage", "total used free")
ROOMY, FULL = Usage(9 << 30, 1 << 30, 8 << 30), Usage(9 << 30, 9 << 30, 4096)
OF_THE_HISTORY = OperationalError(
    "INSERT INTO event_logs (run_id, event) VALUES (?, ?)", ("a run", "{...}"),
    sqlite3.OperationalError("disk I/O error"),
)  # fmt: skip


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", True)  # given back after the test
    monkeypatch.setattr("shutil.disk_usage", lambda _: ROOMY)
    return copy_project(PROJECTS / "shop", tmp_path / "shop")


@pytest.fixture
def said(root, monkeypatch, capsys):
    """What a run prints that ends with an error; `before` it happens something else."""

    def of(error, before=lambda: None):
        def run(*_, **__):
            before()
            raise error

        monkeypatch.setattr(pipeline, "run", run)
        assert main(["run", "--project", str(root)]) == 2
        return capsys.readouterr().err

    return of


def test_a_run_that_fails_names_the_file_with_the_traceback(root, said):
    log = root / "var/logs/last_failure.txt"
    assert said(RuntimeError("no such thing")) == (
        f"kpi: the run failed, nothing was published: no such thing. Details: {log}\n"
    )
    assert "Traceback" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "usage"),
    [
        (OF_THE_HISTORY, FULL),  # SQLite does not say it
        (duckdb.Error("cannot rollback - no transaction is active"), FULL),
        (OSError(errno.ENOSPC, "No space left on device", "a file"), ROOMY),
        (duckdb.Error("IO Error: Could not write: No space left on device"), ROOMY),
    ],
)
def test_on_a_full_disk_it_says_so_whatever_the_library_calls_it(
    root, said, monkeypatch, error, usage
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert said(error) == (
        f"kpi: the run failed, nothing was published: the disk that holds {root} is full; free "
        f"some space and run again. Details: {root}/var/logs/last_failure.txt\n"
    )
    assert not logging.raiseExceptions, "a log that cannot be written prints no traceback"


def test_where_the_details_cannot_be_written_either_that_is_told(root, said, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.disk_usage", lambda _: FULL)
    monkeypatch.setattr(Path, "write_text", full)
    assert said(OF_THE_HISTORY) == (
        f"kpi: the run failed, nothing was published: the disk that holds {root} is full; free "
        f"some space and run again. The details could not be written to {root}/var/logs/"
        "last_failure.txt (No space left on device).\n"
    )


def test_a_history_of_runs_that_cannot_be_written_is_told_without_its_sql(root, said):
    assert said(OF_THE_HISTORY) == (
        f"kpi: the run failed, nothing was published: Dagster's history of runs in "
        f"{root}/var/dagster cannot be used (disk I/O error). Mend that, or move the folder away, "
        f"and run again. Details: {root}/var/logs/last_failure.txt\n"
    )


def test_what_dagster_prints_of_it_is_not_shown_and_all_else_is(root, said):
    def print_both():
        sys.stderr.write(f"{_DUMP}: (sqlite3.OperationalError) x\n[SQL: INSERT INTO event_logs]\n")
        sys.stderr.write("A warning.\n")

    shown = said(RuntimeError("no such thing"), before=print_both)
    assert shown.splitlines()[0] == "A warning."
    assert "SQL" not in shown


def test_dagster_still_prints_it_in_these_words():
    types = Path(sysconfig.get_paths()["purelib"]) / "dagster/_core/instance/types.py"
    assert f'sys.stderr.write(f"{_DUMP}: {{e}}\\n")' in types.read_text(encoding="utf-8")


def test_what_the_system_refuses_names_the_file(root, said):
    assert said(OSError(errno.EROFS, "Read-only file system", "/a/run.lock")) == (
        "kpi: the run failed, nothing was published: /a/run.lock: Read-only file system. Mend that "
        f"and run again. Details: {root}/var/logs/last_failure.txt\n"
    )


def test_what_a_publication_says_of_itself_is_not_contradicted(root, said):
    assert said(PublishError("kpis.duckdb is published, but parquet is one behind. Busy")) == (
        "kpi: the run failed. kpis.duckdb is published, but parquet is one behind. Busy. "
        f"Details: {root}/var/logs/last_failure.txt\n"
    )


def test_a_failure_after_the_publication_does_not_say_that_there_is_none(root, said):
    file = root / "published/kpis.duckdb"

    def publish():
        file.parent.mkdir()
        file.write_text("new")

    assert said(RuntimeError("no such thing"), before=publish) == (
        f"kpi: {file} is published, but what follows failed: no such thing. "
        f"Details: {root}/var/logs/last_failure.txt\n"
    )


def test_what_the_system_refuses_is_one_message_and_no_traceback(root, monkeypatch, capsys):
    def refused(*_, **__):
        raise OSError(30, "Read-only file system", "published/kpis.duckdb")

    monkeypatch.setattr("orchestration.publish.rollback", refused)
    assert main(["rollback", "--project", str(root)]) == 2
    assert capsys.readouterr().err == (
        "kpi: published/kpis.duckdb: Read-only file system. Mend that and run the command again.\n"
    )


def test_what_duckdb_is_refused_by_the_system_is_one_message_too(root, monkeypatch, capsys):
    def full(*_, **__):
        raise duckdb.IOException('IO Error: Could not write to file "a.csv":\nNo space left!')

    monkeypatch.setattr("orchestration.demo.prepare", full)
    assert main(["demo", "--project", str(root)]) == 2
    assert capsys.readouterr().err == (
        'kpi: Could not write to file "a.csv": No space left. Mend that and run the command '
        "again.\n"
    )


def test_a_fault_of_the_program_is_shown_as_one(root, monkeypatch):
    def broken(*_, **__):
        raise duckdb.BinderException("no such column")

    monkeypatch.setattr("orchestration.demo.prepare", broken)
    with pytest.raises(duckdb.BinderException):
        main(["demo", "--project", str(root)])
