import subprocess
import sys

import pytest

from orchestration import run_lock
from orchestration.run_lock import LOCK_FILE, RunLockedError, hold_run_lock

HOLD_AND_WAIT = """
import sys
from pathlib import Path
from orchestration.run_lock import hold_run_lock
with hold_run_lock(Path(sys.argv[1]), "other-run"):
    print("held", flush=True)
    sys.stdin.read()
"""

SEND_ALERTS = HOLD_AND_WAIT.replace('"other-run"', '"alerts"').replace(
    "sys.stdin.read()", "sys.stdin.readline()"
)


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_is_told_who_holds_the_lock(tmp_path, holder):
    with pytest.raises(RunLockedError) as caught, hold_run_lock(tmp_path, "mine"):
        pass
    message = str(caught.value)
    assert f"process {holder.pid}, run other-run, since 20" in message
    assert "wait for that run to end, or stop it" in message


def test_the_lock_of_a_killed_run_blocks_nobody(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert "other-run" in (tmp_path / LOCK_FILE).read_text()
    with hold_run_lock(tmp_path, "mine"):
        assert '"run_id": "mine"' in (tmp_path / LOCK_FILE).read_text()


def test_the_lock_is_free_again_after_a_run_and_after_a_failed_one(tmp_path):
    with hold_run_lock(tmp_path / "var", "first"):
        pass
    with pytest.raises(ZeroDivisionError), hold_run_lock(tmp_path / "var", "second"):
        raise ZeroDivisionError
    with hold_run_lock(tmp_path / "var", "third"):
        pass


def test_a_holder_that_has_not_written_its_name_yet_is_still_a_holder(tmp_path, holder):
    (tmp_path / LOCK_FILE).write_text("")
    with (
        pytest.raises(RunLockedError, match="has not said its name yet"),
        hold_run_lock(tmp_path, "mine"),
    ):
        pass


@pytest.fixture
def sender(tmp_path):
    """A process that sends alerts until it is told a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", SEND_ALERTS, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_run_waits_for_alerts_that_are_being_sent(tmp_path, sender, monkeypatch):
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 2:
            sender.communicate("done\n")

    monkeypatch.setattr(run_lock.time, "sleep", sleep)
    with hold_run_lock(tmp_path, "mine"):
        assert len(waits) == 2


def test_and_not_for_ever(tmp_path, sender, monkeypatch):
    monkeypatch.setattr(run_lock, "PATIENCE", 0.0)
    with pytest.raises(RunLockedError, match="run alerts"), hold_run_lock(tmp_path, "mine"):
        pass
