"""`kpi demo`: prepares the demo's raw files in landing/."""

import argparse
from typing import Any

from orchestration.cli.terminal import EXIT_OK, UserError, add_project, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("demo", help="prepare the demo's raw files in landing/")
    add_project(parser)
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="plant a fault by name, e.g. missing_day; --fault list names them",
    )
    parser.add_argument("--seed", type=int, default=2017, help="seed of what is generated")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Write the files, or say that they are there already."""
    from orchestration.demo import DemoError, fault_names, prepare

    if "list" in args.fault:
        for name, words in fault_names().items():
            print(f"{name:<20}{words}")
        return EXIT_OK
    try:
        report = prepare(paths_of(args).root, faults=args.fault, seed=args.seed, on_progress=print)
    except DemoError as error:
        raise UserError(str(error)) from None
    print(report.summary)
    return EXIT_OK
