"""Ctrl-C and SIGTERM end a run at once, whatever it is doing just then."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from orchestration.cli.terminal import EXIT_MACHINERY

_ASKED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stops_at_once(say: Callable[[], None]) -> Iterator[None]:
    """Within the block either signal ends the process, as a kill would, after `say`.

    An exception, which is Python's way, is lost in other libraries: dbt waits for threads that
    never end, Dagster raises one of its own, and one raised while an object is freed is dropped. A
    run may be killed at any moment, so there is nothing to tidy up; the next run does.

    Args:
        say: called in a thread of its own, while the rest of the process goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may ask for signals
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    ours = {one for one in _ASKED if signal.getsignal(one) is not signal.SIG_IGN}

    def watch() -> None:
        while number := os.read(reader, 1):
            if number[0] in ours:
                try:
                    say()
                finally:
                    _end()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    # Every signal with a handler is written there, whichever handler Dagster puts in its place.
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    of_term = signal.getsignal(signal.SIGTERM)
    if of_term is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, of_term)
        signal.set_wakeup_fd(before)
        os.close(writer)
        watching.join()
        os.close(reader)


def _end() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader may have gone
            stream.flush()
    if "multiprocessing.util" in sys.modules:
        from multiprocessing import util

        util._run_finalizers(0)  # type: ignore[attr-defined]  # else dbt's locks are told as leaked
    os._exit(EXIT_MACHINERY)
