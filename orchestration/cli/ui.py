"""`kpi ui`: Dagster's web UI on the project."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.cli.terminal import UserError, add_project, load_or_stop, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("ui", help="Dagster's web UI on this project")
    add_project(parser)
    parser.add_argument("--port", type=int, default=3000)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Serve on the loopback until interrupted."""
    paths = paths_of(args)
    load_or_stop(paths, warnings=False)
    from orchestration.resources import prepare_home

    webserver = Path(sys.executable).with_name("dagster-webserver")
    if not webserver.exists():
        raise UserError("dagster-webserver is not installed here; run 'make install'.")
    prepare_home(paths)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(paths.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "KPI_PROJECT": str(paths.root),
    }
    print(f"http://127.0.0.1:{args.port} shows the graph and the runs; Ctrl-C ends it.")
    command = [str(webserver), "-m", "orchestration.code_location", "-h", "127.0.0.1"]
    try:
        return subprocess.call([*command, "-p", str(args.port)], env=environment)
    except KeyboardInterrupt:
        return 0
