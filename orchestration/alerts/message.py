"""What an alert says, as plain text and as the JSON of a webhook."""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import duckdb

from kpi_specs.language.project import Project
from orchestration.alerts.affected import Span, spans
from orchestration.alerts.findings import Finding
from orchestration.alerts.last_good import NONE, last_good_of
from orchestration.alerts.unread_files import told_with, unread_files
from orchestration.alerts.words import duration, owner_name, root_title, title_of

_SHOWN_SPANS = 6  # per KPI and cadence, newest last; the JSON has them all
_SHOWN_SLICES = 6  # per KPI, those of most periods first; the JSON has them all
_HEADS = {"extended": "AGAIN", "reopened": "REOPENED"}
_DEFAULT_ACTION = "find out why, and repair the data or the definition"

# What the owner does next, by reason code.
ACTIONS = {
    "SPEC_INVALID": "correct the spec ('kpi validate' lists what is wrong), then run 'kpi run'",
    "SOURCE_MISSING": "connect the source or deliver its first file, then run again",
    "COLUMN_MISSING": "deliver the column again, or change the source's contract",
    "TYPE_MISMATCH": "deliver the column in the type that it should have, or correct the model "
    "that changed it; then run again",
    "SOURCE_STALE": "deliver the data that is late, then run again",
    "PERIOD_INCOMPLETE": "deliver the missing days, or the unreadable lines anew; then run again",
    "NO_ROWS": "check whether the rows were lost; if none is right, say zero_is_valid in the spec",
    "DUPLICATE_KEYS": "remove the rows that share a key, or correct the key in the dataset's spec",
    "JOIN_FANOUT": "make the joined model hold each key once, then run again",
    "JOIN_ORPHANS": "deliver the rows that are not found, or allow more orphans in the spec",
    "DOMAIN_VIOLATION": "correct the values, or the contract of the source; then run again",
    "MIXED_UNIT": "convert the rows to one unit in the mart, or slice the KPI by it",
    "RECON_MISMATCH": "repair the model that lost or made rows, or what the spec compares",
    "NULL_MEASURE": "deliver the missing numbers; where a blank means 0, say coalesce in the spec",
    "LOW_SAMPLE": "choose a coarser cadence or slice, or lower min_sample in the spec",
    "ZERO_DENOMINATOR": "check whether the denominator is lost or really zero",
    "VOLUME_ANOMALY": "check whether rows are missing or stand twice; if not, do nothing",
    "VALUE_INVALID": "check the data behind the value, or widen valid_range in the spec",
    "COMPUTE_ERROR": "read the error and repair the model or the spec, then run again",
    "CHECK_ERROR": "repair the check, then run again; until then nothing is shown",
}

# The same where a code has several causes, by the check that failed.
ACTIONS_OF_CHECKS = {
    "amounts_keep_their_unit": "deliver the amounts in their usual unit; if they are right, say "
    "level_changes in the source's contract; then run again",
    "compared_values_are_numbers": "have the model write NULL instead of NaN, then run again",
    "value_is_finite": "have the model write NULL instead of NaN or infinity, then run again",
}

# Of reasons that leave the value: how it was measured, and what is said once that is over.
WARNINGS = {"VOLUME_ANOMALY": ("from an unusual number of rows", "No unusual day lately")}


def action_of(reason_code: str, failed: Collection[str] = ()) -> str:
    """What is to be done about a reason, for whoever is told.

    Args:
        reason_code: The reason.
        failed: Names of the checks that found it; where all have words of their own, those of the
            first are said.
    """
    if failed and all(name in ACTIONS_OF_CHECKS for name in failed):
        return ACTIONS_OF_CHECKS[next(iter(failed))]
    return ACTIONS.get(reason_code, _DEFAULT_ACTION)


@dataclass(frozen=True)
class Context:
    """What is looked up for a finding's message."""

    checks: tuple[str, ...]  # observed against expected
    last_good: dict[str, str]  # KPI -> "3.41 (2017-12-28)" or "none"
    files: tuple[str, ...] = ()  # of the source, that cannot be read


def look_up(con: duckdb.DuckDBPyConnection, project: Project, finding: Finding) -> Context:
    """Failed checks of the newest affected period, and each KPI's last good value."""
    newest = finding.newest
    failed = con.execute(
        """
        SELECT DISTINCT check_name, expected, observed FROM audit.checks
        WHERE kpi = ? AND cadence = ? AND period = ? AND verdict <> 'pass' AND reason_code = ?
            AND (slice = 'total' OR ?)
        ORDER BY ALL LIMIT 3
        """,
        [
            newest.kpi,
            newest.cadence,
            newest.period,
            finding.reason_code,
            finding.severity == "slice",
        ],
    ).fetchall()
    checks = tuple(
        f"{name}: expected {what}, observed {seen}"
        for name, what, seen in failed
        if name != "spec_is_valid"  # what it observed is the reason itself
    )
    withheld = project.withheld
    last_good = {
        kpi: last_good_of(con, project, kpi, finding, is_withheld=kpi in withheld)
        for kpi in finding.kpis
    }
    unread = told_with(unread_files(con, project), finding.root)
    return Context(checks, last_good, unread.lines if unread else ())


def payload(
    project: Project,
    finding: Finding,
    context: Context,
    *,
    event: str,
    incident_id: str,
    opened_at: dt.datetime,
    now: dt.datetime,
) -> dict[str, Any]:
    """The message as JSON-ready values; `text` is the whole message for people."""
    found = spans(finding.affected)
    return {
        "event": event,
        "incident": incident_id,
        "project": project.settings.name,
        "severity": finding.severity,
        "owner": finding.owner,
        "owner_name": owner_name(project, finding.owner),
        "root": finding.root,
        "reason_code": finding.reason_code,
        "reason": finding.newest.reason,
        "since": finding.since.isoformat(),
        "data_through": finding.data_through.isoformat() if finding.data_through else None,
        "checks": list(context.checks),
        "files": list(context.files),
        "opened_at": opened_at.isoformat(),
        "sent_for": now.isoformat(),
        "action": _action(finding, context),
        "kpis": [
            {
                "kpi": kpi,
                "title": title_of(project, kpi),
                "table": f"kpi_{kpi}",
                "last_good": context.last_good[kpi],
                "periods": [
                    {"cadence": s.cadence, "from": s.first, "to": s.last, "count": s.count}
                    for s in found
                    if s.kpi == kpi
                ],
                "slices": _slices(finding, kpi),
            }
            for kpi in finding.kpis
        ],
        "text": _text(project, finding, context, found, event, incident_id),
    }


def reminder_payload(
    project: Project,
    *,
    incident_id: str,
    owner: str,
    root: str,
    reason_code: str,
    severity: str,
    kpis: list[str],
    opened_at: dt.datetime,
    text: str,
    now: dt.datetime,
) -> dict[str, Any]:
    """The message that an incident is still open; `text` is what was said of it last."""
    lasted = now - opened_at
    return {
        "event": "reminded",
        "incident": incident_id,
        "project": project.settings.name,
        "severity": severity,
        "owner": owner,
        "root": root,
        "reason_code": reason_code,
        "opened_at": opened_at.isoformat(),
        "sent_for": now.isoformat(),
        "lasted_seconds": int(lasted.total_seconds()),
        "kpis": [{"kpi": kpi, "title": title_of(project, kpi)} for kpi in kpis],
        "text": f"REMINDER, open for {duration(lasted)}: {text.partition(': ')[2]}",
    }


def _text(
    project: Project,
    finding: Finding,
    context: Context,
    found: tuple[Span, ...],
    event: str,
    incident_id: str,
) -> str:
    count = len(finding.kpis)
    what = f"{count} KPI{'s' if count > 1 else ''}"
    if finding.severity == "slice":
        what = f"Slices of {title_of(project, finding.kpis[0]) if count == 1 else what}"
    head = _HEADS.get(event, "UNMEASURABLE")
    through = finding.data_through.isoformat() if finding.data_through else "none"
    is_warning = finding.severity == "warning"
    happened = "cannot be measured"
    if is_warning:
        head, what, happened = "WARNING", f"{what} measured", WARNINGS[finding.reason_code][0]
    lines = [
        f"{head}: {what} {happened} since {finding.since} ({finding.reason_code})",
        f"Why: {_of_slice(finding)}{finding.newest.reason}",
        *(f"Check: {check}" for check in context.checks),
        *(f"File: {file}" for file in context.files),
        f"Cause: {root_title(project, finding.root)}; newest data: {through}",
    ]
    for kpi in finding.kpis:
        last_good = context.last_good[kpi]
        state = "no earlier value" if last_good == NONE else f"last good {last_good}"
        if finding.severity == "slice":
            state = "its total is measured"
        if is_warning:
            state = "it has a value"
        lines.append(f"- {title_of(project, kpi)} [kpi_{kpi}]; {state}")
        for cadence in dict.fromkeys(span.cadence for span in found if span.kpi == kpi):
            mine = [str(s) for s in found if (s.kpi, s.cadence) == (kpi, cadence)]
            more = f"{len(mine) - _SHOWN_SPANS} earlier, " if len(mine) > _SHOWN_SPANS else ""
            lines.append(f"    {cadence}: {more}{', '.join(mine[-_SHOWN_SPANS:])}")
        if slices := _slices(finding, kpi):
            shown = [f"{name} ({count})" for name, count in list(slices.items())[:_SHOWN_SLICES]]
            more = f" and {len(slices) - len(shown)} more" if len(slices) > len(shown) else ""
            lines.append(f"    slices, by periods: {', '.join(shown)}{more}")
    action = _action(finding, context)
    name = owner_name(project, finding.owner)
    return "\n".join(
        [*lines, f"Next: {name} ({finding.owner}): {action}.", f"Incident: {incident_id}"]
    )


def _slices(finding: Finding, kpi: str) -> dict[str, int]:
    """Value of a slice -> how many periods of the KPI it cannot be measured in; most first."""
    counts = Counter(name for one in finding.affected if one.kpi == kpi for name in one.slices)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _of_slice(finding: Finding) -> str:
    """Which slice of which period the reason is of, where only slices lack their value."""
    newest = finding.newest
    return f"{newest.slices[0]}, {newest.period}: " if finding.severity == "slice" else ""


def _action(finding: Finding, context: Context) -> str:
    return action_of(finding.reason_code, [one.partition(":")[0] for one in context.checks])
