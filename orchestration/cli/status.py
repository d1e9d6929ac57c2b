"""`kpi status`: the scorecard of the live publication."""

import argparse
from pathlib import Path
from typing import Any

from orchestration.cli.last_run import trouble_since
from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    EXIT_STRICT,
    UserError,
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
        "--freshness", action="store_true", help="how far the data of sources and KPIs reaches"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit code 3 when a due KPI is unmeasurable"
    )
    parser.add_argument("--language", metavar="CODE", help="titles in this language (default: en)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Read the published file only; the pipeline may run meanwhile."""
    paths = paths_of(args)
    published = published_or_stop(paths)
    language = _language(args.language, published)
    if args.freshness:
        return _freshness(args, published, language)
    card = scorecard_or_stop(published, language=language)
    if not card.rows:
        from orchestration.cli.unpublished import no_valid_spec

        if said := no_valid_spec(paths):
            raise UserError(said)
    trouble = trouble_since(paths)
    if args.json:
        print_json({**card.as_dict(), "runs": trouble})
    else:
        from rich.console import Console

        from orchestration.report import render

        console = Console()
        render(card, console)
        if trouble:
            console.print(f"! {trouble}", style="red", markup=False, highlight=False)
    failing = any(row.is_failing for row in card.rows)
    return EXIT_STRICT if args.strict and failing else EXIT_OK


def _language(asked: str | None, published: Path) -> str:
    """The language of titles; without a word English, or a title's first one where it lacks that.

    Raises:
        UserError: the publication cannot be read, or has none in the language that is asked for.
    """
    if asked is None:
        return "en"
    from orchestration.report import ReportError
    from orchestration.report.reading import languages_of

    try:
        there = languages_of(published)
    except ReportError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    if asked not in there:
        raise UserError(f"no title is in the language '{asked}'; there are: {', '.join(there)}.")
    return asked


def _freshness(args: argparse.Namespace, published: Path, language: str) -> int:
    """Business days, not times of loads; of the live publication.

    Raises:
        UserError: it cannot be read, or an earlier version made it.
    """
    if args.strict:
        raise UserError("--strict asks for values; --freshness shows how far data reaches.")
    from rich.console import Console

    from orchestration.report import ReportError
    from orchestration.report.freshness import freshness, render_freshness

    try:
        found = freshness(published, language=language)
    except ReportError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    if args.json:
        print_json(found.as_dict())
        return EXIT_OK
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, 110)
    render_freshness(found, console)
    return EXIT_OK
