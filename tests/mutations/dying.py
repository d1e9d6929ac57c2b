"""A run that dies when it comes to a step, in a process of its own."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.steps import Steps
from tests import warm
from tests.mutations.running import run

DEAD = 9


def run_until(root: Path, step: str) -> int | None:
    """The exit code of a process that runs the market up to a step: DEAD, if it came to it."""
    process = warm.fork(_run_until, root, step)
    process.join(600)
    return process.exitcode


def _run_until(root: Path, step: str) -> None:
    run(root, steps=replace(Steps(), **{step: _die}))


def _die(*_: Any, **__: Any) -> None:
    """Without a word, and without what a process does when it ends."""
    os._exit(DEAD)
