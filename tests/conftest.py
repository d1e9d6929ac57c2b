"""How tests are spread over workers (`make test`), and what holds for all properties."""

import gc
import logging
import os
import signal
import sys
import threading

import pytest
from hypothesis import settings

from tests.threads import VARIABLE

os.environ[VARIABLE] = "1"

# As in a terminal, for what the tests start: in the background both may be ignored.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

# The same examples every time, and as long as they take: other tests run beside them.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

# Beginning of a file's path -> what its tests share: it is made once, by the worker of all of them.
SHARED = {
    "tests/integration/test_demo_totals.py": "the demo that ran",
    "tests/integration/test_docs_output.py": "the demo that ran",
    "tests/unit/orchestration/demo/": "the demo's files",
}
# Whose tests take seconds each and share what each worker makes for itself: they go one by one.
ONE_BY_ONE = ("tests/mutations/",)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file to a worker, or all files that share what takes long to make, or one test."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(ONE_BY_ONE):
                return nodeid
            file = super()._split_scope(nodeid)
            return next((what for path, what in SHARED.items() if file.startswith(path)), file)

    return ByFile(config, log)


_modules_then = len(sys.modules)


@pytest.hookimpl
def pytest_runtest_logfinish():
    """The garbage collector leaves alone what came with dbt, Dagster or Great Expectations.

    To walk over their objects again and again is an eighth of the CPU of a run.
    """
    global _modules_then
    if len(sys.modules) > _modules_then + 300:
        gc.collect()
        gc.freeze()
        _modules_then = len(sys.modules)


@pytest.fixture(autouse=True)
def _loggers_are_as_a_process_begins():
    """None is disabled, whatever a test before or a library that it used (Alembic) left behind."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False
