"""first_time: entities whose first event lies in the period: new customers, first visits.

    metric:
      dataset: orders
      first_time: {entity: customer_id, where: "channel = 'web'"}

What the first event is, is decided over all history and not within the filter: with `where`, an
entity counts if its very first event matches. It counts in the slice of that event, so slices add
up to the total. With `lookback` an entity is first again after that many days without an event.

History starts somewhere, and everybody is new on its first day: `availability.warm_up` says how
much of it must lie before a period, and until then there is no value. Nor is there one where a day
before the period is absent (with `lookback`, one of so many): it may hold somebody's first event.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kpi_specs.language.base import Days
from kpi_specs.language.expressions import to_sql
from kpi_specs.language.metrics.base import ALL_HISTORY, MetricType, Mistake, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import (
    Fact,
    Operand,
    Part,
    Rows,
    column_name,
    first_of,
    known_part,
    seen_events,
)
from kpi_specs.sql import lines

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.project import Project


class FirstTime(MetricType):
    """Entities whose first event lies in the period."""

    entity: str
    """Whose first event it is. E.g. `customer_id`."""
    where: str | None = None
    """What the first event must be; it does not choose which one is the first.
    E.g. `channel = 'web'`."""
    lookback: Annotated[Days, Field(ge=1)] | None = None
    """First again after so long without an event; absent: first ever. E.g. `365 days`."""

    @property
    def words(self) -> str:
        """`customer_id with their first row`."""
        again = f" in {self.lookback} days" if self.lookback is not None else ""
        matching = f" where {self.where}" if self.where is not None else ""
        return f"{self.entity} with their first row{again}{matching}"

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """The entity, and the filter."""
        return ((("entity",), Measure(count_distinct=self.entity, where=self.where)),)

    @property
    def additive(self) -> bool:
        """Nobody is first twice, but for a lookback."""
        return self.lookback is None

    @property
    def counted_days(self) -> tuple[tuple[Path, int], ...]:
        """Those of the lookback."""
        return () if self.lookback is None else ((("lookback",), self.lookback),)

    @property
    def looks_back(self) -> int:
        """To the first event, or as far as one still counts."""
        return ALL_HISTORY if self.lookback is None else self.lookback

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """Each first row counts once; with a lookback an entity counts once a period."""
        del project
        entity, known = to_sql(self.entity), known_part(self.entity)
        rows = FirstRows(entity, self.where, self.lookback)
        name = column_name(f"first_time_{entity}", self.where, self.lookback)
        if self.lookback is None:
            part = Part(name, "count(*)", rows=rows, rollup="sum", zero=True, known=known)
        else:
            counted = f"count(distinct {entity})"
            part = Part(name, counted, rows=rows, distinct=entity, zero=True, known=known)
        return (Operand(dataset or "", part),)

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """Without history everybody is new."""
        del project
        needed = max(self.lookback or 0, 1)
        if kpi.availability.warm_up < needed:
            unit = "day" if needed == 1 else "days"
            said = (
                f"everybody is new on the first day of history; add 'availability: {{warm_up: …}}' "
                f"of {needed} {unit} or more."
            )
            yield Mistake(("availability",), "no-warm-up", said, of_kpi=True)


@dataclass(frozen=True)
class FirstRows(Rows):
    """One row per first event, with the dimensions that it had."""

    entity: str = ""
    where: str | None = None
    lookback: int | None = None

    @property
    def name(self) -> str:
        """`first_customer_id`."""
        return column_name(f"first_{self.entity}", None, self.where, self.lookback)

    @property
    def reason(self) -> str:
        """What is first."""
        if self.lookback is None:
            return f"The first row that each {self.entity} ever had."
        return f"Rows of each {self.entity} with none in the {self.lookback} days before."

    @property
    def first_events(self) -> "FirstRows | None":
        """Its own: but with a lookback an entity has several of them."""
        return self if self.lookback is None else None

    def sql(self, fact: Fact) -> str:
        """Per entity, or per entity and day where it may be first again."""
        found = [f"first_row.{name} as {name}" for name in ("day", *fact.groups)]
        conditions = ["first_row.matches"] if self.where is not None else []
        if self.lookback is not None:
            source = f"(\n    {self._first_again(fact)}\n)"
        elif fact.kept is not None:
            source = f"{fact.kept}__{self.name}"
            conditions += [f"first_row.day >= {fact.read_from}"] if fact.read_from else []
        else:
            source = f"(\n    {_indented(self.firsts(fact))}\n)"
        condition = "\nwhere " + "\n    and ".join(conditions) if conditions else ""
        return f"select\n    {lines([*found, self.entity])}\nfrom {source}{condition}"

    def firsts(self, fact: Fact, condition: str = "") -> str:
        """Each entity's first row, with the dimensions that it had and whether it matches."""
        return f"""select
    {lines([self.entity, self._first(fact)])}
from {fact.source}
where {seen_events(fact, self.entity)}{condition}
group by {self.entity}"""

    def _first_again(self, fact: Fact) -> str:
        before = f"lag(day) over (partition by {self.entity} order by day)"
        selected = [self.entity, f"{fact.time} as day", self._first(fact)]
        return f"""select *
    from (
        select
            {lines(selected, "            ")}
        from {fact.source}
        where {seen_events(fact, self.entity, indent="        ")}
        group by {self.entity}, {fact.time}
    )
    qualify coalesce(day - {before} > {self.lookback}, true)"""

    def _first(self, fact: Fact) -> str:
        items = [f"{fact.time} as day", *fact.dimensions]
        items += [f"({to_sql(self.where)}) as matches"] if self.where is not None else []
        return f"{first_of(fact, items)} as first_row"


def _indented(query: str) -> str:
    return query.replace("\n", "\n    ")
