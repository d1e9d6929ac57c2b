"""`kpi ui`: Dagster's web UI on the project."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.cli.terminal import UserError, add_project, load_for_run_or_stop, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("ui", help="Dagster's web UI on this project")
    add_project(parser)
    parser.add_argument("--port", type=int, default=3000)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Serve on the loopback until interrupted: the web server, and the daemon that starts runs."""
    paths = paths_of(args)
    load_for_run_or_stop(paths)
    from orchestration.resources import prepare_home, tidy_history

    binaries = Path(sys.executable).parent
    if not (binaries / "dagster-webserver").exists():
        raise UserError("dagster-webserver is not installed here; run 'make install'.")
    prepare_home(paths)
    tidy_history(paths)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(paths.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "KPI_PROJECT": str(paths.root),
    }
    location = ["-m", "orchestration.code_location"]
    address = ["-h", "127.0.0.1", "-p", str(args.port)]
    commands = (
        [str(binaries / "dagster-webserver"), *location, *address],
        [str(binaries / "dagster-daemon"), "run", *location],
    )
    print(f"http://127.0.0.1:{args.port} shows the graph and the runs; Ctrl-C ends it.", flush=True)
    return _serve(commands, environment)


def _serve(commands: Sequence[list[str]], environment: dict[str, str]) -> int:
    """Run all until the first ends or the user interrupts; whatever is left is ended too."""
    # A service manager ends us with SIGTERM: both are ended then as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # An own session: Ctrl-C reaches us only, and we end both in order.
    running = [subprocess.Popen(c, env=environment, start_new_session=True) for c in commands]
    try:
        while all(process.poll() is None for process in running):
            time.sleep(0.2)
        return next(process.returncode for process in running if process.returncode is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
