"""What an incremental dataset keeps beside its parts, so that an increment reads few rows.

Each day's sums and counts, and each entity's first event ever. Both rest on days: one whose rows
are those of the last build, which their hashes tell, has its sums and counts still, and holds
whatever first event it held. So only days that changed are read, and for first events also all
days of the entities whose first one lay on a day that changed: it may be gone. It all happens in
the transaction that writes the parts, and is made anew where they are.
"""

from collections.abc import Iterator, Sequence

from kpi_specs.compiler.groups import OWN, Group
from kpi_specs.compiler.increment_sql import ELSE, END, changed, if_known, kept_name
from kpi_specs.compiler.plan import Need, PartsTable
from kpi_specs.compiler.rows_sql import days_of, fact_of
from kpi_specs.language.metrics.parts import FirstEvents


def kept_tables(table: PartsTable, groups: Sequence[Group]) -> tuple[str, ...]:
    """The statements that bring what is kept up to date, once the changed days are known."""
    days = [n for g in groups if g.rows == OWN and g.way == "days" for n in g.needs]
    firsts = [_firsts(table, events, needs) for events, needs in _first_events(groups)]
    return (_by_day(table, days), *firsts)


def _by_day(table: PartsTable, needs: Sequence[Need]) -> str:
    name, days = kept_name(table, "by_day"), changed(table)
    condition = f"\n    {if_known(table)} and {table.day} in {days} {END}"
    return f"""{if_known(table)}
        delete from {name} where day in {days};
        insert into {name}
        {ELSE}
        create or replace table {name} as
        {END}
        {_indented(days_of(table, needs, condition), 8)}"""


def _first_events(groups: Sequence[Group]) -> Iterator[tuple[FirstEvents, list[Need]]]:
    """Each once, with the parts that are made of them and have their dimensions."""
    found: dict[FirstEvents, list[Need]] = {}
    for need in (need for group in groups for need in group.needs):
        if need.part.rows.first_events is not None:
            found.setdefault(need.part.rows.first_events, []).append(need)
        if need.part.mark is not None and need.part.mark.first_events is not None:
            found.setdefault(need.part.mark.first_events, [])
    yield from found.items()


def _firsts(table: PartsTable, events: FirstEvents, needs: Sequence[Need]) -> str:
    name, entity, fact = kept_name(table, events.name), events.entity, fact_of(table, needs)
    # Which rows have ended by now has nothing to do with what the first one is.
    days = changed(table, "has_other_rows")
    of_changed = events.firsts(fact, f"\n    and {table.day} in {days}")
    of_lost = events.firsts(fact, f"\n    and {entity} in (select {entity} from {name}__lost)")
    return f"""{if_known(table)}
        -- Whose first event is perhaps no more: it is looked for on all days.
        create or replace table {name}__lost as
        select {entity} from {name} where first_row.day in {days};
        delete from {name} where first_row.day in {days};
        merge into {name}
        using (
            select {entity}, arg_min(first_row, first_row.day) as first_row
            from (
                {_indented(of_changed, 16)}
                union all
                {_indented(of_lost, 16)}
            )
            group by {entity}
        ) as found using ({entity})
        when matched and found.first_row.day < {name}.first_row.day
            then update set first_row = found.first_row
        when not matched then insert
        {ELSE}
        create or replace table {name} as
        {_indented(events.firsts(fact), 8)}
        {END}"""


def _indented(query: str, by: int) -> str:
    return query.replace("\n", "\n" + " " * by)
