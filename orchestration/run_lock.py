"""One run at a time: the warehouse has a single writer.

The lock is the kernel's (`flock`): it goes with the process that held it, however that died, so a
lock file left behind by a killed run blocks nobody. The file's text only says who holds it.
"""

import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCK_FILE = "run.lock"
ALERTS = "alerts"  # holds the lock as long as it takes to send a few messages
PATIENCE = 120.0  # seconds that one waits for that


class RunLockedError(RuntimeError):
    """Another run is under way."""


@contextmanager
def hold_run_lock(var: Path, run_id: str) -> Iterator[None]:
    """Hold the project's run lock for the length of the block.

    Who only sends alerts (`ALERTS`) is waited for; a run is not.

    Raises:
        RunLockedError: Another process holds it; the message says which.
    """
    var.mkdir(parents=True, exist_ok=True)
    path = var / LOCK_FILE
    with open(path, "a+", encoding="utf-8") as file:
        deadline = time.monotonic() + PATIENCE
        while not _locked(file):
            if not _sends_alerts(path) or time.monotonic() > deadline:
                raise RunLockedError(_holder_message(path))
            time.sleep(0.2)
        file.truncate(0)
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"pid": os.getpid(), "run_id": run_id, "since": since}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)  # the lock itself goes when the file is closed


def is_held(var: Path) -> bool:
    """Whether a process holds the project's run lock now."""
    try:
        with open(var / LOCK_FILE, encoding="utf-8") as file:
            return not _locked(file)
    except OSError:
        return False


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sends_alerts(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return bool(text) and json.loads(text)["run_id"] == ALERTS


def _holder_message(path: Path) -> str:
    """Who holds the lock, as far as the file says (it is empty for an instant after locking)."""
    text = path.read_text(encoding="utf-8")
    who = "a process that has not said its name yet"
    if text:
        holder = json.loads(text)
        who = f"process {holder['pid']}, run {holder['run_id']}, since {holder['since']}"
    return (
        f"{path}: another run is under way ({who}). The warehouse has one writer: "
        "wait for that run to end, or stop it, and start again."
    )
