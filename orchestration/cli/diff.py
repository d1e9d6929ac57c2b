"""`kpi diff OLD NEW`: what two versions of the specs say, and what history is under each."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    UserError,
    add_json,
    add_project,
    paths_of,
    print_json,
)

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.diff import HistoryDiff, Side, SpecChange

SHOWN = 10  # rows per KPI without --all


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "diff", help="compare two versions of the specs, and history under both"
    )
    parser.add_argument(
        "old", metavar="OLD", nargs="?", default="HEAD", help="git revision or folder (HEAD)"
    )
    parser.add_argument(
        "new", metavar="NEW", nargs="?", help="git revision or folder (default: the project)"
    )
    parser.add_argument("--specs-only", action="store_true", help="leave history alone")
    parser.add_argument(
        "--all", action="store_true", help=f"list every change, not {SHOWN} per KPI"
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Compare; nothing of the project, its warehouse or its publication is written."""
    from orchestration.diff import SideError, concerned_kpis, read_side, spec_changes

    paths = paths_of(args)
    new_name = str(paths.root) if args.new is None else args.new
    try:
        old, new = read_side(paths.root, args.old), read_side(paths.root, new_name)
    except SideError as error:
        raise UserError(str(error)) from None
    changes = spec_changes(old, new)
    concerned = concerned_kpis(old, new, changes)
    history = None
    if concerned and not args.specs_only:
        history = _history(args, paths.warehouse, old, new, concerned)
    if args.json:
        print_json(
            {
                "specs": [asdict(change) for change in changes],
                "concerned": sorted(concerned),
                "history": None if history is None else asdict(history),
            }
        )
        return EXIT_OK
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, 120)
    _print_specs(console, changes)
    if history is not None:
        _print_history(console, history, everything=args.all)
    elif changes and not concerned:
        console.print("No value and no status depends on what changed.")
    return EXIT_OK


def _history(
    args: argparse.Namespace, warehouse: Path, old: "Side", new: "Side", kpis: frozenset[str]
) -> "HistoryDiff":
    from orchestration.cli.progress import StageProgress
    from orchestration.diff import WarehouseError, history_diff

    with StageProgress(silent=args.json) as progress:
        try:
            return history_diff(
                warehouse,
                old,
                new,
                kpis,
                on_progress=lambda done, total, name: progress("diff", done, total, name),
            )
        except WarehouseError as error:
            raise UserError(
                f"{error} ('--specs-only' compares the specs alone.)", EXIT_MACHINERY
            ) from None


def _print_specs(console: "Console", changes: Sequence["SpecChange"]) -> None:
    if not changes:
        console.print("The specs say the same.")
    for change in changes:
        line = f"{change.what:<8} {change.kind} {change.id}"
        if change.kind == "kpi" and change.what == "changed":
            line += (
                f"  fingerprint {change.old_fingerprint} -> {change.new_fingerprint}"
                if change.is_recomputed
                else "  same fingerprint: no value changes"
            )
        console.print(line, markup=False)
        for field in change.fields:
            console.print(f"         {field}", markup=False)
        if change.what == "changed" and not change.fields:
            console.print("         its own file is the same; what it is computed from changed")


def _print_history(console: "Console", history: "HistoryDiff", *, everything: bool) -> None:
    compared = sum(history.compared.values())
    console.print()
    console.print(
        f"History as of {history.as_of}: {len(history.rows):,} of {compared:,} rows differ "
        f"({_plural(len(history.compared), 'KPI')} recomputed under both)."
    )
    for name, errors in history.errors.items():
        for kpi, message in errors.items():
            console.print(f"{kpi} cannot be computed under {name}: {message}", markup=False)
    for kpi, found in groupby(history.rows, key=lambda row: str(row["kpi"])):
        rows = list(found)
        console.print()
        console.print(f"[bold]{kpi}[/bold]: {_counted(rows, history.compared[kpi])}")
        _print_rows(console, rows if everything else rows[:SHOWN])
        if len(rows) > SHOWN and not everything:
            console.print(f"  … and {len(rows) - SHOWN:,} more; --all or --json lists them.")


def _counted(rows: Sequence[dict[str, Any]], compared: int) -> str:
    """`12 of 24 rows differ: 10 in value, 3 in data status, 1 in target status`."""
    both = [row for row in rows if row["old_data_status"] and row["new_data_status"]]
    counts = [
        (sum(row["old_value"] != row["new_value"] for row in both), "in value"),
        (sum(row["old_data_status"] != row["new_data_status"] for row in both), "in data status"),
        (
            sum(row["old_target_status"] != row["new_target_status"] for row in both),
            "in target status",
        ),
        (sum(row["old_data_status"] is None for row in rows), "new"),
        (sum(row["new_data_status"] is None for row in rows), "gone"),
    ]
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return f"{len(rows):,} of {compared:,} rows differ: {said}"


def _print_rows(console: "Console", rows: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 2))
    for name in ("Cadence", "Period", "Slice", "Value", "Data status", "Target status"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(
            row["cadence"],
            row["period"],
            row["slice_value"],
            _values(row["old_value"], row["new_value"]),
            _change(row["old_data_status"], row["new_data_status"]),
            _change(row["old_target_status"], row["new_target_status"]),
        )
    console.print(table, soft_wrap=False)


def _values(old: float | None, new: float | None) -> str:
    for digits in (7, 17):  # two values that differ never look alike
        texts = ["—" if value is None else f"{value:.{digits}g}" for value in (old, new)]
        if old == new or texts[0] != texts[1]:
            break
    return texts[0] if old == new else " -> ".join(texts)


def _change(old: str | None, new: str | None) -> str:
    return str(old) if old == new else f"{old or '(no row)'} -> {new or '(no row)'}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
