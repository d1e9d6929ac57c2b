"""Starts that were lost: days before the first rows, which a source once had or could not read.

Where a source's rows begin is where the history of its KPIs does, so that a shop that opened in May
lacks nothing of April. A source of which the first days are taken back, by an export of the last
months only, or cannot be read, would have no history then, and nobody would be told. So the first
day is remembered: it counts as a day without rows, and the days after it are missing like others.
`history_from` of the project says that history may start later.
"""

from typing import TYPE_CHECKING

from expectations.day_facts import DATASET_DAYS, SOURCE_DAYS, SOURCE_VALUES, values_id
from expectations.rejects import SOURCE_REJECTS
from expectations.spec_sources import dated
from expectations.sql import columns_in, literal, write_temp
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb


def mark_lost_starts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Add the days on which lost history began to what is counted, and to `known_starts`.

    `source_days`, `source_values` and `dataset_days` get a row without rows on it. `known_starts`
    gets each KPI that rests on such a source: the first period that it was judged in, or the day.
    """
    judged = columns_in(con, "audit")
    con.execute(
        f"""
        create or replace temp table lost_starts as
        select source, known.first_day
        from (
            select source, min(business_date) as first_day
            from (
                {_before(judged, "source", SOURCE_DAYS)}
                union all
                select source, business_date from {SOURCE_REJECTS} where has_day
            )
            inner join spec_clock on business_date between history_from and as_of
            group by source
        ) as known
        inner join (
            select source, min(business_date) as first_day from {SOURCE_DAYS} group by source
        ) as found using (source)
        where known.first_day < found.first_day
        """
    )
    lost = [row[0] for row in con.execute("select source from lost_starts").fetchall()]
    if lost:
        _mark(con, project, lost, judged)


def _mark(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    lost: list[str],
    judged: dict[str, tuple[str, ...]],
) -> None:
    values = [
        (values_id(source, column), source)
        for source in lost
        if (expects := project.sources[source].expects)
        for column in expects.values
    ]
    datasets = [(d, source) for d in project.datasets for source in dated(project, d)]
    kpis = [(name, d) for name, one in project.kpis.items() for d in project.datasets_of(one)]
    write_temp(con, "lost_values", "id varchar, source varchar", values)
    write_temp(con, "lost_datasets", "dataset varchar, source varchar", datasets)
    write_temp(con, "lost_kpis", "kpi varchar, dataset varchar", kpis)
    con.execute(
        f"""
        create or replace temp table lost_dataset_starts as
        select dataset, greatest(min(lost.first_day), min(before.first_day)) as first_day
        from lost_datasets
        inner join lost_starts as lost using (source)
        left join (
            select dataset, min(business_date) as first_day
            from ({_before(judged, "dataset", DATASET_DAYS)}) group by dataset
        ) as before using (dataset)
        inner join (
            select dataset, min(business_date) as now from {DATASET_DAYS} group by dataset
        ) using (dataset)
        group by dataset
        having greatest(min(lost.first_day), min(before.first_day)) < min(now);

        insert into {SOURCE_DAYS} select source, first_day, 0 from lost_starts;
        insert into {SOURCE_VALUES}
        select id, first_day, 0, null from lost_values inner join lost_starts using (source);
        insert into {DATASET_DAYS} select dataset, first_day, 0 from lost_dataset_starts;

        insert into known_starts
        select kpi, cadence, coalesce(min(before.first_start), max(starts.first_day))
        from spec_kpis
        inner join lost_kpis using (kpi)
        inner join (
            select dataset, min(business_date) as first_day from {DATASET_DAYS} group by dataset
        ) as starts on starts.dataset = lost_kpis.dataset
        left join (
            select kpi, cadence, min(period_start) as first_start
            from ({_verdicts(judged)}) group by all
        ) as before using (kpi, cadence)
        where invalid_spec = ''
        group by kpi, cadence
        having bool_or(starts.dataset in (select dataset from lost_dataset_starts))
        """
    )


def _before(judged: dict[str, tuple[str, ...]], of: str, table: str) -> str:
    """The days of the last judgement; none before the first."""
    if f"audit.{table}" in judged:
        return f"select {of}, business_date from audit.{table}"
    return f"select null::varchar as {of}, null::date as business_date where false"


def _verdicts(judged: dict[str, tuple[str, ...]]) -> str:
    if "audit.verdicts" in judged:
        return "select kpi, cadence, period_start from audit.verdicts"
    none = literal("")
    return f"select {none} as kpi, {none} as cadence, null::date as period_start where false"
