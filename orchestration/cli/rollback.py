"""`kpi rollback`: puts an earlier publication back in place."""

import argparse
from typing import Any

from orchestration.cli.terminal import EXIT_MACHINERY, EXIT_OK, UserError, add_project, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("rollback", help="put an earlier publication back in place")
    add_project(parser)
    parser.add_argument(
        "--to", metavar="RUN", help="run id (default: the one before); --list shows"
    )
    parser.add_argument("--list", action="store_true", help="list the kept publications")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Swap the file and the Parquet folder, as a publication does."""
    from orchestration.publish import PublishError, publications, rollback

    paths = paths_of(args)
    if args.list:
        for one in publications(paths):
            print(f"{one.run_id}  {one.computed_at:%Y-%m-%d %H:%M} UTC")
        return EXIT_OK
    try:
        publication = rollback(paths, to=args.to)
    except PublishError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    print(
        f"Live again: {publication.run_id}, computed {publication.computed_at:%Y-%m-%d %H:%M} UTC."
    )
    return EXIT_OK
