"""What `dagster dev` and `dagster-webserver` load: `-m orchestration.code_location`.

The project is the folder named by KPI_PROJECT, or the current one.
"""

import os
from pathlib import Path

from dagster import Definitions

from orchestration.definitions import build_defs
from orchestration.last_valid_specs import load_for_run
from orchestration.paths import ProjectPaths


def load_definitions() -> Definitions:
    """The definitions of the project that the environment names.

    A KPI whose spec is invalid stands in them by its last valid text, and its check fails.

    Raises:
        ValueError: Others than KPI specs have errors; the message lists them with file and line.
    """
    root = Path(os.environ.get("KPI_PROJECT", ".")).resolve()
    loaded = load_for_run(ProjectPaths(root))
    if loaded.project is None:
        problems = "\n".join(str(problem) for problem in loaded.problems)
        raise ValueError(f"{root}: the specs have errors.\n{problems}")
    return build_defs(loaded.project, ProjectPaths(root))


defs = load_definitions()
