"""`kpi validate`: checks the specs; needs neither data nor dbt, but looks at what a run built."""

import argparse
import sys
from dataclasses import replace
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
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from kpi_specs.language import Loaded, Problem, Project


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("validate", help="check the specs; needs no data")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Print every problem, one a line; exit code 1 where one is an error."""
    from kpi_specs.language import load_project

    paths = paths_of(args)
    loaded = load_project(paths.root)
    if loaded.project is not None:
        loaded = replace(
            loaded, problems=(*loaded.problems, *_in_the_warehouse(paths, loaded.project))
        )
    if args.json:
        print_json([vars(problem) for problem in loaded.problems])
    else:
        print_problems(loaded.problems)
        print(_summary(paths, loaded))
    return EXIT_USAGE if loaded.project is None else EXIT_OK


def _in_the_warehouse(paths: ProjectPaths, project: "Project") -> "list[Problem]":
    """What the tables of the last run have otherwise than the models declare it."""
    from orchestration.warehouse_columns import WarehouseInUseError, differences

    try:
        return differences(paths, project)
    except WarehouseInUseError:
        print("The warehouse is in use just now: its tables were not compared.", file=sys.stderr)
        return []


def _summary(paths: ProjectPaths, loaded: "Loaded") -> str:
    """How much was read, and what that comes to."""
    from kpi_specs.language.last_valid import problems_by_kpi

    project, errors = loaded.project, len(loaded.errors)
    if project is None:
        _, others = problems_by_kpi(paths.root, loaded.errors, ())
        until = "nothing runs before" if others else "until then a run withholds what they concern"
        more = "" if loaded.compared else " The rules between files are asked after that."
        return f"Not valid: {counted(errors, 'error')} to mend; {until}.{more}"
    warnings = len(loaded.problems) - errors
    noted = f", with {counted(warnings, 'warning')}" if warnings else ""
    return (
        f"{counted(len(project.kpis), 'KPI')}, {counted(len(project.datasets), 'dataset')}, "
        f"{counted(len(project.sources), 'source')}: valid{noted}."
    )
