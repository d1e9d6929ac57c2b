"""Invalid specs: a KPI's withholds the KPI, and is told to its owner; another keeps every run away.

What withholds rows is found in the verdicts, as any other cause is, and has one incident with it:
root `spec:<kpi>`. Before the next run, and of a KPI without rows, there are no verdicts: whoever
looks for runs (`kpi alerts --check`, Dagster's sensor) and every run open that same incident here.

Where no run can start, whom to tell stands in what cannot be read. So every run leaves in the
warehouse what telling needs, names and routes without any secret.
"""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from expectations.reasons import SPEC_INVALID as REASON
from kpi_specs.language.last_valid import problems_by_kpi
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Owner, Project, ProjectSettings
from orchestration.alerts.ending import resolve
from orchestration.alerts.message import action_of
from orchestration.alerts.missed_runs import MissedRun, last_good_run, open_on_runs
from orchestration.alerts.opening import OpenIncident, open_incident, open_incidents
from orchestration.alerts.tables import ensure_tables, naive_utc
from orchestration.alerts.words import owner_name, root_title, title_of

SPEC_INVALID = REASON.code
_RUNS, _OF_KPI = "run:specs", "spec:"
_SHOWN = 5
_FROM_NEXT_RUN = (
    "From the next run on the KPI has no value, nor has what is computed from it; one that was "
    "never valid is not published."
)
_UNKNOWN = (
    "No valid version of the KPI is known, so it is not published; what is computed from it has no "
    "value."
)
_DDL = "CREATE TABLE IF NOT EXISTS audit.last_specs (content VARCHAR NOT NULL)"


def specs_are_read(con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime) -> None:
    """Remember whom to tell; end the incidents on specs that are over, open those without rows.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: the specs of a run that ended well.
        now: when; an aware time is kept as naive UTC.
    """
    ensure_tables(con)
    con.execute("BEGIN")
    try:
        con.execute(_DDL)
        content = {
            "settings": project.settings.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "owners": [
                owner.model_dump(mode="json", by_alias=True, exclude_unset=True)
                for owner in project.owners.values()
            ],
            "kpis": {key: kpi.owner for key, kpi in project.kpis.items()},
        }
        con.execute("DELETE FROM audit.last_specs")
        con.execute(
            "INSERT INTO audit.last_specs VALUES (?)", [json.dumps(content, ensure_ascii=False)]
        )
        there = open_incidents(con)
        over = [one for one in there.values() if _is_over(one, project)]
        resolve(con, project, over, None, naive_utc(now))
        follow_specs_without_rows(con, project, there, (), None, naive_utc(now))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def follow_specs_without_rows(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    there: dict[str, OpenIncident],
    told: Collection[str],
    run_id: str | None,
    now: dt.datetime,
) -> None:
    """Keep, or open, the incidents on invalid specs of KPIs that have no rows to withhold.

    Args:
        con: in a transaction.
        project: the specs.
        there: the open incidents by fingerprint; those that go on are taken out.
        told: fingerprints of what the verdicts have told already: what is computed from such a KPI
            has rows.
        run_id: the run.
        now: when, naive UTC.
    """
    for kpi, problems in project.invalid.items():
        if kpi not in project.kpis:
            owner = project.settings.default_owner
            fingerprint = _fingerprint(kpi, owner)
            if there.pop(fingerprint, None) is None and fingerprint not in told:
                _open(con, project, kpi, problems, owner, run_id, now, comes=_UNKNOWN)


def tell_invalid(con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime) -> None:
    """Open the incidents on invalid KPI specs that are not open yet.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: the specs, as of `kpi_specs.language.last_valid`.
        now: when; an aware time is kept as naive UTC.
    """
    ensure_tables(con)
    con.execute("BEGIN")
    try:
        owner_of = {key: kpi.owner for key, kpi in project.kpis.items()}
        _open_missing(con, project, project.invalid, owner_of, naive_utc(now))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def tell_unloadable(
    con: duckdb.DuckDBPyConnection, root: Path, problems: Sequence[Problem], *, now: dt.datetime
) -> Project | None:
    """Open the incidents on specs that no run can load, once each.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        root: the project's folder.
        problems: what is wrong with the specs.
        now: when; an aware time is kept as naive UTC.

    Returns:
        What is known of the project, to deliver by: settings and owners of the last run. None where
        no run has left any.
    """
    ensure_tables(con)
    con.execute(_DDL)
    known = _known(con)
    if "settings" not in known:
        return None
    owners = [Owner.model_validate(one) for one in known["owners"]]
    project = Project(
        root,
        ProjectSettings.model_validate(known["settings"]),
        owners={one.owner: one for one in owners},
    )
    of_kpis, others = problems_by_kpi(root, problems, known["kpis"])
    con.execute("BEGIN")
    try:
        missed = _missed(others, last_good_run(con))
        owner = project.settings.default_owner
        if others and missed.fingerprint(owner) not in open_incidents(con):
            open_on_runs(con, project, missed, owner, naive_utc(now))
        _open_missing(con, project, of_kpis, known["kpis"], naive_utc(now))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return project


def _known(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the last good run has left; without one no KPI is known."""
    rows = con.execute("FROM audit.last_specs").fetchall()
    found: dict[str, Any] = json.loads(rows[0][0]) if rows else {"kpis": {}}
    return found


def _is_over(one: OpenIncident, project: Project) -> bool:
    if one.root.startswith(_OF_KPI):
        return one.root.removeprefix(_OF_KPI) not in project.invalid
    return one.root == _RUNS


def _fingerprint(kpi: str, owner: str) -> str:
    """As that of what the verdicts tell (`findings.Finding`): so it is one incident."""
    return "|".join(("kpi", f"{_OF_KPI}{kpi}", SPEC_INVALID, owner))


def _open_missing(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    invalid: Mapping[str, Sequence[Problem]],
    owner_of: Mapping[str, str],
    now: dt.datetime,
) -> None:
    there = open_incidents(con)
    for kpi, problems in invalid.items():
        owner = owner_of.get(kpi, "")
        if owner not in project.owners:
            owner = project.settings.default_owner
        if _fingerprint(kpi, owner) not in there:
            _open(con, project, kpi, problems, owner, None, now)


def _open(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    kpi: str,
    problems: Sequence[Problem],
    owner: str,
    run_id: str | None,
    now: dt.datetime,
    *,
    comes: str = _FROM_NEXT_RUN,
) -> None:
    root, action = f"{_OF_KPI}{kpi}", action_of(SPEC_INVALID)
    over = (one for one, at_fault in project.withheld.items() if at_fault == kpi)
    kpis = tuple(dict.fromkeys((kpi, *over)))

    def content_of(event: str, incident_id: str, opened_at: dt.datetime) -> dict[str, Any]:
        kind = "REOPENED" if event == "reopened" else "SPEC"
        lines = (
            f"{kind}: {root_title(project, root)} is invalid ({SPEC_INVALID})",
            f"Why: {_listed(problems)}",
            comes,
            f"Next: {owner_name(project, owner)} ({owner}): {action}.",
            f"Incident: {incident_id}",
        )
        return {
            "event": event,
            "incident": incident_id,
            "project": project.settings.name,
            "severity": "kpi",
            "owner": owner,
            "owner_name": owner_name(project, owner),
            "root": root,
            "reason_code": SPEC_INVALID,
            "reason": _listed(problems),
            "opened_at": opened_at.isoformat(),
            "sent_for": now.isoformat(),
            "action": action,
            "kpis": [{"kpi": one, "title": title_of(project, one)} for one in kpis],
            "text": "\n".join(lines),
        }

    open_incident(
        con, project, fingerprint=_fingerprint(kpi, owner), root=root, reason_code=SPEC_INVALID,
        owner=owner, severity="kpi", kpis=kpis, periods="[]", content_of=content_of,
        run_id=run_id, now=now,
    )  # fmt: skip


def _missed(problems: Sequence[Problem], last: str) -> MissedRun:
    return MissedRun(
        _RUNS,
        SPEC_INVALID,
        f"NO RUN CAN START, the specs are invalid; none has ended well since {last}",
        _listed(problems),
        "correct the specs ('kpi validate' lists what is wrong), then run 'kpi run'",
    )


def _listed(problems: Sequence[Problem]) -> str:
    shown = "; ".join(str(one) for one in problems[:_SHOWN])
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return f"{shown}{more}"
