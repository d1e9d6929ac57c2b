"""`kpi alerts`: open incidents and what became of their messages."""

import argparse
import json
from pathlib import Path
from typing import Any

from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    UserError,
    add_json,
    add_project,
    paths_of,
    print_json,
    rows_of,
)


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("alerts", help="open incidents and undelivered messages")
    add_project(parser)
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Read the pipeline's own tables; not while a run has the warehouse."""
    import duckdb

    paths = paths_of(args)
    if not paths.warehouse.is_file():
        raise UserError("there is no warehouse yet; run 'kpi run' first.")
    try:
        with duckdb.connect(str(paths.warehouse), read_only=True) as con:
            incidents = rows_of(
                con,
                "select incident_id, state, reason_code, root, owner, kpis, opened_at "
                "from audit.incidents where state <> 'resolved' order by opened_at",
            )
            pending = rows_of(
                con,
                "select message_id, incident_id, event, channel, state, attempts, last_error "
                "from audit.outbox where state <> 'sent' order by created_at",
            )
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise UserError("a run has the warehouse just now; try again after it.") from None
        raise UserError(_unreadable(paths.warehouse, error), EXIT_MACHINERY) from None
    except duckdb.CatalogException:
        incidents, pending = [], []
    except duckdb.Error as error:
        raise UserError(_unreadable(paths.warehouse, error), EXIT_MACHINERY) from None
    if args.json:
        print_json({"incidents": incidents, "undelivered": pending})
        return EXIT_OK
    waiting = {message["incident_id"] for message in pending}
    if not incidents:
        print("No open incidents.")
    for one in incidents:
        print(f"{one['incident_id']}  {one['state']:<9} {one['reason_code']:<22} {one['root']}")
        told = "is being told" if one["incident_id"] in waiting else "was told"
        print(f"    {one['owner']} {told}; affected: {', '.join(json.loads(one['kpis']))}")
    for one in pending:
        print(
            f"undelivered {one['message_id']} by {one['channel']}: {one['attempts']} attempts, "
            f"{one['last_error'] or 'not tried yet'}"
        )
    return EXIT_OK


def _unreadable(warehouse: Path, error: Exception) -> str:
    return (
        f"{warehouse} cannot be read: {error}. Move it away; 'kpi run' builds it again from the "
        "files in landing/."
    )
