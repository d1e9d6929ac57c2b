"""The last good value of a KPI that has none now, for the alert on it."""

import duckdb

from expectations.sql import columns_in
from kpi_specs.language.kpi import SCALES
from kpi_specs.language.project import Project
from orchestration.alerts.affected import Affected
from orchestration.alerts.findings import Finding
from orchestration.report.wording import value_text

NONE = "none"


def last_good_of(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    kpi: str,
    finding: Finding,
    *,
    is_withheld: bool,
) -> str:
    """`3.41 (2017-12-28)`, or `none`: of the newest measured period before the newest affected one.

    The cadence is the finest one. Where this run measured none, what its readers saw last, as
    `kpi_values.last_good_value` has it. The table of one that an invalid spec withholds is of
    another time, and may not be readable.
    """
    mine = [one for one in finding.affected if one.kpi == kpi]
    last = max(mine, key=lambda one: (one.fineness, one.period_end))
    if found := None if is_withheld else _measured_before(con, last):
        where = found[0]
    elif found := _shown_before(con, last):
        where = f"{found[0]}, as published before"
    else:
        return NONE
    value = found[1]
    spec = project.kpis.get(kpi)
    if spec is None:
        return f"{value:g} ({where})"
    scale = SCALES[spec.scale] if spec.scale else None
    text = value_text(value, spec.unit, spec.decimals, project.settings.currency, scale)
    return f"{text} ({where})"


def _measured_before(con: duckdb.DuckDBPyConnection, last: Affected) -> tuple[str, float] | None:
    """Period and value of this run."""
    if f"kpi.kpi_{last.kpi}" not in columns_in(con, "kpi"):
        return None
    found: tuple[str, float] | None = con.execute(
        f"""
        SELECT v.period, k.value
        FROM audit.verdicts AS v
        JOIN kpi."kpi_{last.kpi}" AS k USING (cadence, period, slice, slice_value)
        WHERE v.kpi = ? AND v.cadence = ? AND v.slice = 'total'
            AND v.data_status IN ('final', 'provisional') AND v.period_start < ?
        ORDER BY v.period_start DESC LIMIT 1
        """,
        [last.kpi, last.cadence, last.period_start],
    ).fetchone()
    return found


def _shown_before(con: duckdb.DuckDBPyConnection, last: Affected) -> tuple[str, float] | None:
    """Period and final value of an earlier publication, of the same definition."""
    if "audit.kpi_history" not in columns_in(con, "audit"):
        return None
    found: tuple[str, float] | None = con.execute(
        """
        WITH mine AS (
            SELECT h.*, v.period_start
            FROM audit.kpi_history AS h
            JOIN audit.verdicts AS v USING (kpi, cadence, period, slice, slice_value)
            WHERE h.kpi = ? AND h.cadence = ? AND h.slice = 'total'
        )
        SELECT period, value FROM mine
        WHERE data_status = 'final' AND period_start < ?
            AND spec_fingerprint = (SELECT arg_max(spec_fingerprint, shown_from) FROM mine)
        ORDER BY period_start DESC, shown_from DESC LIMIT 1
        """,
        [last.kpi, last.cadence, last.period_start],
    ).fetchone()
    return found
