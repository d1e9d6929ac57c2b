"""The audit tables: evidence, verdicts and checks, all replaced at once."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from expectations.evidence import PERIODS, ROWS
from expectations.evidence.facts import evidence as evidence_sql
from expectations.freshness import FRESHNESS
from expectations.reasons import CHECK_ERROR
from expectations.results import CHECK_NAMES, CHECKED
from expectations.sql import NO_DATE, literal
from expectations.suites import ROW_COUNT

if TYPE_CHECKING:
    import duckdb

# Rows of what the specs declare: others are judged for those that are computed from them.
_DECLARED = """
    rows.kpi not in (select kpi from spec_stand_ins)
    and (rows.kpi, rows.cadence) not in (select (kpi, cadence) from spec_lent)
"""


def pass_on(con: "duckdb.DuckDBPyConnection", kpis: Collection[str]) -> None:
    """Make the verdicts of KPIs known to those that are computed from them.

    What is at fault is told of the KPI that the specs declare, not of what stands in for its input.
    """
    con.execute(
        f"""
        insert into verdicts_so_far by name
        select rows.* replace (
            if(rows.root = 'kpi:' || kpi, 'kpi:' || coalesce(stands_in_for, kpi), rows.root) as root
        )
        from ({_verdicts_sql("", kpis)}) as rows
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
        _publish_evidence(con)
        verdicts = _verdicts_sql(platform)
        con.execute(
            f"create or replace table audit.verdicts as "
            f"select *, {literal(run_id)} as run_id from ({verdicts}) as rows where {_DECLARED}"
        )
        _publish_checks(con, run_id)
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _publish_evidence(con: "duckdb.DuckDBPyConnection") -> None:
    con.execute(
        f"create or replace table audit.{PERIODS} as "
        f"select rows.* from temp.{PERIODS} as rows where {_DECLARED}"
    )
    con.execute(
        f"create or replace table audit.{ROWS} as "
        f"select rows.* from temp.{ROWS} as rows semi join audit.{PERIODS} using (period_id)"
    )
    _replace_view(con, "evidence", evidence_sql(f"audit.{ROWS}", f"audit.{PERIODS}"))


def _publish_checks(con: "duckdb.DuckDBPyConnection", run_id: str) -> None:
    con.execute(f"create or replace table audit.{CHECK_NAMES} as from temp.{CHECK_NAMES}")
    con.execute(
        f"create or replace table audit.{CHECKED} as "
        f"select checked.* from temp.{CHECKED} as checked semi join audit.{ROWS} using (row_id)"
    )
    _replace_view(
        con,
        "checks",
        f"""
        select
            kpi, cadence, period, slice, slice_value,
            check_name, reason_code, names.evidence, expected, observed, verdict,
            {literal(run_id)} as run_id
        from audit.{CHECKED}
        inner join audit.{CHECK_NAMES} as names using (check_number)
        inner join audit.{ROWS} using (row_id)
        inner join audit.{PERIODS} using (period_id)
        """,
    )


def _replace_view(con: "duckdb.DuckDBPyConnection", name: str, select: str) -> None:
    """Replace a view of `audit`; an earlier version wrote a table of that name."""
    table = con.execute(
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema = 'audit' and table_name = ? and table_type = 'BASE TABLE'",
        [name],
    ).fetchone()
    if table:
        con.execute(f"drop table audit.{name}")
    con.execute(f"create or replace view audit.{name} as {select}")


def _verdicts_sql(platform: str, kpis: Collection[str] = ()) -> str:
    """One verdict per row, of these KPIs or of all."""
    only = f"and kpi in ({', '.join(map(literal, kpis))})" if kpis else ""
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
            where row_id not in (select row_id from decided group by row_id having count(*) > 1)
        ) as decided using (row_id)
        -- The same row twice in a KPI's table is an error already; one verdict per key is enough.
        where row_id not in ({_AGAIN}) {only}
    """


# Rows of a key that another row before them has.
_AGAIN = f"""
    with
    numbered as (
        select row_id, same_period, slice, slice_value
        from {ROWS}
        inner join (
            select period_id, min(period_id) over (partition by kpi, cadence, period) as same_period
            from {PERIODS}
        ) using (period_id)
    )
    select numbered.row_id
    from numbered
    inner join (
        select same_period, slice, slice_value, min(row_id) as first
        from numbered
        group by all
        having count(*) > 1
    ) using (same_period, slice, slice_value)
    where row_id > first
"""
