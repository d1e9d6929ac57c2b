"""`kpi validate`: checks the specs, without warehouse or dbt."""

import argparse
from typing import TYPE_CHECKING, Any

from orchestration.cli.problems import counted, print_problems
from orchestration.cli.terminal import (
    EXIT_OK,
    EXIT_USAGE,
    add_json,
    add_project,
    paths_of,
    print_json,
)

if TYPE_CHECKING:
    from kpi_specs.language import Loaded


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
        print_problems(loaded.problems)
        print(_summary(loaded))
    return EXIT_USAGE if loaded.project is None else EXIT_OK


def _summary(loaded: "Loaded") -> str:
    """How much was read, and what that comes to."""
    project, errors = loaded.project, len(loaded.errors)
    if project is None:
        return f"Not valid: {counted(errors, 'error')} to mend; nothing runs before."
    warnings = len(loaded.problems) - errors
    noted = f", with {counted(warnings, 'warning')}" if warnings else ""
    return (
        f"{counted(len(project.kpis), 'KPI')}, {counted(len(project.datasets), 'dataset')}, "
        f"{counted(len(project.sources), 'source')}: valid{noted}."
    )
