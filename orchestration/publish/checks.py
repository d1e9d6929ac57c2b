"""What must hold before anything is swapped in. A violation publishes nothing.

`row_checks` look at what came from dbt and the judge; `publication_checks` at the staged tables,
once more and from the outside, after all the SQL in between.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.publish.columns import quoted
from orchestration.publish.errors import PublishError
from orchestration.publish.rows import KEY
from orchestration.publish.value_columns import MEASURED

_SHOWN = 3  # examples per message


@dataclass(frozen=True)
class Check:
    """A query that must return no row, and what its rows would mean."""

    sql: str  # violating rows, their key first
    meaning: str  # what was found, and what to do


def run_checks(con: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> None:
    """Run all checks and report every one that fails.

    Raises:
        PublishError: at least one check found something.
    """
    found: list[str] = []
    for check in checks:
        rows = con.execute(f"SELECT * FROM ({check.sql}) LIMIT {_SHOWN + 1}").fetchall()
        if rows:
            examples = "; ".join(" ".join(map(str, row)) for row in rows[:_SHOWN])
            more = "; …" if len(rows) > _SHOWN else ""
            found.append(f"{check.meaning} ({examples}{more})")
    if found:
        raise PublishError("Nothing was published. " + " ".join(found))


def row_checks(warehouse: str) -> tuple[Check, ...]:
    """Checks of the working tables."""
    w, key = quoted(warehouse), ", ".join(KEY)
    return (
        Check(
            f"SELECT DISTINCT kpi FROM {w}.audit.verdicts ANTI JOIN publish_kpis USING (kpi)",
            "There are verdicts for KPIs that the project does not have; judge again.",
        ),
        Check(
            "SELECT kpi FROM publish_kpis ANTI JOIN publish_rows USING (kpi)",
            "KPIs without any verdict; the judge must write one for every KPI.",
        ),
        Check(
            f"SELECT {key} FROM publish_computed GROUP BY ALL HAVING count(*) > 1",
            "The KPI's table has a period and slice twice.",
        ),
        Check(
            f"SELECT {key} FROM {w}.audit.verdicts GROUP BY ALL HAVING count(*) > 1",
            "There are two verdicts for one period and slice.",
        ),
        Check(
            # A KPI without one measured verdict may have a table of an earlier run behind it.
            f"""SELECT {key} FROM publish_computed ANTI JOIN publish_rows USING ({key})
                SEMI JOIN (SELECT kpi FROM publish_rows WHERE is_measured) USING (kpi)""",
            "The KPI's table has rows without a verdict.",
        ),
        Check(
            # Before a slice's first row, or without any, there is nothing to compute: days or
            # slices that were lost.
            f"""SELECT {key} FROM publish_rows
                SEMI JOIN (SELECT kpi FROM publish_rows WHERE is_measured) USING (kpi)
                LEFT JOIN (
                    SELECT kpi, cadence, slice, slice_value, min(period_start) AS computed_from
                    FROM publish_rows WHERE is_computed GROUP BY ALL
                ) USING (kpi, cadence, slice, slice_value)
                WHERE NOT is_computed AND (is_measured OR period_start >= computed_from)""",
            "There are verdicts without a row in the KPI's table.",
        ),
        Check(
            f"SELECT {key} FROM publish_rows WHERE period_start IS NULL",
            "Periods that calendar.dim_period does not have.",
        ),
        Check(
            f"""SELECT {key}, value FROM publish_rows
                WHERE is_measured AND is_computed AND (value IS NULL OR NOT isfinite(value)
                    OR NOT isfinite(coalesce(numerator, 0))
                    OR NOT isfinite(coalesce(denominator, 0)))""",
            "The judge calls rows measured whose value is missing, NaN or infinite.",
        ),
        Check(
            f"""SELECT {key}, data_status FROM publish_rows
                WHERE NOT is_measured AND (reason_codes = '' OR reason = '')""",
            "Rows without a value and without a reason.",
        ),
    )


def publication_checks(staging: str, as_of: dt.date) -> tuple[Check, ...]:
    """Checks of the staged tables."""
    s, key = quoted(staging), ", ".join(KEY)
    slice_ = "kpi, cadence, slice, slice_value"
    return (
        Check(
            f"SELECT {key} FROM {s}.main.kpi_values GROUP BY ALL HAVING count(*) > 1",
            "Two published rows for one period and slice (two targets in force?).",
        ),
        Check(
            f"""SELECT {key} FROM {s}.main.kpi_values
                WHERE value IS NOT NULL AND data_status NOT IN {MEASURED}""",
            "Values without a verdict that lets them through.",
        ),
        Check(
            f"""SELECT 'rows judged' AS what, (SELECT count(*) FROM publish_rows) AS judged,
                    'published' AS and_what, (SELECT count(*) FROM {s}.main.kpi_values) AS published
                WHERE judged <> published""",
            "As many rows must be published as were judged.",
        ),
        Check(
            f"""SELECT {slice_}, 'last ' || max(period) FROM publish_rows WHERE slice = 'total'
                GROUP BY {slice_} HAVING max(period_end) < DATE '{as_of}'""",
            f"The periods of a KPI end before the clock ({as_of}).",
        ),
        Check(
            f"""SELECT {slice_}, min(period) || ' to ' || max(period), count(*) || ' rows'
                FROM publish_rows GROUP BY {slice_}
                HAVING max(period_number) - min(period_number) + 1 <> count(*)""",
            "Periods are missing.",
        ),
        Check(
            f"""SELECT k.kpi FROM publish_kpis AS k
                ANTI JOIN {s}.main.kpi_catalog AS c ON c.kpi = k.kpi AND c.is_current""",
            "KPIs that are not in the catalogue.",
        ),
    )
