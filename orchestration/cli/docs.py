"""`kpi docs`: writes reference documents that are generated, or checks that they are up to date."""

import argparse
from typing import Any

from orchestration.cli.terminal import EXIT_OK, EXIT_USAGE, UserError, add_project, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("docs", help="write the reference of the specification language")
    add_project(parser)
    parser.add_argument(
        "--spec",
        action="store_true",
        help="docs/kpi_spec.md and the JSON schemas in kpi_specs/schema/, for editors",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where files would change"
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Write what differs, or name it with --check."""
    from kpi_specs.reference import outdated, reference_files, write

    if not args.spec:
        raise UserError("say which documents: --spec.")
    root = paths_of(args).root
    changed = (outdated if args.check else write)(root)
    for name in changed:
        print(f"{'out of date' if args.check else 'written'}: {name}")
    if args.check and changed:
        print("Run 'kpi docs --spec' and commit what it writes.")
        return EXIT_USAGE
    print(f"{len(reference_files())} reference files are up to date.")
    return EXIT_OK
