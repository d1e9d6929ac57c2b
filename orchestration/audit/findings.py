"""What a review should talk about: coverage (M18), contradictions (M4), idle specs (M17)."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.project import Project
from kpi_specs.language.rules.review import due_on, unmoved

if TYPE_CHECKING:
    import duckdb

SEVERAL = 3  # periods in a row that make a contradiction
LATELY = 12  # judged periods that "always on target" looks at
ENOUGH = 8  # and how many there must be
ON_TARGET = ("exceeded", "on_target")

Section = Literal["coverage", "contradiction", "review"]
Judged = Sequence[tuple[str, str]]  # (period, target_status), newest first


@dataclass(frozen=True)
class Finding:
    """One sentence about an objective, an owner or a KPI."""

    section: Section
    subject_kind: Literal["objective", "owner", "kpi"]
    subject: str
    finding: str


def findings(
    con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date, *, schema: str = "main"
) -> tuple[Finding, ...]:
    """All findings: coverage first, then contradictions, then reviews.

    Args:
        con: Connection to a publication with kpi_values.
        project: The specs that it was made of.
        as_of: Its clock.
        schema: Where the tables are.
    """
    judged = _judged(con, as_of, schema)
    return (
        *_coverage(project),
        *_contradictions(project, judged),
        *_reviews(project, as_of, judged),
    )


def _coverage(project: Project) -> Iterator[Finding]:
    """Objectives and owners that no KPI belongs to (M18)."""
    covered: set[str] = set()
    for kpi in project.kpis.values():
        found = project.objectives.get(kpi.objective)
        while found is not None and found.objective not in covered:
            covered.add(found.objective)
            found = project.objectives.get(found.parent) if found.parent else None
    for key in project.objectives:
        if key not in covered:
            yield Finding(
                "coverage", "objective", key, "neither it nor an objective below it has a KPI"
            )
    owning = {kpi.owner for kpi in project.kpis.values()}
    for key in project.owners:
        if key not in owning:
            yield Finding("coverage", "owner", key, "owns no KPI")


def _contradictions(
    project: Project, judged: Mapping[tuple[str, str], Judged]
) -> Iterator[Finding]:
    """KPIs on target while the KRI that they lead to is off, for several periods (M4)."""
    for key, kpi in project.kpis.items():
        for result in kpi.leads_to:
            other = project.kpis.get(result)
            shared = [c for c in kpi.cadence if other is not None and c in other.cadence]
            if not shared:
                continue
            results = dict(judged.get((result, shared[0]), ()))
            run: list[str] = []
            for period, status in judged.get((key, shared[0]), ()):
                if period not in results:
                    continue  # one of the two was not judged: nothing is known of this period
                if status not in ON_TARGET or results[period] != "off_target":
                    break
                run.append(period)
            if len(run) >= SEVERAL:
                yield Finding(
                    "contradiction",
                    "kpi",
                    key,
                    f"on target in {len(run)} {shared[0]} periods in a row ({run[-1]} to "
                    f"{run[0]}), while {result}, which it leads to, was off target",
                )


def _reviews(
    project: Project, as_of: dt.date, judged: Mapping[tuple[str, str], Judged]
) -> Iterator[Finding]:
    """Specs past their review, targets that never moved, KPIs always on target (M17)."""
    for key, kpi in project.kpis.items():
        due = None if kpi.review is None else due_on(kpi.review)
        if due is None:
            yield Finding("review", "kpi", key, "no review of its definition is planned")
        elif due < as_of:
            yield Finding("review", "kpi", key, f"the review of its definition was due on {due}")
        since = sorted({day for _, day in unmoved(kpi.targets, as_of)})
        if since:
            yield Finding("review", "kpi", key, f"its target has not moved since {since[0]}")
        cadence = next((c for c in kpi.cadence if (key, c) in judged), kpi.cadence[0])
        lately = judged.get((key, cadence), ())[:LATELY]
        if len(lately) >= ENOUGH and all(status in ON_TARGET for _, status in lately):
            yield Finding(
                "review",
                "kpi",
                key,
                f"on target in each of the last {len(lately)} {cadence} periods that were "
                f"judged ({lately[-1][0]} to {lately[0][0]}); does its target still ask for "
                "anything?",
            )


def _judged(
    con: "duckdb.DuckDBPyConnection", as_of: dt.date, schema: str
) -> dict[tuple[str, str], Judged]:
    """The due periods of each KPI and cadence that were held against a target, newest first."""
    rows = con.execute(
        f"""
        select kpi, cadence, list((period, target_status) order by period_start desc)
        from {schema}.kpi_values
        where slice = 'total' and due_at <= ?
            and target_status in ('exceeded', 'on_target', 'warning', 'off_target')
        group by all
        """,
        [as_of],
    ).fetchall()
    return {(kpi, cadence): periods for kpi, cadence, periods in rows}
