"""Read a scorecard from a published file; the file is closed again at once."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.report.card import MEASURED, Gap, Lacking, OtherTarget, Scorecard, ScoreRow


class ReportError(RuntimeError):
    """The published file cannot be read. The message says why and what to do."""


def scorecard(published_file: Path, *, language: str = "en") -> Scorecard:
    """Read the card of a publication.

    Args:
        published_file: the DuckDB file.
        language: code of the titles' language; where a title lacks it, its first one is taken.

    Raises:
        ReportError: there is no such file, or it is not a publication.
    """
    if not published_file.is_file():
        raise ReportError(f"There is no publication at {published_file}; run 'kpi run' first.")
    try:
        with duckdb.connect(str(published_file), read_only=True) as con:
            (publication,) = fetch(con, "SELECT * FROM publication")
            objectives = fetch(con, "SELECT * FROM kpi_objectives ORDER BY position")
            found = fetch(con, _ROWS)
            contradictions = _contradictions(con)
            restated = _restated(con)
            gaps = {(kpi, cadence): Gap(*gap) for kpi, cadence, *gap in con.sql(_GAPS).fetchall()}
    except (duckdb.Error, ValueError) as error:
        raise ReportError(
            f"{published_file} cannot be read: {error}. If another program has it open for "
            "writing, open it there read-only; if it is damaged, run 'kpi rollback'."
        ) from error
    rows = tuple(_with_gaps(_row(one, language), gaps) for one in found)
    return Scorecard(
        project=words(publication["title"], language),
        run_id=publication["run_id"],
        computed_at=publication["computed_at"],
        as_of=publication["as_of"],
        objectives=_paths(objectives, language),
        rows=rows,
        contradictions=contradictions,
        restated=restated,
    )


def languages_of(published_file: Path) -> list[str]:
    """The languages of a publication's titles, the project's first one first.

    Raises:
        ReportError: it cannot be read.
    """
    try:
        with duckdb.connect(str(published_file), read_only=True) as con:
            columns = fetch(con, "SELECT column_name FROM (DESCRIBE kpi_catalog)")
    except duckdb.Error as error:
        raise ReportError(f"{published_file} cannot be read: {error}.") from error
    names = [str(one["column_name"]) for one in columns]
    return [name[6:].replace("_", "-") for name in names if name.startswith("title_")]


_ROWS = """
SELECT
    c.kpi, c.titles, c.objective, c.kind, c.owner, c.owner_name, c.unit, c.currency, c.decimals,
    c.scale, c.missing_resources,
    l.which = 'closed' AS is_due, l.cadence, l.period, l.data_status, l.reason_codes, l.reason,
    l.value, l.target, l.target_low, l.target_high, l.target_status, l.attainment, l.signal,
    l.previous_value, l.previous_change, l.last_good_value, l.last_good_period,
    coalesce(others.lacking, []) AS lacking,
    CASE
        WHEN coalesce(l.target, l.target_low, l.target_high) IS NULL
            THEN coalesce(others.targets, [])
        ELSE []
    END AS other_targets
-- A publication of before scales, which a rollback may bring back, has no such column.
FROM (
    SELECT * FROM kpi_catalog UNION ALL BY NAME SELECT NULL::BIGINT AS scale WHERE false
) AS c
LEFT JOIN kpi_objectives AS o USING (objective)
-- The first cadence of the spec is the main one. Before any of its periods is due: the open one.
JOIN kpi_latest AS l ON l.kpi = c.kpi AND l.cadence = split_part(c.cadence, ',', 1)
-- The others are told of where they have no value, or the only target. One of which no period is
-- due promises no value yet.
LEFT JOIN (
    SELECT
        kpi,
        list(
            struct_pack(cadence, period, data_status, reason_codes, reason) ORDER BY place
        ) FILTER (which = 'closed' AND data_status NOT IN ('final', 'provisional')) AS lacking,
        list(
            struct_pack(cadence, period, value, target, target_low, target_high, target_status)
            ORDER BY place
        ) FILTER (has_target AND is_first) AS targets
    FROM (
        SELECT
            n.*, list_position(split(m.cadence, ','), n.cadence) AS place,
            coalesce(n.target, n.target_low, n.target_high) IS NOT NULL AS has_target,
            row_number() OVER (
                PARTITION BY n.kpi, n.cadence ORDER BY has_target DESC, n.which
            ) = 1 AS is_first
        FROM kpi_latest AS n
        JOIN kpi_catalog AS m ON m.kpi = n.kpi AND m.is_current
        WHERE n.cadence <> split_part(m.cadence, ',', 1)
    )
    GROUP BY kpi
) AS others ON others.kpi = c.kpi
WHERE c.is_current
QUALIFY row_number() OVER (PARTITION BY c.kpi ORDER BY l.which) = 1
ORDER BY o.position NULLS LAST, c.objective, c.position
"""

# Of each newest row without a value: the periods without one that end with it.
_GAPS = f"""
SELECT l.kpi, l.cadence, arg_min(v.period, v.period_start), count(*)
FROM (
    SELECT * FROM kpi_latest
    QUALIFY row_number() OVER (PARTITION BY kpi, cadence ORDER BY which) = 1
) AS l
JOIN kpi_values AS v ON v.kpi = l.kpi AND v.cadence = l.cadence AND v.slice = 'total'
    AND v.period_start <= l.period_start
WHERE l.data_status NOT IN {MEASURED}
    AND v.period_start > coalesce((
        SELECT max(m.period_start) FROM kpi_values AS m
        WHERE m.kpi = l.kpi AND m.cadence = l.cadence AND m.slice = 'total'
            AND m.data_status IN {MEASURED} AND m.period_start < l.period_start
    ), DATE '0001-01-01')
GROUP BY l.kpi, l.cadence
"""


def _with_gaps(row: ScoreRow, gaps: dict[tuple[str, str], Gap]) -> ScoreRow:
    if row.is_measured and not row.lacking:
        return row
    lacking = tuple(replace(one, gap=gaps.get((row.kpi, one.cadence))) for one in row.lacking)
    gap = None if row.is_measured else gaps.get((row.kpi, row.cadence))
    return replace(row, gap=gap, lacking=lacking)


def fetch(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Rows by column name."""
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _contradictions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """By KPI; none in a publication of before audits, which a rollback may bring back."""
    there = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'kpi_findings'")
    if there.fetchone() is None:
        return {}
    rows = con.execute(
        "SELECT subject, string_agg(finding, '; ' ORDER BY finding) FROM kpi_findings "
        "WHERE section = 'contradiction' GROUP BY subject"
    )
    return dict(rows.fetchall())


def _restated(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """By KPI; none in a publication of before history was kept."""
    there = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'kpi_history'")
    if there.fetchone() is None:
        return {}
    rows = con.execute(
        "SELECT kpi, count(*) FROM kpi_restatements "
        "WHERE run_id = (SELECT run_id FROM publication) AND change = 'restated' "
        "AND slice = 'total' GROUP BY kpi ORDER BY kpi"
    ).fetchall()
    return dict(rows)


def _row(one: dict[str, Any], language: str) -> ScoreRow:
    title = words(one.pop("titles"), language)
    owner_name = words(one.pop("owner_name") or "{}", language) or one["owner"]
    lacking = tuple(Lacking(**found) for found in one.pop("lacking"))
    others = tuple(OtherTarget(**found) for found in one.pop("other_targets"))
    return ScoreRow(
        **one, title=title, owner_name=owner_name, lacking=lacking, other_targets=others
    )


def _paths(objectives: list[dict[str, Any]], language: str) -> dict[str, str]:
    """Each objective's title behind those above it, as far as they are not the root."""
    by_id = {one["objective"]: one for one in objectives}
    paths: dict[str, str] = {}
    for key, one in by_id.items():
        titles = [words(one["titles"], language)]
        parent = by_id.get(one["parent"])
        while parent is not None and len(titles) <= len(by_id):
            titles.insert(0, words(parent["titles"], language))
            parent = by_id.get(parent["parent"])
        paths[key] = " › ".join(titles)
    return paths


def words(titles: str, language: str) -> str:
    """The text in a language, of a JSON object by language; its first one where it lacks that."""
    by_language: dict[str, str] = json.loads(titles)
    return by_language.get(language) or next(iter(by_language.values()), "")
