"""What a KPI's check shows in the UI: its newest due periods, their verdicts, the evidence."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.newest import newest_due_totals

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


_NEWEST_DUE = f"""
    select kpi, cadence, period, data_status, reason_codes, reason, party, root, coverage
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
    judged = {row[0] for row in con.execute(_JUDGED).fetchall()}
    newest = _by_kpi(con.execute(_NEWEST_DUE, [as_of]).fetchall())
    evidence = _by_kpi(con.execute(_EVIDENCE, [as_of]).fetchall())
    facts = {}
    for kpi in kpis:
        rows = newest.get(kpi, [])
        statuses = [row[3] for row in rows]
        metadata: dict[str, str | float] = {}
        for _, cadence, period, status, codes, reason, party, root, coverage in rows:
            metadata[cadence] = f"{period}: {status}" + (f" ({codes})" if codes else "")
            if status in UNMEASURABLE:
                metadata |= {"reason": reason, "party": party, "root": root}
            if coverage is not None:
                metadata[f"{cadence} coverage"] = float(coverage)
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


def _by_kpi(rows: Iterable[tuple]) -> dict[str, list[tuple]]:  # type: ignore[type-arg]
    grouped: dict[str, list[tuple]] = {}  # type: ignore[type-arg]
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return grouped
