"""conversion: the share of events that are followed by another one in time.

    metric:
      dataset: sessions
      conversion:
        entity: visitor_id
        base: {where: "source <> 'bot'"}
        converted: {dataset: orders, at: ordered_at}
        within: 7 days

A base event is converted if the same entity has a converted event at the same time or later,
before `within` has passed: with dates, seven days are the base event's day and the six after it.
It belongs to the period and slice of the base event. `count: every` counts every base event;
`count: first` each entity once a period, by its first base event in it. As long as one of its
events may still be converted (published as `open_rows`) the value of a period is provisional. An
event whose moment `at` is missing or after the clock has not happened.

Both moments are dates, or both are timestamps: the midnight that a date stands for is before
every visit of its day. Timestamps are of their datasets' `time_zone`, without one of the project's,
and of one zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kpi_specs.language.base import Days, Id, SpecModel
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.metrics.base import MetricType, Mistake, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import (
    Fact,
    Operand,
    Part,
    Rows,
    column_name,
    seen_events,
)
from kpi_specs.mart_columns import in_sql, mart
from kpi_specs.sql import CLOCK, lines, local_day, moment_day

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.project import Project


class Event(SpecModel):
    """Rows that are events."""

    dataset: Id | None = None
    """Where it differs from the metric's. E.g. `orders`."""
    where: str | None = None
    """Which rows. E.g. `status = 'paid'`."""
    at: str | None = None
    """Column of the moment, a date or a timestamp in the dataset's zone; absent: the dataset's
    `time`. E.g. `ordered_at`."""


class Conversion(MetricType):
    """Base events that are followed by a converted one."""

    entity: str
    """Who does both: a column of both datasets. E.g. `visitor_id`."""
    base: Event
    """What starts. E.g. `{where: "page = 'offer'"}`."""
    converted: Event
    """What should follow. E.g. `{dataset: orders}`."""
    within: Annotated[Days, Field(ge=1)]
    """How soon it has to follow. E.g. `7 days`."""
    count: Literal["first", "every"] = "every"
    """Every base event, or each entity once a period by its first one. E.g. `first`."""

    @property
    def words(self) -> str:
        """`visitor_id converted within 7 days / all`."""
        whom = {"first": f"distinct {self.entity}", "every": "rows"}[self.count]
        base = f" where {self.base.where}" if self.base.where is not None else ""
        into = self.converted.dataset or "rows"
        which = f" where {self.converted.where}" if self.converted.where is not None else ""
        return (
            f"{whom}{base} followed within {self.within} days by {into}{which} / all {whom}{base}"
        )

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """The entity in both datasets, and both filters."""
        return tuple(
            ((name,), Measure(count_distinct=self.entity, where=event.where, dataset=event.dataset))
            for name, event in (("base", self.base), ("converted", self.converted))
        )

    @property
    def moments(self) -> tuple[tuple[Path, str | None, str | None], ...]:
        """The moments."""
        return tuple(
            ((name, "at") if event.at else (name,), event.at, event.dataset)
            for name, event in (("base", self.base), ("converted", self.converted))
        )

    @property
    def unsliced(self) -> frozenset[str]:
        """It is sliced by the base event."""
        other = self.converted.dataset
        return frozenset() if other is None or other == self.base.dataset else frozenset({other})

    @property
    def divides(self) -> bool:
        """By all base events."""
        return True

    @property
    def adds_up_days(self) -> bool:
        """Every event does; entities do not."""
        return self.count == "every"

    @property
    def counted_days(self) -> tuple[tuple[Path, int], ...]:
        """How soon it has to follow."""
        return ((("within",), self.within),)

    @property
    def open_for(self) -> int:
        """The newest events may still be converted."""
        return self.within

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """What follows is another event, and still there when the first one's window ends."""
        name = self.base.dataset or kpi.metric.dataset
        one, other = (e.model_copy(update={"dataset": name}) for e in (self.base, self.converted))
        if (self.converted.dataset or kpi.metric.dataset) == name and one == other:
            said = (
                "what starts and what should follow are the same events, and each would convert "
                "itself. Tell them apart by 'where' or 'at', or ask for who came back: 'repeat'."
            )
            yield Mistake(("converted",), "same-event", said)
        for name in project.sources_of(kpi):
            source = project.sources.get(name)  # one that is not there is another rule's matter
            keeps = source.keeps if source is not None else None
            if keeps is not None and self.within >= keeps:
                said = (
                    f"{self.within} days are not shorter than the {keeps} days that the source "
                    f"'{name}' keeps its rows; an event would be gone before it can be followed."
                )
                yield Mistake(("within",), "window-too-long", said)

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """Those converted, and all."""
        base = self.base.dataset or dataset or ""
        other = project.datasets[self.converted.dataset or dataset or ""]
        entity, where = to_sql(self.entity), self.converted.where
        read = (
            *columns_of(self.entity), self.converted.at or other.time, other.time,
            *(columns_of(where) if where is not None else ()),
        )  # fmt: skip
        rows = BaseRows(
            entity, self.base, self.converted, other.dataset, mart(other.model, read),
            other.day(project.settings.time_zone, in_sql(other.time)), in_sql(other.time),
            self.within, project.datasets[base].time_zone, other.time_zone,
            project.settings.time_zone,
        )  # fmt: skip
        if self.count == "every":
            converted = Part(
                column_name(f"converted_{entity}", None, rows),
                "count_if(is_converted)", rows=rows, rollup="sum", zero=True,
            )  # fmt: skip
            everything = Part(
                column_name(f"base_events_{entity}", None, rows),
                "count(*)", rows=rows, rollup="sum", zero=True,
            )  # fmt: skip
        else:
            converted = Part(
                column_name(f"first_converted_{entity}", None, rows),
                "count_if(measured)",
                rows=rows, per=entity, inner="arg_min(is_converted, event)", zero=True,
            )  # fmt: skip
            everything = Part(
                column_name(f"base_entities_{entity}", None, rows),
                f"count(distinct {entity})", rows=rows, distinct=entity, zero=True,
            )  # fmt: skip
        return (Operand(base, converted), Operand(base, everything))

    def waits_for(self, project: "Project", dataset: str | None) -> dict[str, Operand]:
        """The events that may still be converted, and the day on which the last of them may."""
        operand = self.operands(project, dataset)[0]
        rows = operand.part.rows
        name = column_name(f"open_{self.entity}", None, rows.name)
        open_rows = Part(
            name, f"count_if(open_until >= {CLOCK})", rows=rows, rollup="sum", zero=True
        )
        open_until = Part(f"{name}_until", "max(open_until)", rows=rows, rollup="max")
        return {
            "open_rows": Operand(operand.dataset, open_rows),
            "open_until": Operand(operand.dataset, open_until),
        }


@dataclass(frozen=True)
class BaseRows(Rows):
    """One row per base event, and whether it was converted in time."""

    entity: str
    base: Event
    converted: Event
    dataset: str
    source: str
    time: str
    moment: str
    within: int
    time_zone: str | None
    converted_zone: str | None
    project_zone: str

    @property
    def name(self) -> str:
        """`conversions_of_visitor_id`."""
        more = (self.base, self.converted, self.source, self.time, self.within)
        return column_name(f"conversions_of_{self.entity}", None, *more)

    @property
    def reason(self) -> str:
        """What is marked."""
        return f"Each base event, and whether a converted one follows within {self.within} days."

    @property
    def also_read(self) -> str:
        """The dataset of the converted events."""
        return self.dataset

    def sql(self, fact: Fact) -> str:
        """Time is cut into stretches as long as the window, so that equal keys find what follows.

        In the event's own stretch the last converted event decides, in the next one the first:
        nothing in between is out of reach. Not an ASOF join, of which DuckDB makes a nested loop
        where it expects few base events, nor a sort of all events by time.
        """
        base_at = fact.moment if self.base.at is None else in_sql(self.base.at)
        converted_at = self.moment if self.converted.at is None else in_sql(self.converted.at)
        key = ", ".join(("base_at", *(f"fact_key_{n}" for n in range(len(fact.key)))))
        selected = [
            f"{fact.time} as day", *fact.dimensions, self.entity,
            f"cast({base_at} as timestamp) as base_at",
            *(f"{column} as fact_key_{n}" for n, column in enumerate(fact.key)),
        ]  # fmt: skip
        conditions = [f"{self.time} <= {CLOCK}", f"{self.entity} is not null"]
        if self.converted.at is not None:
            conditions.append(self._seen(converted_at, self.converted_zone))
        if self.converted.where is not None:
            conditions.append(f"({to_sql(self.converted.where)})")
        seen = seen_events(fact, self.entity, self.base.where, "        ")
        if self.base.at is not None:
            seen += f"\n            and {self._seen(base_at, self.time_zone)}"
        followed = "\n            and ".join(conditions)
        chosen = ["day", *fact.groups, self.entity, f"row({key}) as event"]
        stretches = f"{self.name}__stretches"
        last = f"base_at + interval {self.within} days - interval 1 microsecond"
        last_day = f"cast({last} as date)"
        if self.time_zone not in (None, self.project_zone):
            # A date among timestamps of another zone is a day of either: the later one is safe.
            here = local_day(f"({last})", self.time_zone, self.project_zone)
            last_day = (
                f"greatest(\n                {last_day},\n                {here}\n            )"
            )
        return f"""with {stretches} as (
    select
        {self.entity},
        {self._stretch("converted_at")} as stretch,
        min(converted_at) as first_converted_at,
        max(converted_at) as last_converted_at
    from (
        select
            {self.entity},
            cast({converted_at} as timestamp) as converted_at
        from {self.source}
        where {followed}
        {_same_type(self.entity, fact.source)}
    )
    group by 1, 2
)

select
    {lines(chosen)},
    coalesce(
        last_converted_at >= base_at
        or next_converted_at < base_at + interval {self.within} days,
        false
    ) as is_converted,
    case
        when not is_converted
            then {last_day}
    end as open_until
from (
    select
        *,
        {self._stretch("base_at")} as stretch
    from (
        select
            {lines(selected, "            ")}
        from {fact.source}
        where {seen}
        {_same_type(self.entity, self.source)}
    )
    where base_at is not null
)
left join {stretches} using ({self.entity}, stretch)
left join (
    select
        {self.entity},
        stretch - 1 as stretch,
        first_converted_at as next_converted_at
    from {stretches}
) using ({self.entity}, stretch)"""

    def _stretch(self, moment: str) -> str:
        """The number of the stretch; before 1970 too each is as long as the others."""
        days = f"(cast({moment} as date) - date '1970-01-01')"
        return f"cast(floor({days} / {self.within}) as bigint)"

    def _seen(self, column: str, zone: str | None) -> str:
        return f"{moment_day(column, zone, self.project_zone)} <= {CLOCK}"


def _same_type(entity: str, other: str) -> str:
    """No row, but the type that the entity has on both sides: a number is compared as a text."""
    return f"union all by name\n        (select {entity} from {other} limit 0)"
