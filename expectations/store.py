"""Keeps evidence, verdicts and checks: temporary tables first, then all replaced at once."""

from typing import TYPE_CHECKING

from expectations.decide import Decided
from expectations.freshness import FRESHNESS
from expectations.reasons import CHECK_ERROR
from expectations.sql import NO_DATE, literal, write_temp
from expectations.suites import ROW_COUNT, Suite

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_DECIDED = """
    row_id bigint, data_status varchar, reason_codes varchar, reason varchar,
    party varchar, root varchar
"""
_CHECKED = """
    row_id bigint, check_name varchar, reason_code varchar, evidence varchar,
    expected varchar, observed varchar, verdict varchar
"""

# Rows of what the specs declare: others are judged for those that are computed from them.
_DECLARED = """
    rows.kpi not in (select kpi from spec_stand_ins)
    and (rows.kpi, rows.cadence) not in (select (kpi, cadence) from spec_lent)
"""


def create_results(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty temporary tables `decided` and `checked`."""
    write_temp(con, "decided", _DECIDED, ())
    write_temp(con, "checked", _CHECKED, ())


def evidence_of(con: "duckdb.DuckDBPyConnection", kpi: str) -> "pd.DataFrame":
    """The evidence of one KPI, index 0..n-1, dates as text."""
    frame: pd.DataFrame = con.execute(
        """
        select * replace (
            cast(period_start as varchar) as period_start,
            cast(period_end as varchar) as period_end,
            cast(due_at as varchar) as due_at,
            cast(closed_at as varchar) as closed_at,
            cast(stale_through as varchar) as stale_through,
            cast(stale_promised as varchar) as stale_promised,
            cast(data_through as varchar) as data_through,
            cast(numerator_through as varchar) as numerator_through,
            cast(first_day as varchar) as first_day
        )
        from evidence where kpi = ? order by row_id
        """,
        [kpi],
    ).df()
    return frame


def facts_of(con: "duckdb.DuckDBPyConnection", kpi: str, suite: Suite | None) -> "pd.DataFrame":
    """What a KPI's checks read of its evidence, index 0..n-1, in the order of `evidence_of`."""
    columns = dict.fromkeys(check.column for check in suite.checks) if suite else ("row_id",)
    frame: pd.DataFrame = con.execute(
        f"select {', '.join(columns)} from evidence where kpi = ? order by row_id", [kpi]
    ).df()
    return frame


def keep(con: "duckdb.DuckDBPyConnection", decided: Decided) -> None:
    """Add the verdicts and checks of one KPI."""
    for table, frame in (("decided", decided.verdicts), ("checked", decided.checks)):
        con.register("frame_to_keep", frame)
        con.execute(f"insert into {table} by name select * from frame_to_keep")
        con.unregister("frame_to_keep")


def pass_on(con: "duckdb.DuckDBPyConnection", kpi: str) -> None:
    """Make the verdicts of a KPI known to those that are computed from it.

    What is at fault is told of the KPI that the specs declare, not of what stands in for its input.
    """
    con.execute(
        f"""
        insert into verdicts_so_far by name
        select rows.* replace (
            if(rows.root = 'kpi:' || kpi, 'kpi:' || coalesce(stands_in_for, kpi), rows.root) as root
        )
        from ({_verdicts_sql("", kpi)}) as rows
        left join spec_stand_ins using (kpi)
        """
    )


def publish_audit(con: "duckdb.DuckDBPyConnection", *, platform: str, run_id: str) -> None:
    """Replace the audit tables in one transaction.

    Evidence that has no verdict, or more than one, gets the verdict CHECK_ERROR.

    Args:
        con: Connection to the warehouse, in no transaction.
        platform: Owner who is told of it.
        run_id: The run.
    """
    con.begin()
    try:
        con.execute("create schema if not exists audit")
        for table in ("source_days", "dataset_days", FRESHNESS):
            con.execute(f"create or replace table audit.{table} as select * from temp.{table}")
        con.execute(
            f"create or replace table audit.evidence as select * from temp.evidence as rows "
            f"where {_DECLARED}"
        )
        verdicts = _verdicts_sql(platform, None)
        con.execute(
            f"create or replace table audit.verdicts as "
            f"select *, {literal(run_id)} as run_id from ({verdicts}) as rows where {_DECLARED}"
        )
        con.execute(
            f"""
            create or replace table audit.checks as
            select
                kpi, cadence, period, slice, slice_value,
                check_name, reason_code, checked.evidence, expected, observed, verdict,
                {literal(run_id)} as run_id
            from checked
            inner join temp.evidence as rows using (row_id)
            where {_DECLARED}
            order by row_id
            """
        )
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _verdicts_sql(platform: str, kpi: str | None) -> str:
    only = f"where rows.kpi = {literal(kpi)}" if kpi is not None else ""
    unjudged = literal("The judge gave no verdict on this row, so its value is withheld.")
    return f"""
        select
            kpi, cadence, period, slice, slice_value, period_start, period_end,
            coalesce(data_status, 'error') as data_status,
            coalesce(reason_codes, '{CHECK_ERROR.code}') as reason_codes,
            coalesce(reason, {unjudged}) as reason,
            coalesce(party, {literal(platform)}) as party,
            coalesce(root, 'check:{ROW_COUNT}') as root,
            case when days_are_counted = 1 then coverage end as coverage,
            nullif(data_through, {NO_DATE}) as data_through,
            due_at,
            closed_at
        from temp.evidence as rows
        left join (
            select * from decided
            qualify count(*) over (partition by row_id) = 1
        ) as decided using (row_id)
        {only}
        -- The same row twice in a KPI's table is an error already; one verdict per key is enough.
        qualify row_number() over (
            partition by kpi, cadence, period, slice, slice_value order by row_id
        ) = 1
        order by row_id
    """
