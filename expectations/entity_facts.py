"""Facts about entities: days whose events do not say whose they are.

A conversion finds what follows an event by its entity. Where the column has become empty nothing
follows, and the share of what followed would be an honest-looking 0.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.sql import columns_in, identifier, literal, write_temp
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import as_quoted, columns_of
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.conversion import Event
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

NAMELESS_DAYS = "nameless_days"
KPI_ENTITIES = "spec_kpi_entities"


def write_entity_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `nameless_days` and `spec_kpi_entities`.

    `spec_kpi_entities`: for each KPI that is a conversion its two kinds of events (`events` names
    them): dataset, column of the entity, who answers for it, whether they are those that follow.

    `nameless_days`: one row per kind of events and day on which some happened and none says whose
    it was, with their number as row_count. One scan of its dataset each.
    """
    there = columns_in(con, "marts")
    rows: list[tuple[object, ...]] = []
    selects: dict[str, str] = {}
    for name, kpi in project.kpis.items():
        for position, (dataset, entity, event) in enumerate(_events_of(project, kpi)):
            day = dataset_day(dataset, project.settings.time_zone)
            if event.at is not None:
                day = f"cast({identifier(event.at)} as date)"
            read, which = {*columns_of(entity), event.at or dataset.time}, ""
            if event.where is not None:
                read |= {*columns_of(event.where)}
                which = f" where {as_quoted(event.where)}"
            if not read <= set(there.get(f"marts.{dataset.model}", ())):
                continue  # its table could not be computed, and that is what is told
            query = f"""
            select {day} as business_date, count(*) as row_count
            from marts.{identifier(dataset.model)}{which}
            group by all
            having count({as_quoted(entity)}) = 0"""
            events = f"{dataset.dataset}.{len(selects)}"
            events = next((key for key, known in selects.items() if known == query), events)
            selects[events] = query
            rows.append(
                (name, position, events, dataset.dataset, entity, dataset.sources[0], position == 1)
            )
    none = "select null::varchar as events, null::date as business_date, 0::bigint as row_count"
    found = [f"select {literal(events)}, * from ({query})" for events, query in selects.items()]
    union = "\nunion all\n".join([none, *found])
    con.execute(
        f"create or replace temp table {NAMELESS_DAYS} as select * from ({union}) "
        "where business_date <= (select as_of from spec_clock)"
    )
    write_temp(
        con,
        KPI_ENTITIES,
        "kpi varchar, position integer, events varchar, dataset varchar, entity varchar, "
        "source varchar, follows boolean",
        rows,
    )


def _events_of(project: Project, kpi: Kpi) -> Iterator[tuple[Dataset, str, Event]]:
    """Those that a conversion starts from, then those that convert."""
    metric = project.taken_over(kpi)[-1].metric
    if metric.conversion is not None:
        for event in (metric.conversion.base, metric.conversion.converted):
            dataset = project.datasets[event.dataset or metric.dataset or ""]
            yield dataset, metric.conversion.entity, event
