"""repeat: the share of the period's entities that came back.

    metric:
      dataset: orders
      repeat: {entity: customer_id, event: order_id}

Of the entities with an event in the period: those with an earlier event (in the period or before
it), or, with `times`, those with at least so many events in it. `window` takes the events of so
many days up to the period's end instead of the period's own. An earlier event is known only where
history reaches back: `availability.warm_up` says how far it must, and until then there is no
value, and neither where a day before the period is absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from kpi_specs.language.base import Days
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.metrics.base import ALL_HISTORY, MetricType, Mistake, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import (
    Fact,
    Mark,
    Operand,
    Part,
    Rows,
    Span,
    column_name,
    seen_events,
)
from kpi_specs.language.metrics.spans import window
from kpi_specs.sql import lines

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.project import Project


class Repeat(MetricType):
    """Entities that came back, of all that came."""

    entity: str
    """Who comes back. E.g. `customer_id`."""
    event: str
    """What they come back for: rows of one event count once. E.g. `order_id`."""
    where: str | None = None
    """Which events count, earlier ones too. E.g. `status = 'paid'`."""
    times: Annotated[int, Field(ge=2)] | None = None
    """Came back: so many events in the period; absent: any earlier event. E.g. `2`."""
    window: Annotated[Days, Field(ge=1)] | None = None
    """With `times`: the events of so many days up to the period's end. E.g. `90 days`."""

    @model_validator(mode="after")
    def _window_needs_times(self) -> "Repeat":
        if self.window is not None and self.times is None:
            raise ValueError("a window counts events; say how many with 'times: 2'")
        return self

    @property
    def words(self) -> str:
        """`customer_id with an earlier order_id / distinct customer_id`."""
        within = f" in {self.window} days" if self.window is not None else ""
        came = f"{self.times} {self.event} or more{within}" if self.times else None
        matching = f" where {self.where}" if self.where is not None else ""
        return (
            f"{self.entity} with {came or f'an earlier {self.event}'} / "
            f"distinct {self.entity}{matching}"
        )

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Entity and event."""
        return (
            (("entity",), Measure(count_distinct=self.entity, where=self.where)),
            (("event",), Measure(count_distinct=self.event)),
        )

    @property
    def divides(self) -> bool:
        """By all entities."""
        return True

    @property
    def takes(self) -> Span | None:
        """The window's days."""
        return window(self.window) if self.window is not None else None

    @property
    def counted_days(self) -> tuple[tuple[Path, int], ...]:
        """The window's."""
        return () if self.window is None else ((("window",), self.window),)

    @property
    def looks_back(self) -> int:
        """An earlier event may be of any day; so many in the period are of its own."""
        return ALL_HISTORY if self.times is None else 0

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """Those that came back, and all."""
        del project
        entity, event = to_sql(self.entity), to_sql(self.event)
        everybody, more = self._everybody, (event, self.where)
        if self.times is None:
            mark = HasEarlier(entity, event, self.where)
            repeated = replace(
                everybody,
                name=column_name(f"repeated_{entity}", None, *more),
                matching=f"{everybody.matching} and {mark.name}",
                mark=mark,
            )
        else:
            rows = EventRows(entity, event, self.where)
            repeated = Part(
                column_name(f"repeated_{self.times}_times_{entity}", None, *more),
                f"count_if(measured >= {self.times})",
                rows=rows, per=entity, inner=f"count(distinct {event})", zero=True,
            )  # fmt: skip
        parts = (repeated, everybody)
        if self.takes is not None:
            parts = (repeated.over(self.takes), everybody.over(self.takes))
        return tuple(Operand(dataset or "", part) for part in parts)

    @property
    def _everybody(self) -> Part:
        """On the dataset's own rows: other counts of the entity share their sorts."""
        entity, event = to_sql(self.entity), to_sql(self.event)
        texts = (self.entity, self.event, *([self.where] if self.where is not None else []))
        read = [column for text in texts for column in columns_of(text)]
        return Part(
            column_name(f"entities_{entity}", None, event, self.where),
            f"count(distinct {entity})", tuple(dict.fromkeys(read)), zero=True,
            distinct=entity, matching=_is_event(event, self.where),
        )  # fmt: skip

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """An earlier event needs history."""
        del project
        if self.times is None and kpi.availability.warm_up < 1:
            said = (
                "nobody has an earlier event on the first day of history; add "
                "'availability: {warm_up: …}' of 1 day or more."
            )
            yield Mistake(("availability",), "no-warm-up", said, of_kpi=True)


def _is_event(event: str, where: str | None) -> str:
    """The condition of a row that is one of the events."""
    return f"{event} is not null" + ("" if where is None else f" and ({to_sql(where)})")


@dataclass(frozen=True)
class HasEarlier(Mark):
    """Whether the entity had another event before this one."""

    entity: str
    event: str
    where: str | None

    @property
    def name(self) -> str:
        """`has_earlier_order_id_5f2c1a`."""
        return column_name(f"has_earlier_{self.event}", None, self.entity, self.where)

    @property
    def first_events(self) -> "HasEarlier":
        """Its own."""
        return self

    def on(self, rows: str, fact: Fact) -> str:
        """The first event is the one with the smallest day, then the smallest id."""
        read = rows.replace("\n", "\n    ")
        if fact.kept is not None:
            return f"""select
    events.*,
    {self.event} <> first_row.event as {self.name}
from (
    {read}
) as events
left join {fact.kept}__{self.name} using ({self.entity})"""
        event = f"case when {_is_event(self.event, self.where)} then {self.event} end"
        return f"""select
    *,
    {self.event} <> first_value({event} ignore nulls) over (
        partition by {self.entity}
        order by day, {self.event}
    ) as {self.name}
from (
    {read}
)"""

    def firsts(self, fact: Fact, condition: str = "") -> str:
        """Each entity's first event: of those of its first day the one with the smallest id."""
        seen = seen_events(fact, self.entity, self.where, "    ")
        return f"""select
    {self.entity},
    arg_min(struct_pack(day := day, event := event), day) as first_row
from (
    select {self.entity}, {fact.time} as day, min({self.event}) as event
    from {fact.source}
    where {seen}
        and {self.event} is not null{condition}
    group by {self.entity}, {fact.time}
)
group by {self.entity}"""


@dataclass(frozen=True)
class EventRows(Rows):
    """One row per event and what it is sliced by."""

    entity: str = ""
    event: str = ""
    where: str | None = None

    @property
    def name(self) -> str:
        """`events_of_customer_id`."""
        return column_name(f"events_of_{self.entity}", None, self.event, self.where)

    @property
    def reason(self) -> str:
        """What they are."""
        return f"Each {self.event} of each {self.entity}."

    def sql(self, fact: Fact) -> str:
        """Each once, however many rows it has."""
        selected = [f"{fact.time} as day", *fact.dimensions, self.entity, self.event]
        seen = seen_events(fact, self.entity, self.where)
        if fact.read_from is not None:
            seen += f"\n    and {fact.time} >= {fact.read_from}"
        return f"""select distinct
    {lines(selected)}
from {fact.source}
where {seen}
    and {self.event} is not null"""
