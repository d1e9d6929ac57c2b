"""The clean market, before and after its first run, as often as it is wanted.

It always stands at the same place: what dbt has parsed of a project holds for that place, and to
parse it anew takes a third of the time of a run.
"""

import shutil
from pathlib import Path

from tests.mutations.running import run
from tests.mutations.world import make_market
from tests.threads import duckdb_threads


class Markets:
    """Where the clean market is kept, and where it is spoilt and run."""

    def __init__(self, folder: Path) -> None:
        """Make the market in this folder and run it once."""
        self._place, self._kept = folder / "market", folder / "kept"
        self._ran = folder / "ran"
        with duckdb_threads(4):  # spoilt ones have one: no value hangs on the order of rows
            run(make_market(self._place))
        shutil.copytree(self._place, self._ran)
        shutil.copytree(
            self._ran,
            self._kept,
            ignore=lambda at, names: {
                name for name in names if Path(at).name == "var" and name != "dbt"
            } | {"published"},
        )  # fmt: skip

    def fresh(self) -> Path:
        """Specs and raw files of which nothing has run yet."""
        return self._put(self._kept)

    def that_ran(self) -> Path:
        """The market after its first run."""
        return self._put(self._ran)

    def _put(self, source: Path) -> Path:
        shutil.rmtree(self._place, ignore_errors=True)
        return Path(shutil.copytree(source, self._place))
