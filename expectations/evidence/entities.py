"""CTEs of the entities: days that a value rests on, and no event says whose it was."""


def entity_facts() -> str:
    """What a conversion cannot have found."""
    return """
-- One row per KPI and period: the first kind of its events with days on which none names its
-- entity. Of what follows, the days on which one of its events may still be followed count too.
entity_facts as (
    select
        periods.kpi, cadence, period,
        of_kpi.dataset as nameless_dataset, entity as nameless_entity, source as nameless_source,
        cast(sum(row_count) as bigint) as nameless_rows,
        min(business_date) as nameless_from
    from periods
    inner join spec_kpi_entities as of_kpi using (kpi)
    inner join nameless_days as found using (events)
    where business_date between needs_from
        and if(follows, greatest(needs_until, followed_until), needs_until)
    group by periods.kpi, cadence, period, position, of_kpi.dataset, entity, source
    qualify row_number() over (partition by periods.kpi, cadence, period order by position) = 1
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(nameless_rows, 0) as nameless_rows,
    coalesce(nameless_dataset, '') as nameless_dataset,
    coalesce(nameless_entity, '') as nameless_entity,
    coalesce(nameless_source, '') as nameless_source,
    coalesce(cast(nameless_from as varchar), '') as nameless_from"""
