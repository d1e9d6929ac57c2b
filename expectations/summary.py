"""What a judgement comes to: counts, and the KPIs whose newest due period has no value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.newest import newest_due_totals
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Unmeasurable:
    """The newest due period of one KPI and cadence, without a value."""

    kpi: str
    cadence: str
    period: str
    reason_codes: str


@dataclass(frozen=True)
class VerdictSummary:
    """What was judged.

    Attributes:
        counts: data_status -> rows.
        kpis_measurable: KPIs with a value in the newest due period of every cadence that has one;
            periods that are pending (warm-up) or closed by contract count neither way.
        kpis_total: KPIs of the project.
        unmeasurable: Newest due periods, total slice, that are unmeasurable or in error.
    """

    counts: dict[str, int]
    kpis_measurable: int
    kpis_total: int
    unmeasurable: tuple[Unmeasurable, ...]


def summarise(con: "duckdb.DuckDBPyConnection", project: Project) -> VerdictSummary:
    """Sum up audit.verdicts."""
    counts = con.execute(
        "select data_status, count(*) from audit.verdicts group by all order by all"
    ).fetchall()
    newest = con.execute(
        f"""
        select kpi, cadence, period, data_status, reason_codes
        from ({newest_due_totals("(select as_of from spec_clock)")})
        order by kpi, cadence
        """
    ).fetchall()
    without_value = tuple(
        Unmeasurable(kpi, cadence, period, codes)
        for kpi, cadence, period, status, codes in newest
        if status in ("unmeasurable", "error")
    )
    judged = {row[0] for row in newest}
    measurable = judged - {row.kpi for row in without_value}
    return VerdictSummary(dict(counts), len(measurable), len(project.kpis), without_value)
