"""`kpi feasibility KPI`: what history says of a KPI's targets, and which resources are missing."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import (
    EXIT_OK,
    UserError,
    add_json,
    add_project,
    open_published,
    paths_of,
    print_json,
    rows_of,
    stop_unless_kpi,
)

if TYPE_CHECKING:
    import duckdb

    from orchestration.audit import Feasibility, Wanted

_SAYS = {
    "always": "the process as it is meets it: every value within its limits does",
    "sometimes": "the process as it is meets it now and then, by chance",
    "beyond": "the process as it is does not get there; it would have to change",
    "too_short": "history is too short for limits: {values}, {needed} are needed",
}


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "feasibility", help="what history says of a KPI's targets; missing resources"
    )
    parser.add_argument("kpi", metavar="KPI")
    parser.add_argument(
        "--target",
        nargs="+",
        type=float,
        metavar="VALUE",
        help="try this target (for a band: its two ends) instead of those of the spec",
    )
    parser.add_argument("--cadence", metavar="C", help="of the tried target (default: the main)")
    parser.add_argument(
        "--slice", metavar="VALUE", default="total", help="of the tried target, e.g. search"
    )
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Everything is read from the published file."""
    from orchestration.audit import feasibilities

    with open_published(paths_of(args)) as con:
        names = [name for (name,) in con.execute("select distinct kpi from kpi_catalog").fetchall()]
        stop_unless_kpi(args.kpi, names)
        (kpi,) = rows_of(con, "from kpi_catalog where kpi = ? and is_current", [args.kpi])
        (publication,) = rows_of(con, "from publication")
        found = (
            feasibilities(con, publication["as_of"], args.kpi)
            if args.target is None
            else (_tried(con, args, kpi),)
        )
    missing = [one for one in kpi["missing_resources"].split("; ") if one]
    if args.json:
        print_json(
            {
                "kpi": args.kpi,
                "targets": [asdict(one) for one in found],
                "missing_resources": missing,
            }
        )
    else:
        _print(kpi, found, missing)
    return EXIT_OK


def _tried(
    con: "duckdb.DuckDBPyConnection", args: argparse.Namespace, kpi: dict[str, Any]
) -> "Feasibility":
    """The target of the command line.

    Raises:
        UserError: it does not fit the KPI's direction, cadence or slices.
    """
    from orchestration.audit import Wanted, try_target

    ends, direction = args.target, kpi["direction"]
    if len(ends) != (2 if direction == "in_range" else 1):
        needs = "two values, the ends of its band" if direction == "in_range" else "one value"
        raise UserError(f"--target: {args.kpi} ({direction}) needs {needs}; found {len(ends)}.")
    cadences = kpi["cadence"].split(",")
    cadence = args.cadence or cadences[0]
    if cadence not in cadences:
        raise UserError(
            f"--cadence: {args.kpi} has no cadence '{cadence}'. It has: {', '.join(cadences)}."
        )
    rows = con.execute(  # a value may be called total too: the total comes last, and stays
        "select distinct slice_value, slice from kpi_values where kpi = ? order by slice = 'total'",
        [args.kpi],
    ).fetchall()
    slices = dict(rows)
    if args.slice not in slices:
        raise UserError(
            f"'{args.kpi}' has no slice '{args.slice}'. Slices: {', '.join(sorted(slices))}."
        )
    wanted = Wanted(*ends) if len(ends) == 1 else Wanted(None, *sorted(ends))
    place = (args.kpi, cadence, slices[args.slice], args.slice)
    return try_target(con, place, wanted)


def _print(kpi: dict[str, Any], found: "tuple[Feasibility, ...]", missing: list[str]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    title = next(iter(json.loads(kpi["titles"]).values()), "")
    direction = kpi["direction"].replace("_", " ")
    console.print(f"[bold]{title}[/bold] ({kpi['kpi']}), {direction}")
    if not found:
        console.print("It has no target; '--target VALUE' tries one.")
    for one in found:
        console.print()
        console.print(f"[bold]{_target(one.wanted, kpi)}[/bold] {one.cadence}, {one.slice_value}")
        for label, text in _lines(one, kpi):
            console.print(f"  {label:<10}{text}", markup=False)
    console.print()
    lacking = "; ".join(missing) if missing else "none that the spec names"
    console.print(f"Missing resources: {lacking}.", markup=False)


def _lines(one: "Feasibility", kpi: dict[str, Any]) -> list[tuple[str, str]]:
    from orchestration.publish.signals import POINTS

    if not one.periods:
        return [("history", "no final value yet, so nothing can be said")]
    values = f"{one.periods} final value{'s' if one.periods != 1 else ''}"
    says = _SAYS[one.says].format(values=values, needed=POINTS)
    lines = [
        ("history", f"{values}, {one.first_period} to {one.last_period}"),
        ("met", _met(one)),
    ]
    if one.lower is not None:
        far = f"; the target lies {_value(one.outside, kpi)} outside" if one.outside else ""
        lines.append(
            (
                "limits",
                f"{_value(one.lower, kpi)} to {_value(one.upper, kpi)} around "
                f"{_value(one.centre, kpi)}{far}",
            )
        )
    return [
        *lines,
        ("best ever", f"{_value(one.best, kpi)} in {one.best_period}; {_demand(one)}"),
        ("says", says),
    ]


def _met(one: "Feasibility") -> str:
    if not one.judged:
        return "no final value had a target of its own"
    own = " of those with a target of their own" if one.wanted.period else ""
    return f"{one.met} of {one.judged} ({one.met / one.judged * 100:.0f} %){own}"


def _demand(one: "Feasibility") -> str:
    if one.is_reached:
        return "the target was reached"
    if one.demands is None:
        return "the target was never reached"
    return f"the target demands {one.demands * 100:+.1f} % against it"


def _target(wanted: "Wanted", kpi: dict[str, Any]) -> str:
    from orchestration.report.wording import shown_unit, target_text

    text = target_text(wanted.target, wanted.low, wanted.high, *shown_unit(kpi))
    if wanted.valid_from is None:
        return f"{text} (tried)"
    until = f" to {wanted.valid_to}" if wanted.valid_to else " on"
    number = f" (that of {wanted.period})" if wanted.period else ""
    return f"{text}{number}, {wanted.valid_from}{until}:"


def _value(value: float | None, kpi: dict[str, Any]) -> str:
    from orchestration.report.wording import shown_unit, value_text

    return value_text(value, *shown_unit(kpi))
