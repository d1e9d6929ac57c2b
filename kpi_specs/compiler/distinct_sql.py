"""Distinct counts in SQL: made additive, so that one pass serves all cadences and spans.

An entity counts in a period on the first of its days there: the day before which it was seen last
lies before the period's start. In a window of 28 days it counts from a day that comes 28 days or
more after the one before, and leaves 28 days after a day with none in them after it. Both are
numbers of days and slices that add up, where count(distinct) would start anew for each period.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from kpi_specs.compiler.plan import Need, PartsTable
from kpi_specs.compiler.slices_sql import numbers
from kpi_specs.compiler.spans_sql import TAKEN
from kpi_specs.language.cadence import CADENCES, Cadence
from kpi_specs.language.metrics.parts import Span, column_name
from kpi_specs.sql import cte, lines, quoted


def starts_step(table: PartsTable, needs: Iterable[Need]) -> list[str]:
    """The step `starts`, where counts need it: one row per day, the first day of its periods."""
    firsts = [
        f"max(period_start) filter (where cadence = {quoted(c)}) as {c}" for c in _cadences(needs)
    ]
    if not firsts:
        return []
    body = f"""select
    {lines(["date as day", *firsts])}
from {{{{ source('calendar', 'period_days') }}}}
inner join {{{{ source('calendar', 'dim_period') }}}} using (calendar, cadence, period)
where calendar = {quoted(table.calendar)}
group by date"""
    return [cte("starts", "The first day of each day's periods.", body)]


def by_entity(needs: Sequence[Need], rows: str) -> dict[str, list[Need]]:
    """Name of a step to the counts that it makes: those of one entity share their sorts."""
    found: dict[str, list[Need]] = {}
    for need in needs:
        found.setdefault(need.part.distinct or "", []).append(need)
    return {f"{column_name(f'{rows}_of_{entity}')}__by_day": n for entity, n in found.items()}


def first_days(table: PartsTable, name: str, rows: str, needs: Sequence[Need]) -> Iterator[str]:
    """The step `<name>`: what counts of one entity are made of, per slice and day.

    Where the total is needed beside slices, the step `<name>__total` before it sorts for both: an
    entity with a single row, as most orders and many customers are, has one in each of its slices,
    and is the first of all its periods; `<name>__alone` only counts them.

    Args:
        table: The parts table.
        name: What it is called.
        rows: Name of the step that is read: `day`, the slices' numbers, the entity.
        needs: The parts, each once for each span that it is needed over.
    """
    found, total, alone = numbers(table.slices), f"{name}__total", f"{name}__alone"
    slices = dict.fromkeys(one for need in needs for one in need.slices)
    columns = [found[one] for one in slices if one]
    if () in slices and columns:
        yield cte(total, "Whose only row it is, and the days before and after.",
                  _in_total(rows, needs, columns))  # fmt: skip
        yield cte(alone, "Those with a single row: it counts in every period and slice of its own.",
                  _alone(total, needs, columns))  # fmt: skip
        others = f"(\n    select *\n    from {total}\n    where not is_alone\n)"
        selects = [f"select *\nfrom {alone}", _counts(others, needs, None)]
        selects += [_counts(_but_alone(total, needs, column), needs, column) for column in columns]
        body = _summed(selects, needs)
    else:
        kinds: Sequence[str | None] = columns or [None]
        selects = [_counts(_in_slice(rows, needs, kind), needs, kind) for kind in kinds]
        body = "\n\nunion all\n\n".join(selects)
    reason = f"On which of its days {needs[0].part.distinct} is counted, in every slice."
    yield cte(name, reason, body)


def all_by_day(name: str, steps: Sequence[str]) -> str:
    """The step `<name>`: counts of several entities per slice and day, side by side.

    Args:
        name: What it is called.
        steps: Names of the steps that make them.
    """
    joins = "\n".join(f"full join {step} using (day, slice_no)" for step in steps[1:])
    body = f"select *\nfrom {steps[0]}\n{joins}"
    return cte(name, "Distinct counts side by side.", body)


def _counts(rows: str, needs: Sequence[Need], number: str | None) -> str:
    """How many entities are the first of their periods on each day, in the slices of one kind."""
    counts = list[str]()
    for name, same in _by_part(needs).items():
        there = "" if same[0].part.matching is None else f"{name}_day is not null and "
        known = _known_before(name, same)
        counts += [f"count_if({there}({one}) is not true) as {flag}" for flag, one in known.items()]
    starts = "\nleft join starts using (day)" if _cadences(needs) else ""
    return f"""select
    {lines(["day", f"{number or 0} as slice_no", *counts])}
from {rows}{starts}
group by {", ".join(["day", *([number] if number else [])])}"""


def _known_before(name: str, same: Sequence[Need]) -> dict[str, str]:
    """Column of a count to the condition of rows that it leaves out: others came before them."""
    seen = "day" if same[0].part.matching is None else f"{name}_day"
    known = {first_in(name, c): f"{name}_before >= starts.{c}" for c in _cadences(same)}
    for span in _windows(same):
        known[_came(name, span)] = f"{seen} - {name}_before < {span.days}"
        known[_left(name, span)] = f"{name}_after - {seen} < {span.days}"
    return known


def _alone(total: str, needs: Sequence[Need], columns: Sequence[str]) -> str:
    """The counts of entities with a single row, which nothing comes before or after."""
    rows, counts = list[str](), list[str]()
    for name, same in _by_part(needs).items():
        rows.append(f"count({'*' if same[0].part.matching is None else f'{name}_day'}) as {name}")
        counts += [f"sum({name}) as {flag}" for flag in _known_before(name, same)]
    keys = ["day", *columns]
    sets = ["(day)", *(f"(day, {column})" for column in columns)]
    return f"""select
    {lines(["day", f"coalesce({', '.join(columns)}, 0) as slice_no", *counts])}
from (
    select
        {lines([*keys, *rows], "        ")}
    from {total}
    where is_alone
    group by {", ".join(keys)}
)
group by grouping sets (
    {lines(sets)}
)"""


def _summed(selects: Sequence[str], needs: Sequence[Need]) -> str:
    """Of each day and slice one row, of those that several queries give."""
    flags = [flag for name, same in _by_part(needs).items() for flag in _known_before(name, same)]
    indented = (select.replace("\n", "\n    ") for select in selects)
    union = "\n\n    union all by name\n\n    ".join(indented)
    return f"""select
    {lines(["day", "slice_no", *(f"cast(sum({flag}) as bigint) as {flag}" for flag in flags)])}
from (
    {union}
)
group by day, slice_no"""


def _in_total(rows: str, needs: Sequence[Need], columns: Sequence[str]) -> str:
    """Every row of the entity, with what `_counts` reads and what finer slices are made of."""
    alone = "lag(day) over each is null and lead(day) over each is null as is_alone"
    entity = str(needs[0].part.distinct)
    known = [f"{entity} as entity", "day", *columns, alone]
    return f"""select
    {lines([*known, *_days(needs), *_neighbours(needs, _day)])}
from {rows}
where {entity} is not null
window each as (partition by {entity} order by day)"""


def _but_alone(total: str, needs: Sequence[Need], number: str) -> str:
    """The rows of slices of one kind, of entities that have several; they are sorted again."""
    days = [f"{name}_day" for name, same in _by_part(needs).items() if same[0].part.matching]
    return f"""(
    select
        {lines(["day", number, *days, *_neighbours(needs, _known_day)], "        ")}
    from {total}
    where not is_alone
    window each as (partition by entity, {number} order by day)
)"""


def _in_slice(rows: str, needs: Sequence[Need], number: str | None) -> str:
    """The rows of slices of one kind, where they are not made of the total's."""
    entity, keys = str(needs[0].part.distinct), [number] if number else []
    return f"""(
    select
        {lines(["day", *keys, *_days(needs), *_neighbours(needs, _day)], "        ")}
    from {rows}
    where {entity} is not null
    window each as (partition by {", ".join([entity, *keys])} order by day)
)"""


def _days(needs: Sequence[Need]) -> list[str]:
    """Of each part that does not take every row, the day of those that it takes."""
    parts = _by_part(needs).items()
    return [f"{_day(name, same)} as {name}_day" for name, same in parts if same[0].part.matching]


def _neighbours(
    needs: Sequence[Need], day_of: Callable[[str, Sequence[Need]], str]
) -> Iterator[str]:
    """The days before and after each of an entity's; NULL where there is none."""
    for name, same in _by_part(needs).items():
        day, ignored = day_of(name, same), " ignore nulls" if same[0].part.matching else ""
        yield f"lag({day}{ignored}) over each as {name}_before"
        if _windows(same):
            yield f"lead({day}{ignored}) over each as {name}_after"


def _day(name: str, same: Sequence[Need]) -> str:
    del name
    matching = same[0].part.matching
    return "day" if matching is None else f"case when {matching} then day end"


def _known_day(name: str, same: Sequence[Need]) -> str:
    return "day" if same[0].part.matching is None else f"{name}_day"


def _by_part(needs: Sequence[Need]) -> dict[str, list[Need]]:
    """A part's name without its span to its needs, over each of its spans."""
    found: dict[str, list[Need]] = {}
    for need in needs:
        found.setdefault(need.part.day_name, []).append(need)
    return found


def of_period(name: str, cadences: Sequence[str]) -> str:
    """The count of a period: its days' first ones, those of the period's own cadence."""
    cases = "".join(f"\n        when {quoted(c)} then {first_in(name, c)}" for c in cadences)
    return f"cast(sum(case cadence{cases}\n    end) as bigint)"


def of_span(name: str, span: Span) -> str:
    """The count of a span: a window function over the days up to its last."""
    if span.kind == "window":
        gone = f"range between unbounded preceding and interval {span.days} days preceding"
        return f"""cast(
            sum({_came(name, span)}) over {TAKEN}
            - coalesce(sum({_left(name, span)}) over ({TAKEN} {gone}), 0)
        as bigint)"""
    assert span.within is not None  # no metric counts different values on one day or up to it
    return f"cast(sum({first_in(name, span.within)}) over {TAKEN} as bigint)"


def first_in(name: str, cadence: str) -> str:
    """The column of days that are the first of their period."""
    return f"{name}_first_{cadence}"


def _came(name: str, span: Span) -> str:
    return f"{name}_came_{span.days}"


def _left(name: str, span: Span) -> str:
    return f"{name}_left_{span.days}"


def _windows(needs: Sequence[Need]) -> list[Span]:
    spans = dict.fromkeys(need.part.span for need in needs)
    return [span for span in spans if span is not None and span.kind == "window"]


def _cadences(needs: Iterable[Need]) -> tuple[Cadence, ...]:
    """Cadences whose first days are looked for: the parts' own, or that of the span."""
    found: set[str] = set()
    for need in needs:
        if need.part.span is None:
            found |= set(need.cadences)
        elif need.part.span.within is not None:
            found.add(need.part.span.within)
    return tuple(c for c in CADENCES if c in found)
