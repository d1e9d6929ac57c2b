"""Rows with the same facts are one case: it is judged once, and its verdict is that of each row.

400,000 rows of 100 KPIs that are as they should be are about a thousand cases. What no check looks
at, such as the value itself, does not tell cases apart.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from expectations.sql import literal
from expectations.suites import ROWS, Suite

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

# What `decide` asks of a case beside its checks.
_DECIDING = ("is_closed", "upstream_current", "upstream_base")

# Above 0 where nothing could be looked at: the other checks would pass, or fail, on nothing.
BLINDING = (
    "sources_missing", "columns_missing", "types_wrong", "compute_failed",
    "spec_invalid", "rests_on_invalid",
)  # fmt: skip


def write_cases(
    con: "duckdb.DuckDBPyConnection", kpis: Collection[str], suites: Mapping[str, Suite]
) -> "pd.DataFrame":
    """Write the temporary table `cases` of these KPIs' evidence, with the `row_ids` of each.

    Returns:
        case_id (0 to n-1, as the index), kpi, is_total, the number of rows, and every fact that a
        check of these KPIs reads or `decide` asks for.
    """
    checked = {check.column for kpi in kpis if kpi in suites for check in suites[kpi].checks}
    facts = ", ".join(sorted(checked.union(_DECIDING, BLINDING)))
    con.execute(
        f"""
        create or replace temp table cases as
        select row_number() over () - 1 as case_id, *
        from (
            select
                kpi, slice = 'total' as is_total, {facts},
                list(row_id) as row_ids
            from evidence
            where kpi in ({", ".join(map(literal, kpis)) or "''"})
            group by all
        )
        """
    )
    frame: pd.DataFrame = con.execute(
        f"select * exclude (row_ids), len(row_ids) as {ROWS} from cases order by case_id"
    ).df()
    return frame
