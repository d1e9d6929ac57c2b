"""What a failed run says: in one message, with what to do where that is known."""

import logging
from collections import namedtuple

import pytest

from orchestration import pipeline
from orchestration.cli.main import main
from tests.copies import PROJECTS, copy_project

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """A project whose run fails as SQLite does on a full disk."""
    root = copy_project(PROJECTS / "shop", tmp_path / "shop")

    def run(*_, **__):
        raise OSError("disk I/O error")

    monkeypatch.setattr(pipeline, "run", run)
    monkeypatch.setattr(logging, "raiseExceptions", True)  # given back after the test
    return root


def test_a_run_that_fails_names_the_file_with_the_traceback(failing, monkeypatch, capsys):
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9 << 30, 1 << 30, 8 << 30))
    assert main(["run", "--project", str(failing)]) == 2
    log = failing / "var/logs/last_failure.txt"
    assert capsys.readouterr().err == (
        f"kpi: the run failed, nothing was published: disk I/O error Details: {log}\n"
    )
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_on_a_full_disk_it_says_so_whatever_the_library_calls_it(failing, monkeypatch, capsys):
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9 << 30, 9 << 30, 4096))
    assert main(["run", "--project", str(failing)]) == 2
    assert capsys.readouterr().err.startswith(
        "kpi: the run failed, nothing was published: the disk is full: free some space and run "
        "again. (disk I/O error)"
    )
    assert not logging.raiseExceptions, "a log that cannot be written prints no traceback"


def test_what_the_system_refuses_is_one_message_and_no_traceback(failing, monkeypatch, capsys):
    def refused(*_, **__):
        raise OSError(30, "Read-only file system", "published/kpis.duckdb")

    monkeypatch.setattr("orchestration.publish.rollback", refused)
    assert main(["rollback", "--project", str(failing)]) == 2
    assert capsys.readouterr().err == (
        "kpi: published/kpis.duckdb: Read-only file system. Mend that and run the command again.\n"
    )
