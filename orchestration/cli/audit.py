"""`kpi audit`: what a review should talk about beside the values."""

import argparse
from itertools import groupby
from typing import Any

from orchestration.cli.terminal import (
    EXIT_OK,
    add_json,
    add_project,
    audit_rows,
    paths_of,
    print_json,
)

_TITLES = {
    "coverage": "Coverage: objectives and owners without a KPI",
    "contradiction": "Contradictions: a KPI on target while its KRI is off",
    "review": "Reviews: past due, targets that never move, always on target",
}


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("audit", help="coverage, contradictions, specs nobody moves")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Everything is read from the published file."""
    rows = audit_rows(
        paths_of(args),
        "from kpi_findings order by list_position(['coverage', 'contradiction', 'review'], "
        "section), rowid",
    )
    if args.json:
        print_json(rows)
        return EXIT_OK
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    found = {section: list(some) for section, some in groupby(rows, key=lambda r: r["section"])}
    for section, title in _TITLES.items():
        console.print(f"[bold]{title}[/bold]")
        for row in found.get(section, []):
            kind = "" if row["subject_kind"] == "kpi" else f"{row['subject_kind']} "
            console.print(f"  {kind}{row['subject']}: {row['finding']}", markup=False)
        if section not in found:
            console.print("  none")
    return EXIT_OK
