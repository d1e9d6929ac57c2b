"""The evidence SQL: one row per KPI, cadence, period and slice, no column of which is ever NULL.

A missing fact is a sentinel with a flag beside it (`NO_DATE`, 0, ''), because Great Expectations
passes over NULLs. Facts of a period are found and kept once per KPI and period; `evidence` is a
view that puts them beside those of each slice.

Inputs are the temporary tables of `spec_facts`, `day_facts` and `computed`, the calendar, and
`verdicts_so_far` for KPIs that are computed from others. Belongs here: one function per CTE, each
returning its SQL. Does not belong here: whether a fact is good or bad (`expectations.checks`).
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from expectations.evidence import (
    counted,
    days,
    domain,
    earlier_days,
    entities,
    facts,
    inputs,
    jumps,
    keys,
    nans,
    period_days,
    recon,
    rows,
    sources,
    tables,
    types,
    units,
    unreadable,
    volume,
)
from expectations.sql import rows_in

if TYPE_CHECKING:
    import duckdb

ROWS, PERIODS = "evidence_rows", "evidence_periods"
VERDICTS_SO_FAR = """
    kpi varchar, cadence varchar, period varchar, slice varchar, slice_value varchar,
    period_start date, period_end date,
    data_status varchar, reason_codes varchar, reason varchar, party varchar, root varchar,
    coverage double, data_through date, due_at date, closed_at date
"""


def create_evidence(con: "duckdb.DuckDBPyConnection", kpis: Collection[str]) -> None:
    """Write the facts of all periods of these KPIs, and no row yet, where `evidence` reads them.

    Temporary tables `judged_rows`, `evidence_periods`, `evidence_rows` and `verdicts_so_far`, and
    the view `evidence`.
    """
    con.execute(f"create or replace temp table verdicts_so_far ({VERDICTS_SO_FAR})")
    con.execute(f"create or replace temp table judged_rows as {_judged_rows_sql(kpis)}")
    con.execute(f"create or replace temp table {PERIODS} as {_periods_sql()}")
    con.execute(f"create or replace temp table {ROWS} as {_rows_sql([], rows_before=0)}")
    con.execute(f"create or replace temp view evidence as {facts.evidence(ROWS, PERIODS)}")


def add_evidence(con: "duckdb.DuckDBPyConnection", kpis: Collection[str]) -> None:
    """Add the rows of some of these KPIs, whose inputs have their verdicts by now."""
    select = _rows_sql(kpis, rows_before=rows_in(con, ROWS))
    con.execute(f"insert into {ROWS} by name {select}")


def _judged_rows_sql(kpis: Collection[str]) -> str:
    """The rows of the named KPIs that there should be, beside what was computed."""
    steps = [rows.kpis(kpis), rows.computed(), rows.starts(), rows.slices(), rows.spine()]
    return _with(steps, rows.rows())


def _periods_sql() -> str:
    """The facts of the periods of `judged_rows`."""
    steps = [
        rows.judged(), rows.judged_kpis(), rows.newest_days(), rows.periods(),
        unreadable.unreadable_days(), unreadable.undated_facts(), days.requirements(),
        counted.object_days(), counted.object_spans(), counted.first_days(),
        days.needed_days(), days.spans_of_days(), days.requirement_days(), days.day_facts(),
        period_days.period_days(), earlier_days.earlier_days(),
        sources.source_state(), sources.source_facts(), sources.follow_ups(),
        types.type_facts(), keys.key_facts(), keys.join_facts(),
        domain.domain_facts(), units.unit_facts(),
        recon.recon_facts(), recon.record_facts(), entities.entity_facts(), nans.nan_facts(),
        jumps.jump_facts(), volume.volume_facts(),
    ]  # fmt: skip
    return _with(steps, tables.of_periods())


def _rows_sql(kpis: Collection[str], *, rows_before: int) -> str:
    """What is a row's own, of the named KPIs; `row_id` counts on from `rows_before`."""
    steps = [rows.judged(kpis), rows.judged_kpis(), inputs.input_rows(), inputs.upstream()]
    return _with(steps, tables.of_rows(rows_before))


def _with(steps: Iterable[str], select: str) -> str:
    return "with\n" + ",\n".join(steps) + "\n" + select
