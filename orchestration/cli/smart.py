"""`kpi smart [KPI]`: the SMART audit, letter by letter with its evidence."""

import argparse
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from orchestration.cli.terminal import (
    EXIT_OK,
    add_json,
    add_project,
    audit_rows,
    paths_of,
    print_json,
    stop_unless_kpi,
)

_MARKS = {"met": "✓", "not_met": "✗", "unknown": "?"}
_STYLES = {"met": "green", "not_met": "red", "unknown": "dim"}


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("smart", help="the SMART audit, letter by letter with evidence")
    parser.add_argument("kpi", metavar="KPI", nargs="?", help="this one, with all evidence")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Everything is read from the published file."""
    rows = audit_rows(
        paths_of(args),
        "select s.* from kpi_smart as s inner join kpi_catalog as c using (kpi) "
        "where c.is_current order by c.position, "
        "list_position(['Specific', 'Measurable', 'Achievable', 'Relevant', 'Time-bound'], letter)",
    )
    if args.kpi is not None:
        stop_unless_kpi(args.kpi, {row["kpi"]: None for row in rows})
        rows = [row for row in rows if row["kpi"] == args.kpi]
    if args.json:
        print_json(rows)
    elif args.kpi is not None:
        _print_one(rows)
    else:
        _print_all(rows)
    return EXIT_OK


def _print_one(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for row in rows:
        console.print(
            Text.assemble(
                (f"{_MARKS[row['verdict']]} ", _STYLES[row["verdict"]]),
                f"{row['letter']:<12}{row['verdict'].replace('_', ' '):<9}{row['evidence']}",
            )
        )


def _print_all(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("KPI", "S", "M", "A", "R", "T"):
        table.add_column(name, no_wrap=True)
    missing: list[dict[str, Any]] = []
    whole = failing = kpis = 0
    for kpi, letters in groupby(rows, key=lambda row: str(row["kpi"])):
        found = list(letters)
        marks = [Text(_MARKS[one["verdict"]], style=_STYLES[one["verdict"]]) for one in found]
        table.add_row(kpi, *marks)
        kpis += 1
        whole += all(one["verdict"] == "met" for one in found)
        failing += any(one["verdict"] == "not_met" for one in found)
        missing += [one for one in found if one["verdict"] == "not_met"]
    console.print(table, soft_wrap=False)
    for one in missing:
        console.print(f"✗ {one['kpi']} {one['letter']}: {one['evidence']}", markup=False)
    console.print(
        f"{whole} of {kpis} KPIs meet all five letters; not met (✗): {failing}; else nothing to "
        f"judge one by (?): {kpis - whole - failing}. 'kpi smart KPI' shows the evidence."
    )
