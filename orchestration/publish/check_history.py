"""The history of checks: what failed for which period and slice since when, and what it saw then.

A row is written when a check of a row without a value, or of one that is warned of, first fails,
when it sees or expects something else than before, and when it no longer fails; so a cause that
stays costs one row for each period that it takes, however many runs find it again. Waiting is no
failure: of pending periods nothing is kept, or every open period would add a row a day. A judge
that breaks says the same of every check of every slice: of that one check of each total is kept.
"""

import duckdb

from orchestration.publish.history import Entry
from orchestration.publish.history_tables import ABSENT, KPI_CHECK_HISTORY
from orchestration.publish.rows import KEY

_KEYS = ", ".join((*KEY, "check_name"))


def write_checks(con: duckdb.DuckDBPyConnection, entry: Entry, target: str) -> None:
    """Add what changed with an entry, from the checks that are published with it.

    Args:
        con: connection in which `target` is.
        entry: the publication's entry in the ledger.
        target: schema with `kpi_checks`, `kpi_values` and the history of checks so far.
    """
    con.execute(
        checks_sql(target),
        {"shown_from": entry.shown_from, "shown_on": entry.shown_on, "run_id": entry.run_id},
    )


def checks_sql(target: str) -> str:
    """SQL of `write_checks`. Parameters: $shown_from, $shown_on, $run_id."""
    return f"""
INSERT INTO {target}.{KPI_CHECK_HISTORY.name} BY NAME
WITH listed AS (
    SELECT c.*, v.data_status
    FROM {target}.kpi_checks AS c
    JOIN {target}.kpi_values AS v USING ({", ".join(KEY)})
),
failing AS (
    SELECT * FROM listed
    WHERE verdict <> 'pass' AND data_status <> 'pending'
        AND (verdict <> 'error' OR slice = 'total')
    QUALIFY verdict <> 'error' OR row_number() OVER (
        PARTITION BY {", ".join(KEY)}, verdict ORDER BY check_name
    ) = 1
),
-- What was said last of each check that ever failed.
last AS (
    SELECT * FROM {target}.{KPI_CHECK_HISTORY.name}
    QUALIFY row_number() OVER (PARTITION BY {_KEYS} ORDER BY shown_from DESC) = 1
),
changed AS (
    SELECT {", ".join(f"f.{column}" for column in (*KEY, "check_name"))},
        f.reason_code, f.evidence, f.expected, f.observed, f.verdict
    FROM failing AS f
    LEFT JOIN last AS l USING ({_KEYS})
    WHERE (f.expected, f.observed, f.verdict) IS DISTINCT FROM (l.expected, l.observed, l.verdict)
),
-- Of slices, checks that pass are not listed; nor are those that another one made pointless.
ended AS (
    SELECT {", ".join(f"l.{column}" for column in (*KEY, "check_name"))},
        l.reason_code, l.evidence, coalesce(p.expected, l.expected) AS expected,
        coalesce(p.observed, '') AS observed, coalesce(p.verdict, '{ABSENT}') AS verdict
    FROM last AS l
    ANTI JOIN failing AS f USING ({_KEYS})
    LEFT JOIN (FROM listed WHERE verdict = 'pass') AS p USING ({_KEYS})
    WHERE l.verdict NOT IN ('pass', '{ABSENT}')
)
SELECT *, $shown_from AS shown_from, $shown_on AS shown_on, $run_id AS run_id
FROM (FROM changed UNION ALL BY NAME FROM ended)
ORDER BY kpi, cadence, slice, slice_value, period, check_name"""
