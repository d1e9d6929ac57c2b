"""`kpi status`: the scorecard of the live publication."""

import argparse
from typing import Any

from orchestration.cli.terminal import (
    EXIT_OK,
    EXIT_STRICT,
    add_json,
    add_project,
    paths_of,
    print_json,
    published_or_stop,
    scorecard_or_stop,
)


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "status", help="the scorecard: what is measurable, and how it is"
    )
    add_project(parser)
    add_json(parser)
    parser.add_argument(
        "--strict", action="store_true", help="exit code 3 when a due KPI is unmeasurable"
    )
    parser.add_argument("--language", default="en", metavar="CODE", help="titles in this language")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Read the published file only; the pipeline may run meanwhile."""
    card = scorecard_or_stop(published_or_stop(paths_of(args)), language=args.language)
    if args.json:
        print_json(card.as_dict())
    else:
        from rich.console import Console

        from orchestration.report import render

        render(card, Console())
    failing = any(row.is_failing for row in card.rows)
    return EXIT_STRICT if args.strict and failing else EXIT_OK
