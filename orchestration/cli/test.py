"""`kpi test`: runs the worked examples of the specs; needs no data and no warehouse."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import (
    EXIT_OK,
    EXIT_USAGE,
    add_json,
    add_project,
    chosen_kpis,
    load_or_stop,
    paths_of,
    print_json,
)

if TYPE_CHECKING:
    from orchestration.examples import ExampleResult


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("test", help="run the KPIs' worked examples; needs no data")
    parser.add_argument("kpis", metavar="KPI", nargs="*", help="these only (default: all)")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """One line per example; exit code 1 where one fails."""
    from kpi_specs.language.dbt_columns import declared_columns
    from orchestration.cli.progress import StageProgress
    from orchestration.examples import run_examples

    paths = paths_of(args)
    project = load_or_stop(paths, warnings=False)
    chosen = chosen_kpis(project, args.kpis)
    columns, _ = declared_columns(paths.root)
    with StageProgress(silent=args.json) as progress:
        results = run_examples(
            project,
            columns,
            chosen,
            on_progress=lambda done, total, kpi: progress("examples", done, total, kpi),
        )
    without = [key for key in chosen if project.kpis[key].example is None]
    if args.json:
        print_json({"examples": [vars(one) for one in results], "without_example": without})
    else:
        _print(results, without)
    return EXIT_OK if all(one.outcome == "passed" for one in results) else EXIT_USAGE


def _print(results: Sequence["ExampleResult"], without: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if results:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("KPI", "Example", "Period", "Expected", "Computed"):
            table.add_column(
                name, no_wrap=True, justify="right" if name.endswith("ted") else "left"
            )
        for one in results:
            table.add_row(
                one.kpi,
                one.outcome,
                one.period or "",
                _number(one.expected),
                "" if one.outcome == "error" else _number(one.computed),
                style="" if one.outcome == "passed" else "red",
            )
        console.print(table)
    for one in results:
        if one.message:
            console.print(f"{one.kpi}: {one.message}", markup=False, soft_wrap=True)
    passed = sum(one.outcome == "passed" for one in results)
    said = f"{passed} of {len(results)} examples passed."
    if without:
        s = "s have" if len(without) != 1 else " has"
        said += f" {len(without)} KPI{s} none: {', '.join(without)}."
    console.print(said, markup=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.12g}"
