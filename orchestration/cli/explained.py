"""What `kpi explain` prints of one KPI and period."""

import json
from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_LABEL = 10  # width
_RUN = 8  # first characters of a run's id


def words(text: str) -> str:
    """The first language of a JSON object of words."""
    return str(next(iter(json.loads(text).values()), ""))


def print_explained(found: dict[str, Any], *, sql: bool, checks: bool) -> None:
    """For people; times are UTC.

    Args:
        found: what `explain.explain` returns.
        sql: also print the query.
        checks: also list the checks that passed.
    """
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    definition, row = found["definition"], found["row"]
    console.print(f"[bold]{words(definition['titles'])}[/bold] ({definition['kpi']})")
    _lines(
        console,
        ("asks", words(definition["criterion"])),
        ("decides", words(definition["purpose"])),
        ("is", definition["formula"]),
        ("rests on", definition["sources"].replace(",", ", ")),
        ("owner", definition["owner"]),
        ("version", f"{definition['spec_version']} ({definition['spec_fingerprint']})"),
        ("sql", f"{found['model']}{'' if sql else '; --sql shows the query of this period'}"),
    )
    console.print(f"\n[bold]{row['period']}[/bold] ({row['cadence']}), {row['slice_value']}")
    _lines(console, *_of_the_row(found))
    _print_checks(console, found, everything=checks)
    _print_history(console, found)
    if sql:
        console.print()
        console.print(found["sql"], markup=False, soft_wrap=True)


def _lines(console: "Console", *lines: tuple[str, Any]) -> None:
    for label, text in lines:
        whole = label in ("history", "")  # one line each, however wide
        parts = [str(text)] if whole else wrap(str(text), console.width - _LABEL - 2) or [""]
        for number, line in enumerate(parts):
            named = "" if number else label
            console.print(f"  {named:<{_LABEL}}{line}", markup=False, soft_wrap=True)


def _of_the_row(found: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """The value and how it stands; of one that is not there why, who does what, and the alert."""
    from orchestration.cli.known import change_lines
    from orchestration.report.wording import NO_VALUE, shown_unit, target_text, value_text

    row, unit = found["row"], shown_unit(found["definition"])
    yield "value", value_text(row["value"], *unit)
    codes = f" ({row['reason_codes']})" if row["reason_codes"] else ""
    closes = f", final on {row['closed_at']}" if row["data_status"] == "provisional" else ""
    yield "status", f"{row['data_status']}{codes}{closes}"
    if row["value"] is None or row["reason"]:  # beside a value: a warning
        yield "why", row["reason"] or "-"
        yield "next", found["next"]
    for one in found["incidents"]:
        yield "incident", _incident(one)
    target = target_text(row["target"], row["target_low"], row["target_high"], *unit)
    yield "target", " ".join(part for part in (target, row["target_status"]) if part)
    if found["target"] is not None:
        yield "set by", _origin(found["target"])
    if row["pace"] is not None:
        yield "pace", f"{row['pace']:.0%} of what should be reached by now"
    if row["value"] is None:
        last_good = value_text(row["last_good_value"], *unit)
        if row["last_good_period"]:
            last_good += f" in {row['last_good_period']}"
        yield "last good", last_good
    yield "coverage", NO_VALUE if row["coverage"] is None else f"{row['coverage']:.1%} of the days"
    yield "data to", row["data_through"] or NO_VALUE
    yield "due", row["due_at"]
    yield from change_lines(found["restatements"], unit)


def _origin(target: dict[str, Any]) -> str:
    """Who set a target and why, and why there is none all the same."""
    said = f"{target['set_by']}: {target['why']}"
    return f"{said}. None here: {target['reason']}" if target["reason"] else said


def _incident(one: dict[str, Any]) -> str:
    """`INC-56cde4180d, open since 2026-11-25 19:23 UTC (source:orders); ops was told`."""
    since = f"{one['opened_at']:%Y-%m-%d %H:%M}"
    text = f"{one['incident_id']}, open since {since} UTC ({one['root']})"
    if one["resolved_at"]:
        end = f"{one['resolved_at']:%Y-%m-%d %H:%M} UTC"
        text = f"{one['incident_id']}, over: {since} to {end} ({one['root']})"
    waits = one["state"] == "open" or one.get("waiting")
    told = "is being told" if waits else "was told"
    seen = f", {one['acknowledged_by']} sees to it" if one["acknowledged_by"] else ""
    return f"{text}; {one['owner']} {told}{seen}"


def _print_checks(console: "Console", found: dict[str, Any], *, everything: bool) -> None:
    """The checks that failed; those that passed are counted unless all are wanted."""
    checks = found["checks"]
    passed = [check for check in checks if check["verdict"] == "pass"]
    failed = [check for check in checks if check["verdict"] != "pass"]
    console.print()
    if not checks:
        measured = found["row"]["value"] is not None
        console.print(
            "  All checks passed; those of a slice are listed where they did not."
            if measured
            else "  No check of it is listed."
        )
        return
    shown = checks if everything else failed
    if shown:
        console.print(_check_table(shown))
    if passed and not everything:
        count = f"{len(passed)} check{'s' if len(passed) > 1 else ''} passed"
        console.print(f"  {count if failed else f'All {count}'}; --checks shows what they saw.")


_LISTED = 24  # letters


def _check_table(checks: list[dict[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 2))
    table.add_column("check", no_wrap=True)
    table.add_column("expected", max_width=_LISTED)  # the list of statuses must not take the line
    table.add_column("observed")
    table.add_column("verdict", no_wrap=True)
    for check in checks:
        table.add_row(
            check["check_name"],
            str(check["expected"]),
            Text(str(check["observed"])),  # brackets in it are no markup
            check["verdict"],
            style="" if check["verdict"] == "pass" else "red",
        )
    return table


def _print_history(console: "Console", found: dict[str, Any]) -> None:
    """Since when each check that ever failed did, and what it saw then."""
    from rich.table import Table
    from rich.text import Text

    if not found["check_history"]:
        return
    table = Table(box=None, padding=(0, 2, 0, 2))
    for name in ("since (UTC)", "check", "verdict", "observed", "run"):
        table.add_column(name, no_wrap=name != "observed")
    for one in found["check_history"]:
        table.add_row(
            f"{one['shown_from']:%Y-%m-%d %H:%M}", one["check_name"],
            "not failing" if one["verdict"] == "absent" else one["verdict"],
            Text(str(one["observed"])), one["run_id"][:_RUN],
        )  # fmt: skip
    console.print()
    console.print(table)
