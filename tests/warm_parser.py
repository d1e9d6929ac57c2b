"""Imported last by the server of `tests.warm`: dbt has parsed a project, and nothing is garbage.

What dbt works out of its own classes and macros at the first parsing is a second of CPU, and half a
second goes into copying pages that the garbage collector of a fork would write into.
"""

import gc
import tempfile
from pathlib import Path

from orchestration.paths import ProjectPaths
from orchestration.transform.invocation import invoke
from tests.copies import PROJECTS, copy_project

with tempfile.TemporaryDirectory() as folder:
    paths = ProjectPaths(copy_project(PROJECTS / "shop", Path(folder) / "shop"))
    invoke(paths, "parse", ["--no-static-parser"])  # which has threads, and they do not live on
gc.collect()
gc.freeze()
