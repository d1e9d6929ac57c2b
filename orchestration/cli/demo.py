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
    from orchestration.demo import DemoDataMissingError, LandingNotOursError, prepare
    from orchestration.demo.faults import FAULTS

    if "list" in args.fault:
        for name, plant in FAULTS.items():
            print(f"{name:<20}{(plant.__doc__ or '').splitlines()[0]}")
        return EXIT_OK
    paths = paths_of(args)
    try:
        report = prepare(paths.root, faults=args.fault, seed=args.seed, on_progress=_tell)
    except (DemoDataMissingError, LandingNotOursError, ValueError) as error:
        raise UserError(str(error)) from None
    rows = sum(report.rows.values())
    said = "prepared" if report.created else "there already"
    faults = f", with faults: {', '.join(report.faults)}" if report.faults else ""
    print(f"Demo data {said}: {report.files} raw files, {rows:,} rows in landing/{faults}.")
    return EXIT_OK


def _tell(what: str, done: int, total: int) -> None:
    if done < total:
        print(f"Demo data {done + 1}/{total}: {what} ...")
