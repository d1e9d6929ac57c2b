"""The `kpi` command in processes of its own, forked from one that has imported what is slow.

dbt, Dagster and Great Expectations take longer to import than a small project takes to run. A
server imports them once for all tests of a worker, leaves nothing open, and forks for each command:
what a command leaves in memory ends with it. What only a cold start shows:
`copies.kpi(..., cold=True)`.
"""

import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

SLOW_IMPORTS = [
    "tests.as_script",  # before DuckDB is imported
    "alembic.command",
    "dagster",
    "dagster._core.execution.execute_in_process",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.workspace.context",
    "dagster._daemon.controller",
    "dbt.cli.main",
    "dbt.task.build",
    "dbt.adapters.duckdb",
    "duckdb",
    "great_expectations",
    "great_expectations.expectations.core",
    "orchestration.definitions",
    "pandas",
    "pyarrow",
    "tests.warm",
    "tests.warm_parser",
]
STREAMS = ("stdout", "stderr")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(SLOW_IMPORTS)


def fork(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A call under way in a process of its own."""
    process = _context.Process(target=target, args=arguments)
    process.start()
    return process


def start(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], outputs: Path
) -> BaseProcess:
    """`kpi <arguments>` under way in `folder`; its outputs go to `outputs`/stdout and stderr."""
    return fork(_command, list(arguments), folder, dict(environment), outputs)


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, timeout: int
) -> subprocess.CompletedProcess[str]:
    """`kpi <arguments>` until it has ended."""
    with tempfile.TemporaryDirectory() as name:
        process = start(arguments, folder, environment, Path(name))
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), timeout)
        said = [Path(name, stream).read_text(encoding="utf-8") for stream in STREAMS]
    return subprocess.CompletedProcess(list(arguments), process.exitcode, *said)


def _command(
    arguments: list[str], folder: Path, environment: dict[str, str], outputs: Path
) -> None:
    for number, name in enumerate(STREAMS, start=1):
        os.dup2(os.open(outputs / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from orchestration.cli.main import main

    raise SystemExit(main(arguments))
