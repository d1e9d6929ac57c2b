"""The SQL of incremental parts: only periods from the first change on are computed anew.

Of each day the number of rows and the sum of the rows' hashes, over every column, are kept beside
the parts; the first day on which they differ is where the change starts, whatever made it: a load,
a restatement, a deletion, or another SQL of the model or of what it reads. What lies before it
stays, with one exception: a slice that is new gets its rows in every period. Another definition of
the parts, or other periods in the calendar, change all. It happens in the transaction that writes
the parts, so an interrupted build changes nothing. One SELECT makes the whole and an increment.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpi_specs.compiler.plan import Need, PartsTable
from kpi_specs.language.cadence import CADENCES, Cadence
from kpi_specs.mart_columns import mart
from kpi_specs.sql import CLOCK, lines, quoted

IF_THERE, ELSE, END = "{% if is_incremental() %}", "{% else %}", "{% endif %}"


@dataclass(frozen=True)
class Increment:
    """What is run before and after the parts are written, in the same transaction.

    Attributes:
        before: Finds the first change, and removes what lies behind it.
        after: Keeps what the days looked like.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def config(self) -> str:
        """The arguments of dbt's `config` for it; a changed definition may bring other columns."""
        hooks = f"pre_hook=[{_texts(self.before)}],\n    post_hook=[{_texts(self.after)}]"
        return (
            "\n    materialized='incremental',\n    incremental_strategy='append',\n"
            f"    on_schema_change='sync_all_columns',\n    {hooks}\n"
        )


def _texts(statements: Iterable[str]) -> str:
    """As strings of Jinja, rendered by dbt when they are run."""
    texts = (one.replace("\\", "\\\\").replace('"', '\\"') for one in statements)
    return ", ".join(f'\n        "{text}"' for text in texts) + "\n    "


def since(table: PartsTable) -> str:
    """The first day that changed, as a scalar query."""
    return f"(select since from kpi.{table.name}__since)"


def read_from(table: PartsTable, needs: Sequence[Need]) -> str | None:
    """The first day whose rows these parts are made of, as a scalar query; None: all days."""
    spans = [need.part.span for need in needs if need.part.span is not None]
    if any(span.kind in ("until_end", "until_start") for span in spans):
        return None
    cadences = {c for need in needs for c in need.cadences} | {s.within for s in spans}
    firsts = [f"{cadence}_from" for cadence in _cadences(table) if cadence in cadences]
    days = max((span.days - 1 for span in spans if span.kind == "window"), default=0)
    if days:
        # In an open period a window ends with the newest day, which may lie before the change.
        firsts.append(f"least(since, (select max(day) from kpi.{table.name}__days_now)) - {days}")
    first = firsts[0] if len(firsts) == 1 else f"least({', '.join(firsts)})"
    return f"(select {first} from kpi.{table.name}__since)"


def _cadences(table: PartsTable) -> tuple[Cadence, ...]:
    """Cadences whose periods are computed, or bound a sum to date."""
    spans = [need.part.span for need in table.needs if need.part.span is not None]
    used = {*table.cadences, *(span.within for span in spans)}
    return tuple(c for c in CADENCES if c in used)


def first_day(table: PartsTable) -> str:
    """The first day with rows, as a scalar query: an increment does not read it."""
    return f"(select min(day) from kpi.{table.name}__days_now)"


def increment_of(table: PartsTable, select: str) -> Increment:
    """The statements around the parts' `select`."""
    definition = hashlib.sha256(select.encode()).hexdigest()[:12]
    return Increment(
        (_days(table), _days_now(table), _since(table, definition), _remove(table)),
        (_keep(table, definition),),
    )


def _days(table: PartsTable) -> str:
    return f"""create table if not exists kpi.{table.name}__days (
            day date, row_count bigint, signature hugeint, clock date, definition varchar
        )"""


def _days_now(table: PartsTable) -> str:
    # A row may become another one as the clock moves on: what has ended by now.
    waits = dict.fromkeys(need.part.waits for need in table.needs if need.part.waits is not None)
    hashed = ", ".join(("*columns(*)", *waits))
    return f"""create or replace table kpi.{table.name}__days_now as
        select
            {table.day} as day,
            count(*) as row_count,
            sum(hash({hashed})) as signature
        from {mart(table.dataset.model, table.columns)}
        where {table.day} <= {CLOCK}
        group by 1"""


def _since(table: PartsTable, definition: str) -> str:
    firsts = [_first_of(table, cadence) for cadence in _cadences(table)]
    # The last clock's period was open; a clock set back, or another definition, changes all.
    return f"""create or replace table kpi.{table.name}__since as
        with found as (
            {IF_THERE}
            select least(before.clock, coalesce(changed.day, before.clock)) as since
            from (
                select clock
                from (select distinct clock, definition from kpi.{table.name}__days) as kept
                where clock <= {CLOCK}
                    and definition = {_rests_on(table, definition, "kept.clock")}
            ) as before
            cross join (
                select min(coalesce(days.day, days_now.day)) as day
                from kpi.{table.name}__days as days
                full join kpi.{table.name}__days_now as days_now on days_now.day = days.day
                where days.row_count is distinct from days_now.row_count
                    or days.signature is distinct from days_now.signature
            ) as changed
            {ELSE}
            select null::date as since
            {END}
        )
        select
            coalesce(max(since), date '-infinity') as since,
            {lines(firsts, "            ")}
        from found"""


def _first_of(table: PartsTable, cadence: Cadence) -> str:
    """The first day of the first period that has to be computed."""
    return f"""coalesce((
                select min(period_start)
                from {{{{ source('calendar', 'dim_period') }}}}
                where calendar = {quoted(table.calendar)}
                    and cadence = {quoted(cadence)}
                    and period_end >= (select since from found)
            ), date '-infinity') as {cadence}_from"""


def _remove(table: PartsTable) -> str:
    """What lies behind the change, and slices without a row before it."""
    return f"""{IF_THERE}
        delete from {{{{ this }}}}
        where period_end >= {since(table)}
            or (slice, slice_value) in (
                select (slice, slice_value)
                from {{{{ this }}}}
                group by slice, slice_value
                having slice <> 'total'
                    and count_if(row_count > 0 and period_end < {since(table)}) = 0
            )
        {ELSE}
        select 1
        {END}"""


def _keep(table: PartsTable, definition: str) -> str:
    return f"""create or replace table kpi.{table.name}__days as
        select *, {CLOCK} as clock, {_rests_on(table, definition, CLOCK)} as definition
        from kpi.{table.name}__days_now"""


def _rests_on(table: PartsTable, definition: str, clock: str) -> str:
    """What all periods up to a clock rest on besides rows: the definition, and the calendar."""
    return f"""(
                        select concat({quoted(definition)}, ' ', sum(hash(*columns(*))))
                        from {{{{ source('calendar', 'dim_period') }}}}
                        where calendar = {quoted(table.calendar)}
                            and period_start <= {clock}
                    )"""
