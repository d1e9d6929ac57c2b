"""Copies of whole projects in a temporary folder, so that tests never touch the checkout's data."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import warm
from tests.threads import VARIABLE

REPOSITORY = Path(__file__).parents[1]
PROJECTS = Path(__file__).parent / "projects"
SHARED_DATA = REPOSITORY.parent / "shared" / "data"  # third-party data, where it is there


def copy_project(source: Path, target: Path) -> Path:
    """Copy what makes a project: its YAML and its dbt project. Data and results stay behind."""
    shutil.copytree(
        source / "kpi_specs",
        target / "kpi_specs",
        ignore=lambda _, names: [n for n in names if n.endswith((".py", "__pycache__"))],
    )
    shutil.copytree(
        source / "dbt_project",
        target / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs"),
    )
    return target


def kpi(
    project: Path, *arguments: str, columns: int = 120, cold: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the `kpi` command as a user does, in a process of its own, so many columns wide.

    Args:
        project: The project's folder.
        arguments: The command and its options.
        columns: Width of the terminal.
        cold: Whether the process also starts by itself; else it is forked from one that has
            imported dbt, Dagster and Great Expectations already, and DuckDB has one thread.
    """
    words = [*arguments, "--project", str(project)]
    environment = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1"}
    if not cold:
        return warm.run(words, REPOSITORY, environment, timeout=600)
    environment.pop(VARIABLE, None)
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli.main", *words],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=environment,
        timeout=600,
        check=False,
    )
