"""`kpi validate`: checks the specs, without warehouse or dbt."""

import argparse
from typing import Any

from orchestration.cli.terminal import (
    EXIT_OK,
    EXIT_USAGE,
    add_json,
    add_project,
    paths_of,
    print_json,
)


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("validate", help="check the specs; needs no data")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Print every problem, one a line; exit code 1 where one is an error."""
    from kpi_specs.language import load_project

    loaded = load_project(paths_of(args).root)
    if args.json:
        print_json([vars(problem) for problem in loaded.problems])
    else:
        for problem in loaded.problems:
            print(f"{'warning: ' if problem.severity == 'warning' else ''}{problem}")
    errors = len(loaded.errors)
    warnings = len(loaded.problems) - errors
    if not args.json and loaded.project is not None:
        project = loaded.project
        noted = f", {warnings} warning{'s' if warnings != 1 else ''}" if warnings else ""
        print(
            f"{len(project.kpis)} KPIs, {len(project.datasets)} datasets, "
            f"{len(project.sources)} sources: valid{noted}."
        )
    elif not args.json:
        print(f"{errors} problem{'s' if errors != 1 else ''} to mend.")
    return EXIT_USAGE if loaded.project is None else EXIT_OK
