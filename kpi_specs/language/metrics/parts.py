"""What a metric type asks the compiler for: parts, and the operands that are made of them.

A part is one aggregate of one dataset in every period and slice. Parts of a dataset are computed
together; what several KPIs need is computed once. Three things make a part:

- the rows that it aggregates: the dataset's own, or rows made of them (customers' first orders);
- the aggregate;
- the span of days that it takes: the period's own, or others (the 28 days that end with it).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from kpi_specs.language.cadence import CADENCES, Cadence
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.metrics.measure import COUNTS, Measure
from kpi_specs.sql import CLOCK

ROWS = "row_count"
# Where a row is NaN or infinite: what the extreme of longer periods does not pass over either.
_NO_NUMBER = {"min": "-infinity", "max": "infinity", "median": "nan", "percentile": "nan"}
_ROLLUP = {"sum": "sum", "count": "sum", "sum_boolean": "sum", "min": "min", "max": "max"}


@dataclass(frozen=True)
class Fact:
    """What rows are made of: a dataset as SQL sees it.

    Attributes:
        source: The FROM clause: the model and the dimensions joined to it.
        time: Its business day: a column, or SQL of one.
        moment: The column behind it; of the rows of one day it may tell the earlier one.
        key: Columns that tell rows of one day apart.
        dimensions: Select items of the dimensions in use, each named as it groups.
        groups: Names of those select items.
        read_from: The first day to be read, where earlier ones are known; SQL.
        kept: What begins the names of tables in which first events are kept; None: none are.
    """

    source: str
    time: str
    moment: str
    key: tuple[str, ...]
    dimensions: tuple[str, ...]
    groups: tuple[str, ...]
    read_from: str | None = None
    kept: str | None = None

    @property
    def needed(self) -> str:
        """The condition of a row that periods are computed from: seen, and not known already."""
        known = "" if self.read_from is None else f"\n    and {self.time} >= {self.read_from}"
        return f"{self.seen}{known}"

    @property
    def seen(self) -> str:
        """The condition of a row that the clock has passed: nothing of the future is seen."""
        return f"{self.time} <= {CLOCK}"

    @property
    def order(self) -> str:
        """What puts events in order, the same in every run."""
        return f"row({', '.join(dict.fromkeys((self.moment, *self.key)))})"


class FirstEvents(Protocol):
    """What rests on the first event that each entity ever had: rows, or a mark on rows.

    An incremental dataset keeps those events in a table, and looks only for what may have changed.
    """

    @property
    def entity(self) -> str:
        """The column of those that have events."""
        ...

    @property
    def name(self) -> str:
        """Of the rows or the mark."""
        ...

    def firsts(self, fact: Fact, condition: str = "") -> str:
        """A query: the entity, and `first_row`, a struct of what is kept of it and its `day`.

        Args:
            fact: What is read.
            condition: More that an event has to fulfil: ` and ...`; it is the first of those.
        """
        ...


@dataclass(frozen=True)
class Rows:
    """The dataset's own rows. A subclass says how it makes others of them."""

    @property
    def first_events(self) -> FirstEvents | None:
        """The first events that they are made of; None: of others."""
        return None

    @property
    def name(self) -> str:
        """What the step is called in SQL."""
        return "rows"

    @property
    def reason(self) -> str:
        """The comment above it."""
        return ""

    @property
    def also_read(self) -> str | None:
        """The dataset whose rows they rest on besides; None: on their own dataset's alone."""
        return None

    def sql(self, fact: Fact) -> str:
        """A query that gives `day`, the fact's groups, and what the parts aggregate."""
        raise NotImplementedError  # the dataset's own rows are read as they are


@dataclass(frozen=True)
class Mark:
    """A column that a row gets from other rows of the dataset. A subclass says which."""

    @property
    def first_events(self) -> FirstEvents | None:
        """The first events that it compares a row with; None: it does not."""
        return None

    @property
    def name(self) -> str:
        """What the column is called."""
        raise NotImplementedError

    def on(self, rows: str, fact: Fact) -> str:
        """The rows of the query `rows`, read from `fact`, each with the column."""
        raise NotImplementedError


# Days of the shortest period, over all calendars.
_SHORTEST = {"daily": 1, "weekly": 7, "monthly": 28, "quarterly": 89, "yearly": 364}


@dataclass(frozen=True)
class Span:
    """The days that a period takes where they are not its own.

    Attributes:
        name: As in column names: `last_28_days`.
        reason: In words: `the 28 days that end with it`.
        kind: `window` of some days up to the period's end; `to_date` from the start of a wider
            period; `at_end` and `at_start`, one day; `until_end` and `until_start`, all before too.
        days: Of a window.
        within: Cadence of the wider period.
    """

    name: str
    reason: str
    kind: Literal["window", "to_date", "at_end", "at_start", "until_end", "until_start"]
    days: int = 0
    within: Cadence | None = None

    def overlaps(self, cadence: Cadence) -> bool:
        """Whether a period takes days that the one before it takes too."""
        if self.kind == "window":
            return self.days > _SHORTEST[cadence]
        return self.within is not None and CADENCES.index(cadence) < CADENCES.index(self.within)


@dataclass(frozen=True)
class Part:
    """One aggregate.

    Attributes:
        name: Its column.
        sql: The aggregate over the rows; over `entities.measured` where it is per entity, over
            `days.<name>` where it has a `value`.
        columns: Columns of the rows that a distinct count reads.
        value: Of what is counted on the dataset's rows, a row's value; NULL where it has none.
        rows: The rows aggregated.
        span: The days taken; None: the period's own.
        rollup: The aggregate that makes a longer period or a coarser slice of finer ones; None
            where there is none (distinct counts, averages, percentiles).
        distinct: Of a distinct count, what is counted; NULL is not.
        matching: Of a distinct count, in which rows.
        mark: Of a distinct count, a column that `matching` reads besides.
        whole: Whether it is NULL as soon as one of its rows is (a sum).
        zero: Whether no rows make an honest 0 of it.
        known: The part that says of rows behind a count whether one of them has what is counted;
            where none has, 0 is not what was counted.
        per: The column of an entity: `sql` aggregates one `inner` value of each.
        inner: The aggregate that gives an entity's value.
        waits: A condition on a row that becomes true as the clock moves on, without a new row.
    """

    name: str
    sql: str
    columns: tuple[str, ...] = ()
    value: str | None = None
    rows: Rows = field(default_factory=Rows)
    span: Span | None = None
    rollup: str | None = None
    distinct: str | None = None
    matching: str | None = None
    mark: Mark | None = None
    whole: bool = False
    zero: bool = False
    known: "Part | None" = None
    per: str | None = None
    inner: str | None = None
    waits: str | None = None

    @property
    def way(self) -> Literal["days", "distinct", "other"]:
        """How it is aggregated: added up from days, made additive, or counted on the rows."""
        return "days" if self.rollup else "distinct" if self.distinct else "other"

    @property
    def day_name(self) -> str:
        """What it is called before its span: its value of a single day."""
        return self.name if self.span is None else self.name.removesuffix(f"__{self.span.name}")

    def over(self, span: Span) -> "Part":
        """The same part over other days."""
        known = None if self.known is None else self.known.over(span)
        return replace(self, name=f"{self.name}__{span.name}", span=span, known=known)

    def without_zero(self) -> "Part":
        """The same part, with no value where no row lies behind it."""
        return replace(self, name=f"{self.name}__if_any", zero=False)


@dataclass(frozen=True)
class Operand:
    """A part of a KPI: its numerator or its denominator.

    Attributes:
        dataset: Where the part is computed.
        part: The part.
        divide_by: What a stored value is divided by to be in the KPI's unit.
    """

    dataset: str
    part: Part
    divide_by: int = 1


def row_part(span: Span | None = None) -> Part:
    """How many rows of the dataset lie in the days taken."""
    part = Part(ROWS, "count(*)", rollup="sum", zero=True)
    return part if span is None else part.over(span)


def measure_part(measure: Measure) -> Part:
    """The part of a measure over the dataset's own rows."""
    expression = to_sql(measure.expression)
    aggregation = measure.aggregation
    columns, matching = _read(measure.expression, measure.where)
    # Between two values DuckDB stays in their type: the middle of 1.00 and 1.01 would be 1.00.
    exact = f"cast({expression} as double)"
    name, value = part_name(measure), None
    calls = {
        "count_distinct": f"count(distinct {expression})",
        "sum_boolean": f"count_if({expression})",
    }
    sql = calls.get(aggregation, f"{aggregation}({expression})") + matching
    if aggregation == "sum":
        sql = whole_sum(expression, matching)
    elif aggregation in ("average", "median", "percentile"):
        value = expression if aggregation == "average" else exact
        if measure.where is not None:
            value = f"case when {to_sql(measure.where)} then {value} end"
        calls = {"average": f"avg(days.{name})", "median": f"median(days.{name})"}
        sql = calls.get(aggregation, "")
        if measure.percentile is not None:
            sql = f"quantile_cont(days.{name}, {measure.percentile.at!r})"
    if aggregation in _NO_NUMBER:
        rows, where = (exact, matching) if value is None else (f"days.{name}", "")
        # NaN is the largest number to SQL, so what is no number is the smallest or the largest.
        finite = "\n        and ".join(f"isfinite({m}({rows}){where})" for m in ("min", "max"))
        sql = unless_no_number(sql, f"({finite}) is distinct from false", _NO_NUMBER[aggregation])
    return Part(
        name,
        sql,
        columns,
        value=value,
        rollup=_ROLLUP.get(aggregation),
        distinct=expression if aggregation == "count_distinct" else None,
        matching=to_sql(measure.where) if measure.where is not None else None,
        whole=aggregation == "sum",
        zero=aggregation in COUNTS,
        known=known_part(measure.expression, measure.where)
        if aggregation in ("count_distinct", "sum_boolean")
        else None,
    )


def sample_part(measure: Measure) -> Part:
    """The rows that a measure is made of: those that match its filter and have a value."""
    columns, matching = _read(measure.expression, measure.where)
    return Part(
        column_name(f"rows_with_{measure.expression}", measure.where),
        f"count({to_sql(measure.expression)}){matching}",
        columns, rollup="sum", zero=True,
    )  # fmt: skip


def known_part(expression: str, where: str | None = None) -> Part:
    """Whether one of the rows has what is counted; NULL where there are no rows."""
    columns, matching = _read(expression, where)
    found = to_sql(expression)
    if columns_of(expression) != (expression,):
        found = f"({found})"
    sql = f"bool_or({found} is not null){matching}"
    return Part(known_name(expression, where), sql, columns, rollup="bool_or")


def _read(expression: str, where: str | None) -> tuple[tuple[str, ...], str]:
    """The columns that an aggregate reads, and its filter as SQL; '' without one."""
    if where is None:
        return columns_of(expression), ""
    columns = dict.fromkeys((*columns_of(expression), *columns_of(where)))
    return tuple(columns), f" filter (where {to_sql(where)})"


def known_name(expression: str, where: str | None = None) -> str:
    """What that part is called: `known_customer_id`."""
    return column_name(f"known_{expression}", where)


def whole_sum(expression: str, matching: str = "") -> str:
    """A sum that is NULL where one of its rows is: SQL would pass over the NULL in silence."""
    known = f"count(*){matching} = count({expression}){matching}"
    return f"case when {known}\n        then coalesce(sum({expression}){matching}, 0) end"


def unless_no_number(sql: str, known: str, otherwise: str = "nan") -> str:
    """An aggregate, or what the judge takes for no value, where one of its rows is no number.

    Without that an extreme or a middle would pass over it: NaN is the largest number to SQL.
    """
    known, sql = (text.replace("\n", "\n        ") for text in (known, sql))
    return f"""case
        when {known}
            then {sql}
        else cast('{otherwise}' as double)
    end"""


def part_name(measure: Measure) -> str:
    """A readable column name: `sum_clicks`, `rows_where_channel_search`."""
    if measure.count is not None and measure.where is None:
        return ROWS
    # No word begins with another one and an underscore: sum of boolean_x, sum_boolean of x.
    word = "count_if" if measure.sum_boolean is not None else measure.aggregation
    what = "rows" if measure.count is not None else f"{word}_{measure.expression}"
    if measure.percentile is not None:
        what = f"percentile_{measure.percentile.at!r}_{measure.percentile.of}"
    return column_name(what, measure.where)


def column_name(what: str, where: str | None = None, *more: object) -> str:
    """A readable column name of what is aggregated, where, and whatever else decides it.

    A name that would be too long to read, or that does not tell all, ends in a short hash of it:
    no two aggregates have one name, and none has two underscores: they stand before a span, and
    in the names of steps that are made of named rows. None of `more` tells nothing.
    """
    text = what if where is None else f"{what}_where_{where}"
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    # Operators are lost in the name (a - b, a + b), and a column may be called x_where_y.
    if name == what and len(name) <= 60 and all(one is None for one in (where, *more)):
        return name
    digest = hashlib.sha256(repr((what, where, *more)).encode()).hexdigest()[:6]
    return f"{name[:50].rstrip('_')}_{digest}"


def seen_events(fact: Fact, entity: str, where: str | None = None, indent: str = "") -> str:
    """The conditions of the events that count: seen, of a known entity, matching the filter."""
    conditions = [fact.seen, f"{entity} is not null"]
    if where is not None:
        conditions.append(f"({to_sql(where)})")
    return f"\n{indent}    and ".join(conditions)


def first_of(fact: Fact, items: Sequence[str]) -> str:
    """The first event's value of each of `expression as name`, together as a struct."""
    fields = (item.rpartition(" as ") for item in items)
    packed = ", ".join(f"{name} := {expression}" for expression, _, name in fields)
    return f"arg_min(struct_pack({packed}), {fact.order})"
