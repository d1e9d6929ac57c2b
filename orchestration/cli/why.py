"""`kpi why KPI`: what changed a KPI's total from the period before, and whether it is noise."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from orchestration.cli.explain import explain
from orchestration.cli.explained import words
from orchestration.cli.terminal import (
    EXIT_OK,
    add_json,
    add_project,
    open_published,
    paths_of,
    print_json,
    rows_of,
)
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from rich.table import Table

    from orchestration.report.why import Split
    from orchestration.report.wording import ShownUnit

_SHOWN = 10  # slices of one kind, the largest contributions; --json has them all


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "why", help="what changed a KPI from the period before: slices, rates and weights, noise"
    )
    parser.add_argument("kpi", metavar="KPI")
    parser.add_argument(
        "--period", metavar="P", help="e.g. 2017-12, 2017-W09; default: the newest due"
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Everything is read from the published file."""
    found = why(paths_of(args), args.kpi, args.period)
    if args.json:
        print_json({**found, "splits": [asdict(one) for one in found["splits"]]})
    else:
        _print(found)
    return EXIT_OK


def why(paths: ProjectPaths, kpi: str, period: str | None) -> dict[str, Any]:
    """The change of a KPI's total from the period before, and what made it.

    Returns:
        `definition` (a row of kpi_catalog), `row` (of kpi_<id>), `before` (the same of the period
        before, or None), `why_not` ('' or why the two are not compared), `change`, and
        `splits`, one for each kind of slices; without a comparison None and none.

    Raises:
        UserError: no such KPI or period; no publication.
    """
    from orchestration.report.why import split, why_not

    explained = explain(paths, kpi, period, "total")
    definition, key = explained["definition"], explained["row"]
    with open_published(paths) as con:
        query = f'from "kpi_{kpi}" where cadence = ? and '
        total = f"{query} slice = 'total' and "
        (row,) = rows_of(con, f"{total} period = ?", [key["cadence"], key["period"]])
        earlier = rows_of(
            con, f"{total} period_end = ?::date - 1", [key["cadence"], key["period_start"]]
        )
        before = earlier[0] if earlier else None
        as_of = rows_of(con, "select as_of from publication")[0]["as_of"]
        reason = why_not(row, before, is_open=row["period_end"] >= as_of)
        found = {"definition": definition, "row": row, "before": before, "why_not": reason}
        if reason or before is None:
            return {**found, "change": None, "splits": []}
        slices = [
            rows_of(con, f"{query} slice <> 'total' and period = ?", [key["cadence"], one])
            for one in (before["period"], row["period"])
        ]
    kinds = [name for name in definition["grain"].split(",") if name != "total"]
    splits = [
        split(
            name, (before, row),
            ([o for o in slices[0] if o["slice"] == name],
             [o for o in slices[1] if o["slice"] == name]),
        )
        for name in kinds
    ]  # fmt: skip
    return {**found, "change": row["value"] - before["value"], "splits": splits}


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console

    from orchestration.report.why import noise_words
    from orchestration.report.wording import difference_text, shown_unit, value_text

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    definition, row, before = found["definition"], found["row"], found["before"]
    unit = shown_unit(definition)
    console.print(f"[bold]{words(definition['titles'])}[/bold] ({definition['kpi']})")
    console.print()
    if found["why_not"]:
        console.print(f"  {found['why_not']}", markup=False)
        return
    console.print(
        f"[bold]{row['period']}[/bold] against {before['period']} ({row['cadence']}), total"
    )
    lines = [
        ("before", value_text(before["value"], *unit)),
        ("after", value_text(row["value"], *unit)),
        ("change", difference_text(found["change"], *unit)),
        ("signal", noise_words(row, found["change"], lambda value: value_text(value, *unit))),
    ]
    if row["period_days"] != before["period_days"]:
        lines.append(("days", f"{row['period_days']}, before {before['period_days']}"))
    if "provisional" in (row["data_status"], before["data_status"]):
        lines.append(("status", "provisional: late data may still change it"))
    for label, text in lines:
        console.print(f"  {label:<10}{text}", markup=False)
    if not found["splits"]:
        console.print("\n  It has no slices, so what made the change is not known.")
    for one in found["splits"]:
        console.print()
        if one.why_none:
            console.print(f"  By {one.slice}: not known. {one.why_none}", markup=False)
        else:
            console.print(_table(one, found["change"], unit))


def _table(split: "Split", change: float, unit: "ShownUnit") -> "Table":
    """The largest contributions, the others together, and their sum."""
    from rich.table import Table

    from orchestration.report.wording import difference_text, value_text

    divides = split.contributions[0].rate is not None
    table = Table(box=None, padding=(0, 2, 0, 2))
    for name in (split.slice, "before", "after"):
        table.add_column(name, justify="left" if name == split.slice else "right")
    names = ["own rate", "weight", "together"] if divides else ["contribution"]
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    shown, others = split.contributions[:_SHOWN], split.contributions[_SHOWN:]
    for one in shown:
        effects = (one.rate or 0, one.mix or 0, one.change) if divides else (one.change,)
        table.add_row(
            one.slice_value, value_text(one.before, *unit), value_text(one.after, *unit),
            *(difference_text(effect, *unit) for effect in effects),
        )  # fmt: skip
    for name, some in ((f"{len(others)} others", others), ("all", split.contributions)):
        if some:
            added = [sum(one.change for one in some)]
            if divides:
                added = [sum(o.rate or 0 for o in some), sum(o.mix or 0 for o in some), *added]
            table.add_row(name, "", "", *(difference_text(one, *unit) for one in added))
    return table
