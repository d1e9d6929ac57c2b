"""`kpi test`: runs the worked examples of the specs; needs no data and no warehouse."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
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
    from kpi_specs.language import Project
    from kpi_specs.language.yaml_lines import YamlPath
    from orchestration.examples import ExampleResult

_SHOWN = 10  # rows of an example that failed


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("test", help="run the KPIs' worked examples; needs no data")
    parser.add_argument("kpis", metavar="KPI", nargs="*", help="these only (default: all)")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """One line per example, then the failures with place and rows; exit code 1 where one fails."""
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
    places = {one.kpi: _place(paths.root, project.files[one.kpi], one.path) for one in results}
    if args.json:
        listed = [_as_json(one, *places[one.kpi]) for one in results]
        print_json({"examples": listed, "without_example": without})
    else:
        _print(results, without)
        _print_failures(project, results, places)
        print(_summary(results, without))
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


def _place(root: Path, file: str, path: "YamlPath") -> tuple[str, int]:
    """File and line of a part of a spec that has been read before."""
    from kpi_specs.language.yaml_lines import Document, read_document

    document = read_document(root / file, root)
    return file, document.line(*path) if isinstance(document, Document) else 1


def _as_json(one: "ExampleResult", file: str, line: int) -> dict[str, Any]:
    said = {name: value for name, value in vars(one).items() if name != "path"}
    return {**said, "file": file, "line": line}


def _print_failures(
    project: "Project",
    results: Sequence["ExampleResult"],
    places: Mapping[str, tuple[str, int]],
) -> None:
    """Where, what was expected and computed, and of which rows."""
    for one in results:
        if not one.message:
            continue
        file, line = places[one.kpi]
        print(f"{file}:{line} [example] {one.kpi}: {one.message}")
        example = project.kpis[one.kpi].example
        if one.outcome == "failed" and example is not None:
            for name, rows in example.rows.items():
                prefix = f"{name}: " if name else ""
                for row in rows[:_SHOWN]:
                    print(f"    {prefix}{_row(row)}")
                if len(rows) > _SHOWN:
                    print(f"    {prefix}and {len(rows) - _SHOWN} more rows")


def _row(row: Mapping[str, Any]) -> str:
    """A row as it is written in the spec."""
    from kpi_specs.language.phrases import shown

    cells = (
        f"{name}: {shown(v).strip(chr(39)) if v is not None else 'null'}" for name, v in row.items()
    )
    return f"{{{', '.join(cells)}}}"


def _summary(results: Sequence["ExampleResult"], without: Sequence[str]) -> str:
    passed = sum(one.outcome == "passed" for one in results)
    said = f"{passed} of {len(results)} examples passed."
    if without:
        s = "s have" if len(without) != 1 else " has"
        said += f" {len(without)} KPI{s} none: {', '.join(without)}."
    return said


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.12g}"
