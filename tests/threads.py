"""How many threads DuckDB works with in the tests: one, unless a test says otherwise.

Tests run beside each other already, one on each core, and of small tables two threads take a fifth
to a quarter more CPU than one. Rows come in any order where there are several: what is read as a
user reads it (`copies.kpi(..., cold=True)`, `real_project.run_project`) has all cores, and clean
markets are computed by four threads, so that a value that hung on the order would differ.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "SLURM_CPUS_ON_NODE"  # how many cores a process has; DuckDB heeds it at each connect


@contextmanager
def duckdb_threads(number: int | None) -> Iterator[None]:
    """So many for what is opened meanwhile; None: one for each core, as without tests."""
    before = os.environ.get(VARIABLE)
    _set(number)
    try:
        yield
    finally:
        _set(before)


def _set(value: int | str | None) -> None:
    if value is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = str(value)
