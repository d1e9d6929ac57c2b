"""Which rows there should be: slices known from before, and the count that each suite must see."""

from typing import TYPE_CHECKING

from expectations.sql import columns_in

if TYPE_CHECKING:
    import duckdb


def write_known_slices(con: "duckdb.DuckDBPyConnection") -> None:
    """Write the temporary table `known_slices` (kpi, slice, slice_value): those judged last time.

    A KPI that cannot be computed today keeps its slices, so that their readers learn why there is
    no value. Slices that its spec no longer has are forgotten.
    """
    found = "audit.verdicts" in columns_in(con, "audit")
    verdicts = "audit.verdicts" if found else "(select '' as kpi, '' as slice, '' as slice_value)"
    con.execute(
        f"""
        create or replace temp table known_slices as
        select distinct kpi, slice, slice_value
        from {verdicts} as verdicts
        inner join spec_grain using (kpi, slice)
        """
    )


def expected_rows(con: "duckdb.DuckDBPyConnection") -> dict[str, int]:
    """KPI -> rows that its evidence must have: periods of the calendar times slices.

    Counted apart from the evidence query, without joining row to row, so that a period missing from
    a KPI's table, or a row in it twice, does not go unseen.
    """
    rows = con.execute(
        """
        with
        -- One row per KPI and cadence: first period and slices, computed or known from before.
        computed as (
            select
                kpi, cadence,
                min(period_start) as first_start,
                count(distinct (slice, slice_value)) as slices
            from kpi_rows
            group by kpi, cadence
        ),
        known as (
            select kpi, count(*) as slices
            from (
                select kpi, slice, slice_value from known_slices
                union
                select kpi, 'total', 'total' from spec_kpis
            )
            group by kpi
        )
        select
            kpis.kpi,
            cast(sum(coalesce(computed.slices, known.slices) * (
                select count(*)
                from calendar.dim_period as periods
                where periods.calendar = kpis.calendar
                    and periods.cadence = kpis.cadence
                    and periods.period_end >= coalesce(computed.first_start, clock.history_from)
                    and periods.period_start <= clock.as_of
            )) as bigint) as expected
        from spec_kpis as kpis
        cross join spec_clock as clock
        inner join known using (kpi)
        left join computed using (kpi, cadence)
        group by kpis.kpi
        """
    ).fetchall()
    return dict(rows)
