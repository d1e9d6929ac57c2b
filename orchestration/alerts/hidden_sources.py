"""Sources that are missing or late behind another one: their owners are told as well.

A verdict names one source. Of a period that two of them lack, the other's owner would hear nothing
until the first has delivered, and its alert would not list the KPI.
"""

import datetime as dt
from collections.abc import Iterator

import duckdb

from expectations.reasons import SOURCE_MISSING, SOURCE_STALE
from expectations.sql import columns_in
from kpi_specs.language.project import Project
from orchestration.alerts.affected import Affected

# Status of a source (`expectations.freshness`) -> the reason, and how many of them a row counts.
_OF_STATUS = {
    "missing": (SOURCE_MISSING, "sources_missing"),
    "late": (SOURCE_STALE, "sources_stale"),
}


def hidden_sources(
    con: duckdb.DuckDBPyConnection, project: Project
) -> Iterator[tuple[str, str, Affected]]:
    """Source, reason code and total of each period that lacks a source which its verdict is not of.

    Nothing where there are no verdicts by evidence yet.
    """
    if not {"audit.source_freshness", "audit.evidence"} <= columns_in(con, "audit").keys():
        return
    for status, (reason, count) in _OF_STATUS.items():
        sources = con.execute(
            "SELECT source, data_through, promised, missing_why FROM audit.source_freshness "
            "WHERE status = ?",
            [status],
        ).fetchall()
        if len(sources) < 2:
            continue
        rows = con.execute(
            f"""
            SELECT v.kpi, v.cadence, v.period_start, v.period_end, v.period, v.data_through, v.root
            FROM audit.verdicts AS v
            JOIN audit.evidence AS e USING (kpi, cadence, period, slice, slice_value)
            WHERE v.slice = 'total' AND v.data_status = 'unmeasurable' AND e.{count} > 1
                AND split_part(v.reason_codes, ',', 1) = ?
            """,
            [reason.code],
        ).fetchall()
        for source, through, promised, why in sources:
            sentence = reason.sentence.format(
                missing_source=source, missing_why=why, stale_source=source,
                stale_through=through, stale_promised=promised,
            )  # fmt: skip
            for kpi, cadence, start, end, period, newest, root in rows:
                if root != f"source:{source}" and _lacks(project, kpi, source, end, through):
                    yield (
                        source,
                        reason.code,
                        Affected(kpi, cadence, start, end, period, sentence, newest),
                    )


def _lacks(
    project: Project, kpi: str, source: str, period_end: dt.date, through: dt.date | None
) -> bool:
    rests_on = kpi in project.kpis and source in project.sources_of(project.kpis[kpi])
    return rests_on and (through is None or through < period_end)
