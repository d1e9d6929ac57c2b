"""What checks show in the UI: of a KPI its newest due periods, their verdicts, the evidence.

Of a source how far its data reaches.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.newest import newest_due_totals
from expectations.sql import columns_in

if TYPE_CHECKING:
    import duckdb

UNMEASURABLE = ("unmeasurable", "error")


@dataclass(frozen=True)
class CheckFacts:
    """The verdicts on a KPI's newest due total, one per cadence.

    Attributes:
        measurable: Whether all of them have a value; False when there is no verdict at all.
        broken: Whether computing or judging itself failed.
        metadata: Words and numbers to show.
    """

    measurable: bool
    broken: bool
    metadata: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceFacts:
    """Whether a source is there and reaches as far as it promised, and what to show of it."""

    fresh: bool
    metadata: Mapping[str, str | int] = field(default_factory=dict)


_NEWEST_DUE = f"""
    select
        kpi, cadence, period, data_status, reason_codes, reason, party, root, coverage, data_through
    from ({newest_due_totals("?")})
    order by kpi, cadence
"""
_JUDGED = "select distinct kpi from audit.verdicts"
_EVIDENCE = f"""
    select kpi, cadence, check_name, evidence, expected, observed
    from audit.checks
    where slice = 'total' and verdict <> 'pass' and (kpi, cadence, period) in (
        select (kpi, cadence, period) from ({newest_due_totals("?")})
    )
    order by all
"""


def check_facts(
    con: "duckdb.DuckDBPyConnection", kpis: Iterable[str], as_of: dt.date
) -> dict[str, CheckFacts]:
    """Facts of every KPI, by id.

    A KPI none of whose periods is due passes; one without any verdict fails: a verdict that is
    absent is never a pass.

    Args:
        con: Warehouse with audit.verdicts and audit.checks.
        kpis: KPI ids.
        as_of: The run's clock.
    """
    from orchestration.alerts.message import action_of

    judged = {row[0] for row in con.execute(_JUDGED).fetchall()}
    newest = _by_kpi(con.execute(_NEWEST_DUE, [as_of]).fetchall())
    evidence = _by_kpi(con.execute(_EVIDENCE, [as_of]).fetchall())
    facts = {}
    for kpi in kpis:
        rows = newest.get(kpi, [])
        statuses = [row[3] for row in rows]
        metadata: dict[str, str | float] = {}
        for _, cadence, period, status, codes, reason, party, root, coverage, through in rows:
            metadata[cadence] = f"{period}: {status}" + (f" ({codes})" if codes else "")
            if status in UNMEASURABLE:
                metadata |= {"reason": reason, "party": party, "root": root}
                metadata["next"] = action_of(codes.split(",")[0])
                metadata["more"] = f"kpi explain {kpi} --period {period}"
            if coverage is not None:
                metadata[f"{cadence} coverage"] = float(coverage)
            if through is not None:
                metadata[f"{cadence} data through"] = through.isoformat()
                metadata[f"{cadence} days behind"] = (as_of - through).days
        for _, cadence, name, fact, expected, observed in evidence.get(kpi, []):
            metadata[f"{cadence} {name}"] = f"{fact}: expected {expected}, observed {observed}"
        if kpi not in judged:
            metadata["reason"] = "no verdict"
        facts[kpi] = CheckFacts(
            measurable=kpi in judged and not any(status in UNMEASURABLE for status in statuses),
            broken=kpi not in judged or "error" in statuses,
            metadata=metadata,
        )
    return facts


def source_facts(
    con: "duckdb.DuckDBPyConnection", sources: Iterable[str]
) -> dict[str, SourceFacts]:
    """Facts of every source, by id; one that was not judged is not fresh.

    Args:
        con: Warehouse with audit.source_freshness.
        sources: Their ids.
    """
    there = "audit.source_freshness" in columns_in(con, "audit")  # else judged before there was
    rows = con.execute(_FRESHNESS).fetchall() if there else []
    found = {row[0]: row[1:] for row in rows}
    facts = {}
    for source in sources:
        through, promised, days_late, status = found.get(source, (None, None, 0, "not judged"))
        metadata: dict[str, str | int] = {"status": status, "days late": days_late}
        for name, day in (("data through", through), ("promised", promised)):
            metadata[name] = day.isoformat() if day else "no day"
        passes = status in ("fresh", "no_promise", "undated")
        facts[source] = SourceFacts(fresh=passes, metadata=metadata)
    return facts


_FRESHNESS = """
    select source, data_through, promised, days_late, status from audit.source_freshness
"""


def _by_kpi(rows: Iterable[tuple]) -> dict[str, list[tuple]]:  # type: ignore[type-arg]
    grouped: dict[str, list[tuple]] = {}  # type: ignore[type-arg]
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return grouped
