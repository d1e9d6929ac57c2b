"""`kpi alerts`: open incidents and what became of their messages; acknowledge, send again."""

import argparse
import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    UserError,
    add_json,
    add_project,
    load_for_run_or_stop,
    paths_of,
    print_json,
    rows_of,
)
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    import duckdb

    from orchestration.alerts import DeliveryReport

EVERYTHING = ""  # --resend without an id


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "alerts", help="open incidents and undelivered messages; acknowledge, send again"
    )
    add_project(parser)
    add_json(parser)
    parser.add_argument(
        "incident", metavar="INCIDENT", nargs="?", help="all that was said of one, also when over"
    )
    does = parser.add_mutually_exclusive_group()
    does.add_argument(
        "--acknowledge", metavar="INCIDENT", help="somebody sees to it: no more reminders"
    )
    does.add_argument(
        "--resend", metavar="ID", nargs="?", const=EVERYTHING,
        help="send what was not delivered, or the messages of an incident, once more",
    )  # fmt: skip
    does.add_argument(
        "--check", action="store_true",
        help="for cron: tell of a run that failed or did not come, send what waits",
    )  # fmt: skip
    parser.add_argument("--by", metavar="NAME", help="who acknowledges")
    parser.add_argument("--note", metavar="TEXT", default="", help="what they say to it")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """List; or acknowledge or send again, and list. Not while a run has the warehouse."""
    paths = paths_of(args)
    if (args.by or args.note) and not args.acknowledge:
        raise UserError("--by and --note belong to --acknowledge INCIDENT.")
    if args.incident and (args.acknowledge or args.resend is not None or args.check):
        raise UserError(
            "an incident by itself is shown; --acknowledge and --resend name their own."
        )
    if not paths.warehouse.is_file():
        raise UserError("there is no warehouse yet; run 'kpi run' first.")
    if args.incident:
        return _show_one(paths, args.incident, as_json=args.json)
    delivery = None
    if args.acknowledge:
        _acknowledge(paths, args.acknowledge, args.by, args.note)
    elif args.resend is not None:
        delivery = _resend(paths, args.resend)
    elif args.check:
        delivery = _check(paths)
    with _warehouse(paths, read_only=True) as con:
        incidents, undelivered = _found(con)
    if args.json:
        print_json({"incidents": incidents, "undelivered": undelivered})
    else:
        _print(incidents, undelivered)
        if delivery is not None:
            sent = f"{delivery.sent} message{'' if delivery.sent == 1 else 's'}"
            print(f"Sent now: {sent}; waiting: {delivery.pending}.")
    return EXIT_OK


def _show_one(paths: ProjectPaths, incident: str, *, as_json: bool) -> int:
    """What was said of an incident last, and each of its messages.

    Raises:
        UserError: there is no such incident.
    """
    with _warehouse(paths, read_only=True) as con:
        found = _incidents(con, "incident_id = ?", [incident])
        if not found:
            known = ", ".join(one["incident_id"] for one in _incidents(con, "true", []))
            raise UserError(f"no incident is called '{incident}'. There are: {known or 'none'}.")
        messages = rows_of(
            con,
            "select message_id, event, channel, state, attempts, last_error, created_at, sent_at "
            "from audit.outbox where incident_id = ? order by created_at, channel",
            [incident],
        )
    (one,) = found
    if as_json:
        print_json({**one, "messages": messages})
        return EXIT_OK
    _print_incident(one, waiting=any(m["state"] == "pending" for m in messages))
    print(f"\n{one['message']}\n")
    for message in messages:
        when = message["sent_at"] or message["created_at"]
        error = f": {message['last_error']}" if message["state"] != "sent" else ""
        print(
            f"{when:%Y-%m-%d %H:%M} UTC  {message['event']:<9} {message['state']:<8} "
            f"{message['channel']}{error}"
        )
    return EXIT_OK


def _acknowledge(paths: ProjectPaths, incident: str, by: str | None, note: str) -> None:
    from orchestration.alerts import NotFoundError, acknowledge

    if not by:
        raise UserError("say who acknowledges: --by NAME.")
    with _warehouse(paths) as con:
        try:
            acknowledge(con, incident, by=by, note=note, now=dt.datetime.now(dt.UTC))
        except NotFoundError as error:
            raise UserError(str(error)) from None


def _check(paths: ProjectPaths) -> "DeliveryReport":
    """Look for runs that did not come or cannot, and for invalid specs; send what waits.

    Raises:
        UserError: no run can start with these specs; that has been told by then.
    """
    from orchestration.alerts import check_runs, deliver, tell_invalid, tell_unloadable
    from orchestration.last_valid_specs import load_for_run
    from orchestration.run_log import ensure_run_log

    now = dt.datetime.now(dt.UTC)
    loaded = load_for_run(paths)
    if loaded.project is None:
        with _warehouse(paths) as con:
            ensure_run_log(con)
            known = tell_unloadable(con, paths.root, loaded.errors, now=now)
            if known is not None:
                deliver(con, known, now=now)
    project = load_for_run_or_stop(paths)
    with _warehouse(paths) as con:
        ensure_run_log(con)
        check_runs(con, project, now=now)
        tell_invalid(con, project, now=now)
        return deliver(con, project, now=now)


def _resend(paths: ProjectPaths, which: str) -> "DeliveryReport":
    from orchestration.alerts import NotFoundError, deliver, resend

    project = load_for_run_or_stop(paths)
    now = dt.datetime.now(dt.UTC)
    with _warehouse(paths) as con:
        try:
            resend(con, which or None, now=now)
        except NotFoundError as error:
            raise UserError(str(error)) from None
        return deliver(con, project, now=now)


@contextmanager
def _warehouse(
    paths: ProjectPaths, *, read_only: bool = False
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """The warehouse; to write into it with the run lock, as there is one writer.

    Raises:
        UserError: a run or another program has it, or the file cannot be read.
    """
    import duckdb

    from orchestration.run_lock import ALERTS, RunLockedError, hold_run_lock
    from orchestration.warehouse_file import WarehouseUnusableError, connect, why_unusable

    try:
        if read_only:
            with connect(paths.warehouse, read_only=True) as con:
                yield con
        else:
            with hold_run_lock(paths.var, ALERTS), connect(paths.warehouse) as con:
                yield con
    except RunLockedError:
        raise UserError("a run has the warehouse just now; try again after it.") from None
    except WarehouseUnusableError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    except duckdb.Error as error:
        raise UserError(why_unusable(paths.warehouse, error), EXIT_MACHINERY) from None


def _found(con: "duckdb.DuckDBPyConnection") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Open incidents, and messages that were not delivered; none where no run came that far."""
    import duckdb

    try:
        undelivered = rows_of(
            con,
            "select message_id, incident_id, event, channel, state, attempts, last_error "
            "from audit.outbox where state <> 'sent' order by created_at, message_id",
        )
    except duckdb.CatalogException:
        return [], []
    return _incidents(con, "state <> 'resolved'", []), undelivered


def _incidents(
    con: "duckdb.DuckDBPyConnection", condition: str, values: list[Any]
) -> list[dict[str, Any]]:
    """Rows of audit.incidents; a table of an earlier version lacks who acknowledged."""
    import duckdb

    try:
        found = rows_of(
            con,
            "select * exclude (fingerprint, periods, run_id) from audit.incidents "
            f"where {condition} order by opened_at, incident_id",
            values,
        )
    except duckdb.CatalogException:
        return []
    for one in found:
        one["kpis"] = json.loads(one["kpis"])
        lines = one["message"].splitlines()
        one["why"] = next((line[5:] for line in lines if line.startswith("Why: ")), "")
    return found


def _print(incidents: list[dict[str, Any]], undelivered: list[dict[str, Any]]) -> None:
    waiting = {message["incident_id"] for message in undelivered}
    if not incidents:
        print("No open incidents.")
    for one in incidents:
        _print_incident(one, waiting=one["incident_id"] in waiting)
    for one in undelivered:
        state = "failed" if one["state"] == "failed" else "undelivered"
        tries = f"{one['attempts']} attempt{'' if one['attempts'] == 1 else 's'}"
        print(f"{state} {one['message_id']}: {tries}, {one['last_error'] or 'not tried yet'}")


def _print_incident(one: dict[str, Any], *, waiting: bool) -> None:
    since = f"since {one['opened_at']:%Y-%m-%d %H:%M} UTC"
    if one["resolved_at"]:
        since += f" until {one['resolved_at']:%Y-%m-%d %H:%M} UTC"
    print(
        f"{one['incident_id']}  {one['state']:<9} {since}  {one['reason_code']:<22} {one['root']}"
    )
    if one["why"]:
        print(f"    {one['why']}")
    told = "is being told" if waiting else "was told"
    affected = ", ".join(one["kpis"]) or "no KPI by itself"
    print(f"    {one['owner']} {told}; affected: {affected}")
    if one.get("acknowledged_at"):
        note = f": {one['note']}" if one["note"] else ""
        when = f"{one['acknowledged_at']:%Y-%m-%d %H:%M} UTC"
        print(f"    acknowledged by {one['acknowledged_by']}, {when}{note}")
