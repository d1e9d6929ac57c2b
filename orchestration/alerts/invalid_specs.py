"""Specs that cannot be loaded: no run can start then, and whom to tell stands in them.

So every run leaves in the warehouse what telling needs, names and routes without any secret, and
whoever looks for runs (`kpi alerts --check`, Dagster's sensor) tells by that: the default owner of
everything, each owner of a KPI of what is wrong in its file.
"""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Owner, Project, ProjectSettings
from orchestration.alerts.ending import resolve
from orchestration.alerts.missed_runs import MissedRun, last_good_run, open_on_runs
from orchestration.alerts.opening import open_incidents
from orchestration.alerts.tables import ensure_tables, naive_utc

_ROOT, _CODE = "run:specs", "SPEC_INVALID"
_SHOWN = 5
_DDL = "CREATE TABLE IF NOT EXISTS audit.last_specs (content VARCHAR NOT NULL)"


def specs_are_valid(con: duckdb.DuckDBPyConnection, project: Project, *, now: dt.datetime) -> None:
    """Remember whom to tell, and end the incidents on invalid specs.

    Args:
        con: read-write connection to the warehouse, in no transaction.
        project: the specs.
        now: when; an aware time is kept as naive UTC.
    """
    ensure_tables(con)
    content = json.dumps(
        {
            "settings": project.settings.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "owners": [
                owner.model_dump(mode="json", by_alias=True, exclude_unset=True)
                for owner in project.owners.values()
            ],
            "kpis": {key: kpi.owner for key, kpi in project.kpis.items()},
        },
        ensure_ascii=False,
    )
    con.execute("BEGIN")
    try:
        con.execute(_DDL)
        con.execute("DELETE FROM audit.last_specs")
        con.execute("INSERT INTO audit.last_specs VALUES (?)", [content])
        over = [one for one in open_incidents(con).values() if one.root == _ROOT]
        resolve(con, project, over, None, naive_utc(now))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def tell_invalid(
    con: duckdb.DuckDBPyConnection, root: Path, problems: Iterable[Problem], *, now: dt.datetime
) -> Project | None:
    """Open the incidents on specs that cannot be loaded, once each.

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
    rows = con.execute("FROM audit.last_specs").fetchall()
    if not rows:
        return None
    known = json.loads(rows[0][0])
    owners = [Owner.model_validate(one) for one in known["owners"]]
    project = Project(
        root,
        ProjectSettings.model_validate(known["settings"]),
        owners={one.owner: one for one in owners},
    )
    con.execute("BEGIN")
    try:
        there = open_incidents(con)
        last = last_good_run(con)
        for owner, theirs in _by_owner(project, known["kpis"], list(problems)).items():
            missed = _missed(theirs, last)
            if missed.fingerprint(owner) not in there:
                open_on_runs(con, project, missed, owner, naive_utc(now))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return project


def _by_owner(
    project: Project, owner_of: dict[str, str], problems: list[Problem]
) -> dict[str, list[Problem]]:
    found = {project.settings.default_owner: problems}
    for problem in problems:
        owner = owner_of.get(Path(problem.file).stem) if "/kpis/" in problem.file else None
        if owner in project.owners and owner != project.settings.default_owner:
            found.setdefault(owner, []).append(problem)
    return found


def _missed(problems: list[Problem], last: str) -> MissedRun:
    shown = "; ".join(str(one) for one in problems[:_SHOWN])
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return MissedRun(
        _ROOT,
        _CODE,
        f"NO RUN CAN START, the specs are invalid; none has ended well since {last}",
        f"{shown}{more}",
        "correct the specs ('kpi validate' lists what is wrong), then run 'kpi run'",
    )
