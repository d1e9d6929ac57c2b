"""What a run that failed says: where, what, and what to do. The traceback goes to a file."""

import contextlib
import errno
import shutil
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from orchestration.paths import ProjectPaths

_LEAST_ROOM = 1 << 20  # bytes; what a run writes is more
_DUMP = "Exception while writing logger call to event log"


def failure(paths: ProjectPaths, error: BaseException, *, is_out: bool) -> str:
    """One message on a failure of the machinery, and the file that has the traceback.

    Args:
        paths: the project's files; writes `var/logs/last_failure.txt`.
        error: what the run ended with.
        is_out: whether the run had published by then.
    """
    from orchestration.publish import PublishError

    cause = _cause(paths, error)
    if isinstance(error, PublishError):  # it says itself what readers have
        said = f"the run failed. {error}"
    elif is_out:
        said = f"{paths.published_file} is published, but what follows failed: {cause}"
    else:
        said = f"the run failed, nothing was published: {cause}"
    return f"{said.rstrip('.')}. {_kept(paths, error)}"


def _cause(paths: ProjectPaths, error: BaseException) -> str:
    import sqlite3

    words = str(error).strip() or type(error).__name__
    if _is_full(paths, error):
        return f"the disk that holds {paths.root} is full; free some space and run again."
    of_sqlite = getattr(error, "orig", None)
    if isinstance(of_sqlite, sqlite3.Error):  # SQLAlchemy's own words have the statement, too
        return (
            f"Dagster's history of runs in {paths.dagster_home} cannot be used ({of_sqlite}). "
            "Mend that, or move the folder away, and run again."
        )
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Mend that and run again."
    return words


def _is_full(paths: ProjectPaths, error: BaseException) -> bool:
    """Whether the disk has no room for a run; SQLite, for one, says only `disk I/O error`."""
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error):
        return True
    return shutil.disk_usage(paths.root).free < _LEAST_ROOM


def _kept(paths: ProjectPaths, error: BaseException) -> str:
    """Writes the traceback, and says where it is."""
    log = paths.var / "logs" / "last_failure.txt"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError as second:  # must not hide the first error
        return f"The details could not be written to {log} ({second.strerror})."
    return f"Details: {log}"


@contextlib.contextmanager
def without_dumps() -> Iterator[None]:
    """Keep from standard error what Dagster prints of a history that it cannot write.

    It prints statements and their values, and raises the error as well, which the run tells of.
    """
    with contextlib.redirect_stderr(_WithoutDumps(sys.stderr)):
        yield


class _WithoutDumps:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_DUMP) else int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
