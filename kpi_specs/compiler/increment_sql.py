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
from kpi_specs.language.metrics.parts import ROWS, Span
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
    if any(span.kind in ("until_end", "until_start") for span in _spans(needs)):
        return None
    return _first_of_all(table, _read_firsts(table, needs))


def summed_up_to(table: PartsTable, needs: Sequence[Need]) -> tuple[str, str] | None:
    """The days that an increment may sum into one, as scalar queries: the first one and the last.

    A sum to date takes days from before the change, but all of those of its wider period. Others
    take some of them: the first day that they need, or the change itself, is where days begin to
    be told apart. Days before the first one nobody takes, unless they are after the last one.
    None: no part is a sum to date, or one takes all days.
    """
    widths = [CADENCES.index(span.within) for span in _spans(needs) if span.within is not None]
    if not widths or read_from(table, needs) is None:
        return None
    widest = CADENCES[max(widths)]
    others = [n for n in needs if n.part.span is None or n.part.span.within != widest]
    last = _first_of_all(table, ["since", *_read_firsts(table, others)], " - 1")
    return changed_from(table, [widest]), last


def _read_firsts(table: PartsTable, needs: Sequence[Need]) -> list[str]:
    spans = _spans(needs)
    cadences = {c for need in needs for c in need.cadences} | {s.within for s in spans}
    firsts = _firsts(table, cadences)
    days = max((span.days - 1 for span in spans if span.kind == "window"), default=0)
    if days:
        # In an open period a window ends with the newest day, which may lie before the change.
        firsts.append(f"least(since, (select max(day) from kpi.{table.name}__days_now)) - {days}")
    return firsts


def _spans(needs: Sequence[Need]) -> list[Span]:
    return [need.part.span for need in needs if need.part.span is not None]


def changed_from(table: PartsTable, cadences: Iterable[str]) -> str:
    """The first day of the first period of these cadences that is computed, as a scalar query."""
    return _first_of_all(table, _firsts(table, cadences))


def _firsts(table: PartsTable, cadences: Iterable[str | None]) -> list[str]:
    wanted = set(cadences)
    return [f"{cadence}_from" for cadence in _cadences(table) if cadence in wanted]


def _first_of_all(table: PartsTable, firsts: Sequence[str], days: str = "") -> str:
    first = firsts[0] if len(firsts) == 1 else f"least({', '.join(firsts)})"
    return f"(select {first}{days} from kpi.{table.name}__since)"


def _cadences(table: PartsTable) -> tuple[Cadence, ...]:
    """Cadences whose periods are computed, or bound a sum to date."""
    used = {*table.cadences, *(span.within for span in _spans(table.needs))}
    return tuple(c for c in CADENCES if c in used)


def first_day(table: PartsTable) -> str:
    """The first day with rows, as a scalar query: an increment does not read it."""
    return f"(select min(day) from kpi.{table.name}__days_now)"


def kept_name(table: PartsTable, what: str) -> str:
    """The table that keeps something of a build for the next one."""
    return f"{kept_prefix(table)}__{what}"


def kept_prefix(table: PartsTable) -> str:
    """What the names of these tables begin with."""
    return f"kpi.{table.name}"


def changed(table: PartsTable, condition: str | None = None) -> str:
    """The days that are not what they were in the last build, as a query."""
    where = "" if condition is None else f" where {condition}"
    return f"(select day from kpi.{table.name}__changed{where})"


def if_known(table: PartsTable) -> str:
    """Begins what needs a last build of the same definition; `ELSE` and `END` follow."""
    known = f"select isfinite(since) from kpi.{table.name}__since"
    # dbt renders hooks once more before anything runs, to see what they read.
    return f"{{% if execute and run_query('{known}').rows[0][0] %}}"


def increment_of(table: PartsTable, select: str, kept: Sequence[str]) -> Increment:
    """The statements around the parts' `select`, which reads what the statements `kept` keep."""
    definition = hashlib.sha256("\n".join((*kept, select)).encode()).hexdigest()[:12]
    return Increment(
        (
            _days(table),
            _days_now(table),
            _changed(table),
            _since(table, definition),
            *kept,
            _remove(table),
        ),
        (_keep(table, definition),),
    )


def _days(table: PartsTable) -> str:
    return f"""create table if not exists kpi.{table.name}__days (
            day date, row_count bigint, signature hugeint, ended bigint,
            clock date, definition varchar
        );
        -- Builds of earlier versions kept none.
        alter table kpi.{table.name}__days add column if not exists ended bigint"""


def _days_now(table: PartsTable) -> str:
    # The clock moves on, and rows that were open have ended: never fewer of the same rows.
    waits = dict.fromkeys(need.part.waits for need in table.needs if need.part.waits is not None)
    ended = " + ".join(f"count_if({condition})" for condition in waits) or "0"
    return f"""create or replace table kpi.{table.name}__days_now as
        select
            {table.day} as day,
            count(*) as row_count,
            sum(hash(*columns(*))) as signature,
            {ended} as ended
        from {mart(table.dataset.model, table.columns)}
        where {table.day} <= {CLOCK}
        group by 1"""


def _changed(table: PartsTable) -> str:
    return f"""create or replace table kpi.{table.name}__changed as
        select
            coalesce(days.day, days_now.day) as day,
            days.row_count is distinct from days_now.row_count
                or days.signature is distinct from days_now.signature as has_other_rows
        from kpi.{table.name}__days as days
        full join kpi.{table.name}__days_now as days_now on days_now.day = days.day
        where has_other_rows or days.ended is distinct from days_now.ended"""


def _since(table: PartsTable, definition: str) -> str:
    firsts = [_first_of(table, cadence) for cadence in _cadences(table)]
    # The last clock's period was open; a clock set back, or another definition, changes all.
    return f"""create or replace table kpi.{table.name}__since as
        with found as (
            {IF_THERE}
            select least(clock, (select min(day) from kpi.{table.name}__changed)) as since
            from (select distinct clock, definition from kpi.{table.name}__days) as kept
            where clock <= {CLOCK}
                and definition = {_rests_on(table, definition, "kept.clock")}
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
    """What lies behind the change, and slices without a row before it, in whatever days."""
    spans = dict.fromkeys(
        n.part.name for n in table.needs if n.part.span and n.part.day_name == ROWS
    )
    pairs = f"select (slice, slice_value) from {{{{ this }}}} where period_end < {since(table)}"
    seen = f"{pairs} and row_count > 0"
    if spans:
        # Apart, since it takes DuckDB long to read a column of large sums; few rows are left.
        taken = " or ".join(f"{name} > 0" for name in spans)
        seen += f"""
                union
                {pairs} and row_count = 0
                    and ({taken})"""
    return f"""{IF_THERE}
        delete from {{{{ this }}}}
        where period_end >= {since(table)}
            or slice <> 'total' and (slice, slice_value) not in (
                {seen}
            )
        {ELSE}
        select 1
        {END}"""


def _keep(table: PartsTable, definition: str) -> str:
    return f"""create or replace table kpi.{table.name}__days as
        select *, {CLOCK} as clock, {_rests_on(table, definition, CLOCK)} as definition
        from kpi.{table.name}__days_now"""


def _rests_on(table: PartsTable, definition: str, clock: str) -> str:
    """What all periods up to a clock rest on besides rows: definition, calendar, columns' types."""
    return f"""(
                    select concat_ws(' ', {quoted(definition)}, sum(hash(*columns(*))), (
                        select sum(hash(column_name, column_type))
                        from (describe from {mart(table.dataset.model, ())})
                    ))
                    from {{{{ source('calendar', 'dim_period') }}}}
                    where calendar = {quoted(table.calendar)}
                        and period_start <= {clock}
                )"""
