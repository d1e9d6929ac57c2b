"""`kpi explain KPI`: what a KPI means, how it is computed, and why a period has no value."""

import argparse
import re
from typing import Any

from orchestration.cli.incident import who_and_incidents
from orchestration.cli.last_run import trouble_since
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
    parser.add_argument("--sql", action="store_true", help="also print the query of this period")
    parser.add_argument("--checks", action="store_true", help="also list the checks that passed")
    parser.add_argument(
        "--known-on", type=date_argument, metavar="DATE",
        help="what readers were shown at the end of that day, e.g. 2017-06-15",
    )  # fmt: skip
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Read the published file; who is told and incidents from the warehouse where it is free."""
    if args.known_on is not None:
        return _execute_known(args)
    from orchestration.cli.explained import print_explained

    found = explain(paths_of(args), args.kpi, args.period, args.slice)
    if args.sql or args.json:
        found["sql"] = query_of(found["definition"], found["row"])
    if args.json:
        print_json(found)
    else:
        print_explained(found, sql=args.sql, checks=args.checks)
        if trouble := trouble_since(paths_of(args)):
            print(f"\n! {trouble}")
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
        `definition` (a row of kpi_catalog), `model` (its file), `row` (of kpi_values), `target` (of
        kpi_targets, or None), `checks` (of kpi_checks), `restatements` (of kpi_restatements),
        `check_history` (of kpi_check_history), `next` (what is to be done where there is no value)
        and what `who_and_incidents` knows.

    Raises:
        UserError: no such KPI, period or slice (the message names what there is); no publication.
    """
    with open_published(paths) as con:
        names = [name for (name,) in con.execute("select distinct kpi from kpi_catalog").fetchall()]
        definition = _one(con, "from kpi_catalog where kpi = ? and is_current", [kpi])
        if definition is None:
            raise UserError(_why_no_definition(paths, kpi, names))
        # A value may be called 'total' too: the total is told by its slice.
        place = "slice = 'total'" if slice_value == "total" else "slice <> 'total'"
        key = f"kpi = ? and slice_value = ? and {place}"
        if period is None:
            row = _one(
                con,
                f"from kpi_values where {key} and data_status <> 'pending' "
                "order by cadence = ? desc, due_at <= (select as_of from publication) desc, "
                "period_end desc limit 1",
                [kpi, slice_value, definition["cadence"].split(",")[0]],
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
            con,
            f"from kpi_checks {same} order by verdict = 'pass', "
            "list_position(string_split(?, ','), reason_code), check_name",  # as they are told
            [*values, row["reason_codes"]],
        )
        restatements = rows_of(con, f"from kpi_restatements {same} order by restated_at", values)
        check_history = _check_history(con, same, values)
    known = who_and_incidents(paths, row)
    return {
        "definition": definition, "model": f"dbt_project/models/kpis/kpi_{kpi}.sql", "row": row,
        "target": target, "checks": checks, "restatements": restatements,
        "check_history": check_history, "next": _next(row, known["party"], checks), **known,
    }  # fmt: skip


def _why_no_definition(paths: ProjectPaths, kpi: str, names: list[str]) -> str:
    """What is said of a KPI that is not in the catalogue, or that was once.

    Args:
        paths: The project's.
        kpi: Its id.
        names: All that were published at some time.

    Raises:
        UserError: there never was one of this name.
    """
    from orchestration.cli.unpublished import why_not_published

    said = why_not_published(paths, kpi)
    if said is None:
        stop_unless_kpi(kpi, names)
        said = f"'{kpi}' is no longer in the specs, so nothing is published of it."
    if kpi not in names:
        return said
    return f"{said} '--period P --known-on DATE' shows what readers were told until then."


def _check_history(con: Any, same: str, values: list[Any]) -> list[dict[str, Any]]:
    """Rows of kpi_check_history; none in a publication of before there was one."""
    there = con.execute("select 1 from duckdb_tables() where table_name = 'kpi_check_history'")
    if there.fetchone() is None:
        return []
    return rows_of(con, f"from kpi_check_history {same} order by shown_from, check_name", values)


def _next(row: dict[str, Any], party: str | None, checks: list[dict[str, Any]]) -> str:
    """What is to be done about a row without a value or with a warning, and by whom if known."""
    if row["value"] is not None and not row["reason_codes"]:
        return ""
    from orchestration.alerts.message import action_of

    code = row["reason_codes"].split(",")[0]
    if row["data_status"] == "pending":
        waits = f"it is due on {row['due_at']}" if code == "NOT_DUE" else "it needs more history"
        return f"nothing, {waits}"
    if code == "UPSTREAM_UNMEASURABLE" and party != "":
        named = re.match(
            r"It is computed from (\w+), which has no value for ([^\s:]+)", row["reason"]
        )
        asked = f"'kpi explain {named[1]} --period {named[2]}'" if named else "'kpi explain' of it"
        return f"its input has to have a value first; {asked} says what that lacks"
    if party == "":
        return "nothing; by contract, or by the calendar, there is nothing to measure"
    failed = [
        check["check_name"]
        for check in checks
        if check["reason_code"] == code and check["verdict"] != "pass"
    ]
    asked = action_of(code, failed)
    return f"{party}: {asked}" if party else asked


def query_of(definition: dict[str, Any], row: dict[str, Any]) -> str:
    """The KPI's SQL for one row, as it may be run on the warehouse while no run is under way."""
    from orchestration.plain_sql import plain_sql

    schema_of = {
        name: f"{'kpi' if name.startswith('kpi_') else 'marts'}.{name}"
        for name in re.findall(r"ref\('(\w+)'\)", definition["sql"])
    }
    keys = ("cadence", "period", "slice", "slice_value")
    only = " and ".join(f"{key} = '{row[key].replace(chr(39), chr(39) * 2)}'" for key in keys)
    sql = re.sub(r"\n{3,}", "\n\n", plain_sql(definition["sql"], schema_of).strip())
    return (
        "-- To be run on var/warehouse.duckdb, read-only, while no run is under way.\n"
        f"select * from (\n{sql}\n)\nwhere {only};"
    )


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
