"""How tests are spread over workers (`make test`)."""

import pytest

USE_THE_DEMO = ("tests/integration/test_demo_totals.py", "tests/integration/test_docs_output.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file to a worker, and one worker for all files that read the demo: it runs once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "demo" if file in USE_THE_DEMO else file

    return ByFile(config, log)
