"""What the judge looked at and found, KPI by KPI, from a publication: for `kpi docs --quality`.

Great Expectations' own Data Docs are not used: they load ten scripts and styles from the network
(without it their index is empty), name columns of the evidence in place of checks, reasons and
periods, and count a period that only waits as a failed one.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.report.reading import ReportError, scorecard

SHOWN = 50  # failing rows that are listed of a check, newest first


@dataclass(frozen=True)
class FailingRow:
    """One period and slice that fails a check; `first` is the day it was first shown failing."""

    cadence: str
    period: str
    slice_value: str
    observed: str
    first: str


@dataclass(frozen=True)
class MadeCheck:
    """A check of a KPI's suite, as it was made.

    Attributes:
        name: What has to be true.
        reason_code: What a failure means.
        evidence: Column of the evidence that is looked at.
        expected: What it had to be.
        passed: Totals that passed.
        failed: Rows that failed, slices included; those that only wait are not counted.
        waiting: Rows that will be judged when they are due.
        rows: The newest of those that failed.
    """

    name: str
    reason_code: str
    evidence: str
    expected: str
    passed: int
    failed: int
    waiting: int
    rows: tuple[FailingRow, ...] = ()


@dataclass(frozen=True)
class KpiQuality:
    """A KPI with its suite's results; `statuses` counts its rows by data_status."""

    kpi: str
    title: str
    formula: str
    owner: str
    sources: str
    newest: str  # its newest due period, with its status
    reason: str
    statuses: dict[str, int]
    checks: tuple[MadeCheck, ...]

    @property
    def failing(self) -> int:
        """Checks that some row fails."""
        return sum(bool(check.failed) for check in self.checks)


@dataclass(frozen=True)
class Quality:
    """All KPIs of a publication, those with failing checks first."""

    project: str
    headline: str
    as_of: str
    run_id: str
    published: str
    kpis: tuple[KpiQuality, ...]


def quality(published_file: Path, *, language: str = "en") -> Quality:
    """Read what the last publication's run judged.

    Args:
        published_file: the DuckDB file.
        language: of the titles.

    Raises:
        ReportError: there is no publication, or it cannot be read.
    """
    card = scorecard(published_file, language=language)
    try:
        with duckdb.connect(str(published_file), read_only=True) as con:
            definitions = _by_kpi(con, "SELECT kpi, formula, sources FROM kpi_catalog "
                                       "WHERE is_current")  # fmt: skip
            statuses = _by_kpi(
                con, "SELECT kpi, data_status, count(*) FROM kpi_values GROUP BY ALL ORDER BY ALL"
            )
            checks = _by_kpi(con, _CHECKS)
            rows = _failing(con)
    except duckdb.Error as error:
        raise ReportError(f"{published_file} cannot be read: {error}.") from error
    found = [
        KpiQuality(
            kpi=row.kpi, title=row.title, formula=definitions[row.kpi][0][0], owner=row.owner_name,
            sources=definitions[row.kpi][0][1], newest=f"{row.period}: {row.data_status}",
            reason=row.reason, statuses=dict(statuses.get(row.kpi, ())),
            checks=tuple(
                replace(MadeCheck(*check), rows=tuple(rows.get((row.kpi, *check[:2]), ())))
                for check in checks.get(row.kpi, ())
            ),
        )
        for row in card.rows
    ]  # fmt: skip
    return Quality(
        project=card.project, headline=card.headline, as_of=card.as_of.isoformat(),
        run_id=card.run_id, published=f"{card.computed_at:%Y-%m-%d %H:%M} UTC",
        kpis=tuple(sorted(found, key=lambda one: -one.failing)),
    )  # fmt: skip


_CHECKS = """
SELECT kpi, check_name, reason_code, any_value(c.evidence), any_value(c.expected),
    count(*) FILTER (verdict = 'pass') AS passed,
    count(*) FILTER (verdict <> 'pass' AND data_status <> 'pending') AS failed,
    count(*) FILTER (verdict <> 'pass' AND data_status = 'pending') AS waiting
FROM kpi_checks AS c
JOIN kpi_values AS v USING (kpi, cadence, period, slice, slice_value)
GROUP BY kpi, check_name, reason_code
ORDER BY kpi, failed = 0, check_name
"""


def _failing(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], list[FailingRow]]:
    """The newest failing rows of each KPI, check and reason."""
    there = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'kpi_check_history'")
    before = "(SELECT *, NULL::TIMESTAMP AS shown_from FROM kpi_checks)"  # a publication of before
    history = "kpi_check_history" if there.fetchone() else before
    found: dict[tuple[str, str, str], list[FailingRow]] = {}
    rows = con.execute(
        f"""
        WITH since AS (
            SELECT kpi, cadence, period, slice, slice_value, check_name, verdict,
                min(shown_from) AS shown_from
            FROM {history} GROUP BY ALL
        )
        SELECT c.kpi, c.check_name, c.reason_code, c.cadence, c.period, c.slice_value, c.observed,
            coalesce(strftime(s.shown_from, '%Y-%m-%d'), '')
        FROM kpi_checks AS c
        JOIN kpi_values AS v USING (kpi, cadence, period, slice, slice_value)
        LEFT JOIN since AS s
            USING (kpi, cadence, period, slice, slice_value, check_name, verdict)
        WHERE c.verdict <> 'pass' AND v.data_status <> 'pending'
        QUALIFY row_number() OVER (
            PARTITION BY c.kpi, c.check_name, c.reason_code
            ORDER BY v.period_end DESC, c.slice <> 'total', c.slice_value, c.cadence
        ) <= {SHOWN}
        ORDER BY v.period_end DESC, c.slice <> 'total', c.slice_value, c.cadence
        """
    ).fetchall()
    for kpi, name, code, *row in rows:
        found.setdefault((kpi, name, code), []).append(FailingRow(*row))
    return found


def _by_kpi(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for kpi, *row in con.execute(query).fetchall():
        found.setdefault(kpi, []).append(tuple(row))
    return found
