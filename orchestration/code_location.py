"""What `dagster dev` and `dagster-webserver` load: `-m orchestration.code_location`.

The project is the folder named by KPI_PROJECT, or the current one.
"""

import os
from pathlib import Path

from dagster import Definitions

from kpi_specs.language import load_project
from orchestration.definitions import build_defs
from orchestration.paths import ProjectPaths


def load_definitions() -> Definitions:
    """The definitions of the project that the environment names.

    Raises:
        ValueError: The specs have errors; the message lists them with file and line.
    """
    root = Path(os.environ.get("KPI_PROJECT", ".")).resolve()
    loaded = load_project(root)
    if loaded.project is None:
        problems = "\n".join(str(problem) for problem in loaded.problems)
        raise ValueError(f"{root}: the specs have errors.\n{problems}")
    return build_defs(loaded.project, ProjectPaths(root))


defs = load_definitions()
