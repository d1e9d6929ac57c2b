"""Progress of a long run: a live line on a terminal, one line per finished stage elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any

STAGES = {
    "ingest": "Ingesting sources",
    "models": "Building staging and marts",
    "kpis": "Computing KPIs",
    "verdicts": "Judging the evidence",
    "publish": "Publishing",
    "alerts": "Alerting",
    "diff": "Recomputing history",
    "examples": "Running worked examples",
}


class StageProgress:
    """Callable as the pipeline's `on_progress`; a context manager around the run."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._live: Any = None
        self._task: Any = None
        self._stage = ""
        self._begun = 0.0

    def __enter__(self) -> "StageProgress":
        if not self._silent and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._live = Progress(
                TextColumn("{task.description:<28}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[label]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()
        self.stop()

    def stop(self) -> None:
        """Give the terminal back, its cursor too."""
        if self._live is not None:
            self._live.stop()

    def __call__(self, stage: str, done: int, total: int, label: str) -> None:
        """Told by the pipeline: `done` of `total` in `stage`, just now `label`."""
        if self._silent:
            return
        if stage != self._stage:
            self._finish()
            self._stage, self._begun = stage, time.monotonic()
            if self._live is not None:
                self._task = self._live.add_task(STAGES.get(stage, stage), total=total, label="")
        if self._live is not None:
            self._live.update(self._task, completed=done, total=total, label=label)

    def _finish(self) -> None:
        if self._silent or not self._stage:
            return
        seconds = time.monotonic() - self._begun
        line = f"{STAGES.get(self._stage, self._stage):<28}{seconds:6.1f} s"
        if self._live is not None:
            self._live.remove_task(self._task)
            self._live.console.print(line, highlight=False)
        else:
            print(line, file=sys.stderr)
