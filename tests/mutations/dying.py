"""A run that dies when it comes to a step: `python -m tests.mutations.dying ROOT STEP`."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.steps import Steps
from tests.mutations.running import run


def die(*_: Any, **__: Any) -> None:
    """Without a word, and without what a process does when it ends."""
    os._exit(9)


if __name__ == "__main__":
    run(Path(sys.argv[1]), steps=replace(Steps(), **{sys.argv[2]: die}))
