"""One run at a time: the warehouse has a single writer.

The lock is the kernel's (`flock`): it goes with the process that held it, however that died, so a
lock file left behind by a killed run blocks nobody. The file's text only says who holds it.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = "run.lock"


class RunLockedError(RuntimeError):
    """Another run is under way."""


@contextmanager
def hold_run_lock(var: Path, run_id: str) -> Iterator[None]:
    """Hold the project's run lock for the length of the block.

    Raises:
        RunLockedError: Another process holds it; the message says which.
    """
    var.mkdir(parents=True, exist_ok=True)
    path = var / LOCK_FILE
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLockedError(_holder_message(path)) from None
        file.truncate(0)
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"pid": os.getpid(), "run_id": run_id, "since": since}))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)  # the lock itself goes when the file is closed


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
