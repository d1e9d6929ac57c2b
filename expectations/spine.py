"""Which rows there should be: slices known from before, and the count that each suite must see."""

from typing import TYPE_CHECKING

from expectations.spec_sources import dated
from expectations.sql import columns_in, write_temp
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb


def write_known_slices(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables of what was judged last time.

    known_slices (kpi, slice, slice_value): a KPI that cannot be computed today keeps its slices, so
    that their readers learn why there is no value. Slices that its spec no longer has are
    forgotten, and there is always a total; but an invalid spec changes no rows.
    promised_slices, of the same columns: those of them of which the contract of a source expects
    the value each day, so that they are rows even if all of theirs are gone.
    known_starts (kpi, cadence, first_start): the first period of a KPI that one withholds; see
    `lost_starts` for others.
    """
    found = "audit.verdicts" in columns_in(con, "audit")
    columns = "'' as kpi, '' as cadence, '' as slice, '' as slice_value, null::date as period_start"
    verdicts = "audit.verdicts" if found else f"(select {columns})"
    con.execute(
        f"""
        create or replace temp table known_slices as
        with judged as (
            select distinct kpi, slice, slice_value
            from {verdicts} as verdicts
            inner join spec_grain using (kpi, slice)
        )
        from judged
        union
        select kpi, 'total', 'total'
        from spec_kpis
        where invalid_spec = '' or kpi not in (select kpi from judged)
        """
    )
    values = (
        (name, column, value)
        for name, kpi in project.kpis.items()
        for dataset in project.read_by(kpi)
        for source in dated(project, dataset)
        if (expects := project.sources[source].expects)
        for column, values in expects.values.items()
        for value in values
    )
    write_temp(con, "spec_values", "kpi varchar, slice varchar, slice_value varchar", values)
    con.execute(
        """
        create or replace temp table promised_slices as
        from known_slices semi join spec_values using (kpi, slice, slice_value)
        """
    )
    con.execute(
        f"""
        create or replace temp table known_starts as
        select kpi, cadence, min(period_start) as first_start
        from {verdicts} as verdicts
        inner join spec_kpis using (kpi, cadence)
        where invalid_spec <> '' and period_start <= (select as_of from spec_clock)
        group by kpi, cadence
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
            select kpi, cadence, first_start, slices
            from (
                select kpi, cadence, min(period_start) as first_start
                from kpi_rows
                group by kpi, cadence
            )
            inner join (
                select kpi, cadence, count(*) as slices
                from (
                    select kpi, cadence, slice, slice_value from kpi_rows
                    union
                    select kpi, cadence, slice, slice_value
                    from (select distinct kpi, cadence from kpi_rows)
                    inner join promised_slices using (kpi)
                )
                group by kpi, cadence
            ) using (kpi, cadence)
        ),
        known as (
            select kpi, count(*) as slices
            from known_slices
            group by kpi
        )
        select
            kpis.kpi,
            cast(sum(coalesce(computed.slices, known.slices) * (
                select count(*)
                from calendar.dim_period as periods
                where periods.calendar = kpis.calendar
                    and periods.cadence = kpis.cadence
                    and periods.period_end >= coalesce(
                        least(computed.first_start, known_starts.first_start), clock.history_from
                    )
                    and periods.period_start <= clock.as_of
            )) as bigint) as expected
        from spec_kpis as kpis
        cross join spec_clock as clock
        inner join known using (kpi)
        left join computed using (kpi, cadence)
        left join known_starts using (kpi, cadence)
        group by kpis.kpi
        """
    ).fetchall()
    return dict(rows)
