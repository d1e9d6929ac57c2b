"""`kpi docs`: generated documents: the reference of the specs, and what the last run judged."""

import argparse
from typing import Any

from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    EXIT_USAGE,
    UserError,
    add_project,
    paths_of,
)
from orchestration.paths import ProjectPaths


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "docs", help="write the reference of the specs, or what the last run judged"
    )
    add_project(parser)
    parser.add_argument(
        "--spec",
        action="store_true",
        help="docs/kpi_spec.md and the JSON schemas in kpi_specs/schema/, for editors",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where files would change"
    )
    parser.add_argument(
        "--quality",
        action="store_true",
        help="var/quality/index.html: each KPI's checks, what they expected and what fails them",
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Write what differs, or name it with --check."""
    if args.quality:
        if args.spec or args.check:
            raise UserError("--quality stands alone: it has nothing that could be out of date.")
        return _quality(paths_of(args))
    if not args.spec:
        raise UserError("say which documents: --spec or --quality.")
    from kpi_specs.reference import outdated, reference_files, write

    root = paths_of(args).root
    changed = (outdated if args.check else write)(root)
    for name in changed:
        print(f"{'out of date' if args.check else 'written'}: {name}")
    if args.check and changed:
        print("Run 'kpi docs --spec' and commit what it writes.")
        return EXIT_USAGE
    print(f"{len(reference_files())} reference files are up to date.")
    return EXIT_OK


def _quality(paths: ProjectPaths) -> int:
    """The pages of the live publication; says where they are and what fails.

    Raises:
        UserError: nothing has been judged yet, or the publication cannot be read.
    """
    if not paths.published_file.is_file():
        raise UserError("nothing has been judged yet; run 'kpi run' first.")
    from orchestration.report import ReportError
    from orchestration.report.quality import quality
    from orchestration.report.quality_pages import write_pages

    try:
        found = quality(paths.published_file)
    except ReportError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    index = write_pages(found, paths.var / "quality")
    failing = sum(bool(kpi.failing) for kpi in found.kpis)
    made = sum(len(kpi.checks) for kpi in found.kpis)
    print(f"{made} checks of {len(found.kpis)} KPIs; some row of {failing} of them fails one.")
    print(f"Open {index}")
    return EXIT_OK
