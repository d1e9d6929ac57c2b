"""The pipeline from outside: `kpi run` in a process of its own, its time and its memory."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.copies import REPOSITORY


@dataclass(frozen=True)
class Run:
    """One call of the `kpi` command.

    Attributes:
        wall: Seconds from start to end of the process, imports included.
        stages: Seconds by stage as the run itself says; empty for other commands.
        status: `published`, `unchanged`, or '' for other commands.
        peak: Largest resident memory of the process or of one that it started, in bytes.
    """

    wall: float
    stages: Mapping[str, float]
    status: str
    peak: int


class CommandFailedError(Exception):
    """The `kpi` command ended with another exit code than 0."""


def kpi(root: Path, *arguments: str) -> Run:
    """Call `kpi` on the project in `root` and measure it.

    Call this before importing anything large: a new process is charged with the memory that its
    parent had at the moment of starting it.

    Raises:
        CommandFailedError: with what the command printed.
    """
    command = [sys.executable, "-m", "orchestration.cli.main", *arguments, "--project", str(root)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=REPOSITORY)
        _, state, usage = os.wait4(process.pid, 0)  # this child's own usage, unlike getrusage
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(state)  # Popen is not to wait for it again
        said, complained = _text(out), _text(err)
    if process.returncode != 0:
        raise CommandFailedError(
            f"kpi {' '.join(arguments)} ended with {process.returncode}\n{said}{complained}"
        )
    told = json.loads(said) if "--json" in arguments else {}
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(wall, told.get("seconds", {}), told.get("status", ""), peak)


def _text(file: "tempfile._TemporaryFileWrapper[str]") -> str:
    file.seek(0)
    return file.read()
