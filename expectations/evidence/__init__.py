"""The evidence SQL: one row per KPI, cadence, period and slice, no column of which is ever NULL.

A missing fact is a sentinel with a flag beside it (`NO_DATE`, 0, ''), because Great Expectations
passes over NULLs. Facts of a period are found once per KPI and period, then joined to its slices.

Inputs are the temporary tables of `spec_facts`, `day_facts` and `computed`, the calendar, and
`verdicts_so_far` for KPIs that are computed from others. Belongs here: one function per CTE, each
returning its SQL. Does not belong here: whether a fact is good or bad (`expectations.checks`).
"""

from collections.abc import Iterable
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
    types,
    units,
    unreadable,
    volume,
)

if TYPE_CHECKING:
    import duckdb

VERDICTS_SO_FAR = """
    kpi varchar, cadence varchar, period varchar, slice varchar, slice_value varchar,
    period_start date, period_end date,
    data_status varchar, reason_codes varchar, reason varchar, party varchar, root varchar,
    coverage double, data_through date, due_at date, closed_at date
"""


def create_evidence(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty temporary tables `evidence` and `verdicts_so_far`."""
    con.execute(f"create or replace temp table verdicts_so_far ({VERDICTS_SO_FAR})")
    con.execute(
        f"create or replace temp table evidence as {evidence_sql([], rows_before=0)} limit 0"
    )


def add_evidence(con: "duckdb.DuckDBPyConnection", kpis: Iterable[str]) -> None:
    """Add the evidence of the named KPIs to the temporary table `evidence`."""
    found = con.execute("select count(*) from evidence").fetchone()
    rows_before = found[0] if found else 0
    con.execute(f"insert into evidence by name {evidence_sql(kpis, rows_before=rows_before)}")


def evidence_sql(kpis: Iterable[str], *, rows_before: int) -> str:
    """The whole query for the named KPIs; `row_id` counts on from `rows_before`."""
    steps = [
        rows.kpis(kpis), rows.computed(), rows.starts(), rows.slices(), rows.spine(), rows.rows(),
        rows.newest_days(), rows.periods(),
        unreadable.unreadable_days(), unreadable.undated_facts(), days.requirements(),
        counted.object_days(), counted.object_spans(), counted.first_days(),
        days.needed_days(), days.spans_of_days(), days.requirement_days(), days.day_facts(),
        period_days.period_days(), earlier_days.earlier_days(),
        sources.source_state(), sources.source_facts(), sources.follow_ups(),
        types.type_facts(), keys.key_facts(), keys.join_facts(),
        domain.domain_facts(), units.unit_facts(),
        recon.recon_facts(), recon.record_facts(), entities.entity_facts(), nans.nan_facts(),
        jumps.jump_facts(), volume.volume_facts(),
        inputs.input_rows(), inputs.upstream(),
        facts.facts(),
    ]  # fmt: skip
    return "with\n" + ",\n".join(steps) + "\n" + facts.final(rows_before)
