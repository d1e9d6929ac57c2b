"""Run the market, clean or spoilt, and read what came of it."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path

import duckdb

from orchestration.last_valid_specs import load_for_run
from orchestration.paths import ProjectPaths
from orchestration.run_context import RunContext
from orchestration.session import Session
from orchestration.steps import Steps
from tests.mutations.expected import Key, Seen
from tests.mutations.world import AS_OF


def run(root: Path, *, as_of: dt.date = AS_OF, steps: Steps | None = None) -> Session:
    """All steps of a run, in this process and without Dagster."""
    loaded = load_for_run(ProjectPaths(root))
    project = loaded.project
    assert project is not None, loaded.problems
    session = Session(
        RunContext(
            project=project, paths=ProjectPaths(root), run_id=str(uuid.uuid4()), as_of=as_of,
            started_at=dt.datetime.now(dt.UTC), select=(), full_refresh=False, from_=None, to=None,
        ),
        steps or Steps(),
    )  # fmt: skip
    session.run()
    return session


def published(root: Path) -> dict[Key, Seen]:
    """Every published row, with who was told."""
    with duckdb.connect() as con:
        con.execute(f"attach '{root}/published/kpis.duckdb' as live (read_only)")
        con.execute(f"attach '{root}/var/warehouse.duckdb' as warehouse (read_only)")
        rows = con.execute(
            """
            select
                kpi, cadence, period, slice, slice_value, v.period_start, v.period_end,
                value, numerator, denominator, v.data_status, v.reason_codes, party
            from live.kpi_values as v
            left join warehouse.audit.verdicts as told
                using (kpi, cadence, period, slice, slice_value)
            """
        ).fetchall()
    return {
        (kpi, cadence, period, slice_, value): Seen((start, end), *seen, codes.split(",")[0], party)
        for kpi, cadence, period, slice_, value, start, end, *seen, codes, party in rows
    }


def incidents(root: Path) -> set[tuple[str, str, str]]:
    """Open incidents: owner, root and reason code."""
    with duckdb.connect(f"{root}/var/warehouse.duckdb", read_only=True) as con:
        found = con.execute(
            "select owner, root, reason_code from audit.incidents where state <> 'resolved'"
        ).fetchall()
    return set(found)


def differences(wanted: Mapping[Key, Seen], seen: Mapping[Key, Seen]) -> list[str]:
    """Every row that is not as it must be, as a sentence."""
    found = [f"{_name(key)} is not published" for key in sorted(wanted.keys() - seen.keys())]
    found += [f"{_name(key)} should not be there" for key in sorted(seen.keys() - wanted.keys())]
    for key in sorted(wanted.keys() & seen.keys()):
        if wanted[key] != seen[key]:
            changed = [
                f"{field.name} is {is_!r}, not {must!r}"
                for field, is_, must in zip(
                    fields(Seen), astuple(seen[key]), astuple(wanted[key]), strict=True
                )
                if is_ != must
            ]
            found.append(f"{_name(key)}: {', '.join(changed)}")
    return found


def _name(key: Key) -> str:
    return " ".join(part for part in key if part)
