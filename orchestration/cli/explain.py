"""`kpi explain KPI`: what a KPI means, how it is computed, and why a period has no value."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import (
    EXIT_OK,
    UserError,
    add_json,
    add_project,
    date_argument,
    open_published,
    paths_of,
    print_json,
    rows_of,
    stop_unless_kpi,
)
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from rich.table import Table

_NAMED = 20  # slices that a message names


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "explain", help="definition, SQL and evidence of a KPI; why it has no value"
    )
    parser.add_argument("kpi", metavar="KPI")
    parser.add_argument(
        "--period", metavar="P", help="e.g. 2017-12, 2017-W09; default: the newest due"
    )
    parser.add_argument("--slice", metavar="VALUE", default="total", help="e.g. search")
    parser.add_argument("--sql", action="store_true", help="also print the SQL")
    parser.add_argument(
        "--known-on", type=date_argument, metavar="DATE",
        help="what readers were shown at the end of that day, e.g. 2017-06-15",
    )  # fmt: skip
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Everything is read from the published file."""
    if args.known_on is not None:
        return _execute_known(args)
    found = explain(paths_of(args), args.kpi, args.period, args.slice)
    if args.json:
        print_json(found)
    else:
        _print(found, sql=args.sql)
    return EXIT_OK


def _execute_known(args: argparse.Namespace) -> int:
    from orchestration.cli.known import known_on, print_known

    paths = paths_of(args)
    period = args.period or explain(paths, args.kpi, None, args.slice)["row"]["period"]
    known = known_on(paths, args.kpi, period, args.slice, args.known_on)
    if args.json:
        print_json(known)
    else:
        print_known(known, sql=args.sql)
    return EXIT_OK


def explain(paths: ProjectPaths, kpi: str, period: str | None, slice_value: str) -> dict[str, Any]:
    """Definition, row and checks of one KPI and period.

    Returns:
        `definition` (a row of kpi_catalog), `row` (of kpi_values), `target` (of kpi_targets, or
        None), `checks` (of kpi_checks) and `restatements` (of kpi_restatements).

    Raises:
        UserError: no such KPI, period or slice (the message names what there is); no publication.
    """
    with open_published(paths) as con:
        names = [name for (name,) in con.execute("select distinct kpi from kpi_catalog").fetchall()]
        stop_unless_kpi(kpi, names)
        definition = _one(con, "from kpi_catalog where kpi = ? and is_current", [kpi])
        # A value may be called 'total' too: the total is told by its slice.
        place = "slice = 'total'" if slice_value == "total" else "slice <> 'total'"
        key = f"kpi = ? and slice_value = ? and {place}"
        if period is None:
            row = _one(
                con,
                f"from kpi_values where {key} and data_status <> 'pending' "
                "order by cadence = ? desc, due_at <= (select as_of from publication) desc, "
                "period_end desc limit 1",
                [kpi, slice_value, definition["cadence"].split(",")[0] if definition else ""],
            ) or _one(con, f"from kpi_values where {key} limit 1", [kpi, slice_value])
        else:
            row = _one(
                con, f"from kpi_values where {key} and period = ?", [kpi, slice_value, period]
            )
        if row is None:
            raise UserError(_what_there_is(con, kpi, period, slice_value))
        same = "where kpi = ? and cadence = ? and period = ? and slice = ? and slice_value = ?"
        values = [kpi, row["cadence"], row["period"], row["slice"], slice_value]
        target = _one(con, f"from kpi_targets {same}", values)
        checks = rows_of(
            con, f"from kpi_checks {same} order by verdict = 'pass', check_name", values
        )
        restatements = rows_of(con, f"from kpi_restatements {same} order by restated_at", values)
    return {
        "definition": definition, "row": row, "target": target, "checks": checks,
        "restatements": restatements,
    }  # fmt: skip


def _what_there_is(con: Any, kpi: str, period: str | None, slice_value: str) -> str:
    """What is wrong, the period before the slice: of a period that there is not, no slice is."""
    ranges = con.execute(
        "select cadence, min(period), max(period), count(*) filter (period = ?) from kpi_values "
        "where kpi = ? group by 1 order by 1",
        [period, kpi],
    ).fetchall()
    if period is not None and not any(found for *_, found in ranges):
        there = "; ".join(f"{cadence} {first} to {last}" for cadence, first, last, _ in ranges)
        return f"'{kpi}' has no period '{period}'. Periods: {there}."
    slices = con.execute(
        "select distinct slice_value from kpi_values where kpi = ? and period = coalesce(?, period)"
        " order by 1",
        [kpi, period],
    ).fetchall()
    names = ", ".join(name for (name,) in slices[:_NAMED])
    more = f" and {len(slices) - _NAMED} more" if len(slices) > _NAMED else ""
    place = "" if period is None else f" in {period}"
    return f"'{kpi}' has no slice '{slice_value}'{place}. Slices: {names}{more}."


def _one(con: Any, query: str, values: list[Any]) -> dict[str, Any] | None:
    rows = rows_of(con, query, values)
    return rows[0] if rows else None


def words(text: str) -> str:
    """The first language of a JSON object of words."""
    return str(next(iter(json.loads(text).values()), ""))


def _origin(target: dict[str, Any]) -> str:
    """Who set a target and why, and why there is none all the same."""
    said = f"{target['set_by']}: {target['why']}"
    return f"{said}. None here: {target['reason']}" if target["reason"] else said


def _check_table(checks: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 2))
    for name in ("check", "expected", "observed", "verdict"):
        table.add_column(name, no_wrap=name != "observed")
    for check in checks:
        table.add_row(
            check["check_name"],
            str(check["expected"]),
            str(check["observed"]),
            check["verdict"],
            style="" if check["verdict"] == "pass" else "red",
        )
    return table


def _print(found: dict[str, Any], *, sql: bool) -> None:
    from rich.console import Console

    from orchestration.cli.known import change_lines
    from orchestration.report.wording import NO_VALUE, shown_unit, target_text, value_text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    definition, row = found["definition"], found["row"]
    console.print(f"[bold]{words(definition['titles'])}[/bold] ({definition['kpi']})")
    for label, text in (
        ("asks", words(definition["criterion"])),
        ("decides", words(definition["purpose"])),
        ("is", definition["formula"]),
        ("rests on", definition["sources"]),
        ("owner", definition["owner"]),
        ("version", f"{definition['spec_version']} ({definition['spec_fingerprint']})"),
    ):
        console.print(f"  {label:<10}{text}", markup=False)
    unit = shown_unit(definition)
    console.print()
    console.print(f"[bold]{row['period']}[/bold] ({row['cadence']}), {row['slice_value']}")
    target = target_text(row["target"], row["target_low"], row["target_high"], *unit)
    last_good = value_text(row["last_good_value"], *unit)
    if row["last_good_period"]:
        last_good += f" in {row['last_good_period']}"
    lines = [
        ("value", value_text(row["value"], *unit)),
        ("status", row["data_status"]),
        ("why", row["reason"] or "-"),
        ("target", " ".join(part for part in (target, row["target_status"]) if part)),
        ("last good", last_good),
        ("coverage", "-" if row["coverage"] is None else f"{row['coverage']:.1%} of the days"),
        ("data to", row["data_through"] or NO_VALUE),
        ("due", row["due_at"]),
    ]
    if found["target"] is not None:
        lines.insert(4, ("set by", _origin(found["target"])))
    if row["pace"] is not None:
        lines.insert(5, ("pace", f"{row['pace']:.0%} of what should be reached by now"))
    if row["value"] is not None:
        lines = [line for line in lines if line[0] not in ("last good", "why")]
    lines += change_lines(found["restatements"], unit)
    for label, text in lines:
        console.print(f"  {label:<10}{text}", markup=False, soft_wrap=label in ("history", ""))
    console.print()
    if found["checks"]:
        console.print(_check_table(found["checks"]))
    elif row["value"] is not None:
        console.print("  All checks passed; those of a slice are listed where they did not.")
    else:
        console.print("  No check of it is listed.")
    if sql:
        console.print()
        console.print(definition["sql"], markup=False, soft_wrap=True)
