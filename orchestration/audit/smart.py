"""The SMART audit (M6): five letters per KPI, each with a verdict and its evidence.

What a spec alone can show is `kpi_specs.language.smart`: a letter that it does not meet is not met
here. The data is asked of the others: Measurable looks at the verdicts of the newest due periods,
Achievable at history (`feasibility`), in the first of the KPI's cadences that has a target.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.kpi import Kpi, Stated
from kpi_specs.language.project import Project
from kpi_specs.language.smart import Letter, smart_letters, target_cadences
from orchestration.audit.feasibility import Feasibility, feasibilities

if TYPE_CHECKING:
    import duckdb

LATELY = 12  # newest due periods that Measurable looks at
MEASURABLE = 0.9  # share of them that must be measured
SHOWN = 3  # unmeasured periods named

Verdict = Literal["met", "not_met", "unknown"]
Due = Sequence[tuple[str, str, str]]  # (period, data_status, reason_codes), newest first


@dataclass(frozen=True)
class SmartRow:
    """One letter of one KPI; `stated_by` and `stated_on` where a person's reason counts."""

    kpi: str
    letter: str
    verdict: Verdict
    evidence: str
    stated_by: str | None = None
    stated_on: dt.date | None = None


def smart_rows(
    con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date, *, schema: str = "main"
) -> Iterator[SmartRow]:
    """Five rows per KPI, in the order of the project.

    Args:
        con: Connection to a publication with kpi_values, kpi_catalog and kpi_targets.
        project: The specs that it was made of.
        as_of: Its clock.
        schema: Where the tables are.
    """
    due, last_targets = _due(con, as_of, schema), _last_targets(con, schema)
    formulas = dict(
        con.execute(f"select kpi, formula from {schema}.kpi_catalog where is_current").fetchall()
    )
    targets: dict[str, list[Feasibility]] = {}
    for one in feasibilities(con, as_of, schema=schema):
        targets.setdefault(one.kpi, []).append(one)
    for key, kpi in project.kpis.items():
        specific, measurable, achievable, relevant, bound = smart_letters(kpi, project, as_of)
        found = targets.get(key, [])
        with_target = [c for c in target_cadences(kpi) if any(t.cadence == c for t in found)][:1]
        yield _specific(kpi, specific, formulas.get(key, ""))
        yield _measurable(kpi, measurable, {c: due.get((key, c), ()) for c in kpi.cadence})
        yield _achievable(kpi, achievable, [t for t in found if t.cadence in with_target])
        yield _relevant(kpi, relevant, project)
        yield _time_bound(kpi, bound, last_targets.get(key, {}))


def _row(
    kpi: Kpi, letter: Letter, met: bool | None, evidence: str, stated: Stated | None = None
) -> SmartRow:
    verdict: Verdict = "unknown" if met is None else "met" if met else "not_met"
    by, on = (stated.by, stated.on) if stated else (None, None)
    return SmartRow(kpi.kpi, letter.name, verdict, evidence, by, on)


def _specific(kpi: Kpi, letter: Letter, formula: str) -> SmartRow:
    example = "" if kpi.example else "; no worked example"
    return _row(kpi, letter, letter.met, f"{letter.evidence} = {formula}{example}")


def _measurable(kpi: Kpi, letter: Letter, due: Mapping[str, Due]) -> SmartRow:
    """The main cadence is told in any case, another one where it is not measurable."""
    if letter.met is False:
        return _row(kpi, letter, False, letter.evidence)
    main = kpi.cadence[0]
    if not due[main]:
        return _row(kpi, letter, None, "no period was due yet")
    evidence, is_met = [], True
    for cadence, periods in due.items():
        missing = [
            f"{period} {codes}"
            for period, status, codes in periods
            if status not in ("final", "provisional")
        ]
        measured = len(periods) - len(missing)
        enough = measured >= MEASURABLE * len(periods)
        is_met = is_met and enough
        if cadence != main and enough:
            continue
        said = f"{measured} of the last {len(periods)} due periods ({cadence}) measured"
        if missing:
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            said += f"; not {', '.join(missing[:SHOWN])}{more}"
        evidence.append(said)
    return _row(kpi, letter, is_met, "; ".join(evidence))


def _achievable(kpi: Kpi, letter: Letter, targets: Sequence[Feasibility]) -> SmartRow:
    """Met with a person's reason, all resources there, and a history that does not contradict."""
    stated = kpi.smart.achievable
    if letter.met is None:
        return _row(kpi, letter, None, letter.evidence)
    evidence = [letter.evidence]
    met: bool | None = letter.met
    totals = [one for one in targets if one.slice == "total"] or list(targets)
    if not totals:
        evidence.append("no target in force or ahead to look at")
        met = met and None
    for one in totals:
        periods = "" if one.cadence == kpi.cadence[0] else f"{one.cadence}: "
        evidence.append(f"{periods}{_history(one)}")
        if one.says == "beyond" and not one.met:
            met = False
        elif one.says == "too_short":
            met = met and None
    lacking = [one.what for one in kpi.resources if not one.available]
    if lacking:
        evidence.append(f"missing: {', '.join(lacking)}")
        met = False
    return _row(kpi, letter, met, "; ".join(evidence), stated)


def _history(one: Feasibility) -> str:
    if not one.periods:
        return "no final value yet"
    said = f"met in {one.met} of {one.judged} final values"
    return {
        "always": f"{said}, as the natural limits promise",
        "sometimes": f"{said}, some of what the natural limits allow",
        "beyond": f"{said}, beyond the natural limits",
        "too_short": f"{said}, too few for limits",
    }[one.says]


def _relevant(kpi: Kpi, letter: Letter, project: Project) -> SmartRow:
    chain, found = [], project.objectives.get(kpi.objective)
    while found is not None and found.objective not in chain:
        chain.append(found.objective)
        level = found.level
        found = project.objectives.get(found.parent) if found.parent else None
    reaches = bool(chain) and level == "strategic"
    drives = f"; leads to {', '.join(kpi.leads_to)}" if kpi.leads_to else ""
    path = f"serves {' > '.join(chain) or kpi.objective}"
    if not reaches:
        path += " (no strategic root)"
    evidence = f"{letter.evidence}; {path}{drives}"
    return _row(kpi, letter, bool(letter.met) and reaches, evidence, kpi.smart.relevant)


def _time_bound(kpi: Kpi, letter: Letter, last_targets: Mapping[str, str]) -> SmartRow:
    evidence = letter.evidence
    last = next((last_targets[c] for c in target_cadences(kpi) if c in last_targets), None)
    if letter.met and last is not None:
        evidence += f"; the last period with a target is {last}"
    if kpi.review is not None and kpi.review.next is not None:
        evidence += f"; next review {kpi.review.next}"
    return _row(kpi, letter, letter.met, evidence)


# -- reading ----------------------------------------------------------------------------------


def _due(
    con: "duckdb.DuckDBPyConnection", as_of: dt.date, schema: str
) -> Mapping[tuple[str, str], Due]:
    """The newest due periods of each KPI and cadence, total slice; warm-up left out."""
    rows = con.execute(
        f"""
        with due as (
            select kpi, cadence, period, period_start, data_status, reason_codes
            from {schema}.kpi_values
            where slice = 'total' and due_at <= ? and data_status <> 'pending'
            qualify row_number() over (
                partition by kpi, cadence order by period_start desc
            ) <= {LATELY}
        )
        select kpi, cadence, list((period, data_status, reason_codes) order by period_start desc)
        from due
        group by kpi, cadence
        """,
        [as_of],
    ).fetchall()
    return {(kpi, cadence): periods for kpi, cadence, periods in rows}


def _last_targets(con: "duckdb.DuckDBPyConnection", schema: str) -> Mapping[str, Mapping[str, str]]:
    """KPI -> cadence -> label of the last period with a target."""
    rows = con.execute(
        f"""
        select kpi, cadence, arg_max(period, period_start)
        from {schema}.kpi_targets
        where reason = ''
        group by kpi, cadence
        """
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for kpi, cadence, period in rows:
        found.setdefault(kpi, {})[cadence] = period
    return found
