"""Ctrl-C and SIGTERM during `kpi run`, in a process of its own as from a terminal."""

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.cli.main import main
from tests.copies import PROJECTS, REPOSITORY, copy_project

# A run that never ends, and drops every exception, as libraries do.
STUBBORN = """
import sys, time
from pathlib import Path
from orchestration import pipeline
from orchestration.cli.main import main

def run(paths, *_, on_progress, **__):
    if {is_out}:
        paths.published_file.parent.mkdir()
        paths.published_file.write_text("new")
    on_progress("ingest", 0, 1, "")
    on_progress("models", 0, 1, "")
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

pipeline.run = run
raise SystemExit(main(["run", "--project", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "sigterm"])
@pytest.mark.parametrize(
    ("is_out", "said"),
    [
        (False, "kpi: stopped; nothing was published. The next run goes on from here.\n"),
        (True, "kpi: stopped after it had published; what is left to tell the next run tells.\n"),
    ],
)
def test_a_run_that_is_told_to_stop_does_whatever_it_is_at(tmp_path, number, is_out, said):
    root = copy_project(PROJECTS / "shop", tmp_path / "shop")
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN.format(is_out=is_out), str(root)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    begun = process.stderr.readline()
    assert begun.startswith("Ingesting sources"), begun + process.stderr.read()
    process.send_signal(number)
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    assert (process.wait(), process.stderr.read()) == (2, said)


def test_one_that_nobody_listens_to_stops_all_the_same(tmp_path):
    root = copy_project(PROJECTS / "shop", tmp_path / "shop")
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN.format(is_out=False), str(root)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.stderr.close()
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(20) == 2
    finally:
        process.kill()


def test_signals_are_as_they_were_after_a_run(tmp_path):
    from orchestration.cli.stopping import stops_at_once

    def handlers():
        return signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    before = handlers()
    with stops_at_once(lambda: None):
        assert handlers() != before or signal.SIG_DFL not in before
    assert handlers() == before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_any_command_that_is_stopped_says_so_whatever_duckdb_makes_of_it(
    tmp_path, monkeypatch, capsys, error
):
    def stopped(*_, **__):
        raise error

    monkeypatch.setattr("orchestration.demo.prepare", stopped)
    assert main(["demo", "--project", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "kpi: stopped by you; nothing was published that was not complete.\n"
    )


CTRL_C_IN_A_QUERY = """
import os, signal, threading
import duckdb
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    duckdb.execute("select sum(a.range * b.range) from range(10000000) a, range(10000000) b")
except BaseException as error:
    print(type(error).__name__, error)
"""


def test_duckdb_still_makes_that_of_ctrl_c_in_a_query():
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_IN_A_QUERY], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "RuntimeError Query interrupted\n", done.stderr
