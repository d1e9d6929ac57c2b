"""snapshot: a balance at the end or the start of the period: stock, open orders, subscribers.

    metric:
      dataset: account_balances
      snapshot: {of: balance, entity: account_id, at: period_end, missing: carry}

Balances add up over accounts, never over days. What an account without a row on that day is worth
is for the spec to say, there is no default: `carry` takes its last row before, `zero` counts it
as 0, and `absent` leaves it out; with `absent` there is no value where no account has a row on
that day.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.expressions import to_sql
from kpi_specs.language.metrics.base import MetricType, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import (
    Fact,
    Operand,
    Part,
    Rows,
    Span,
    column_name,
    measure_part,
    seen_events,
)
from kpi_specs.language.metrics.spans import AT_END, AT_START, UNTIL_END, UNTIL_START
from kpi_specs.sql import lines

if TYPE_CHECKING:
    from kpi_specs.language.project import Project


class Snapshot(MetricType):
    """A balance on one day."""

    of: str
    """The balance: a column or expression. E.g. `balance`."""
    entity: str
    """Whose balance a row is. E.g. `account_id`."""
    at: Literal["period_end", "period_start"]
    """The last or the first day of the period. E.g. `period_end`."""
    missing: Literal["carry", "zero", "absent"]
    """What an entity without a row on that day is worth. E.g. `carry`."""
    where: str | None = None
    """Which rows are read. E.g. `status = 'open'`."""

    @property
    def words(self) -> str:
        """`sum of balance at period end, each account_id's last`."""
        how = {
            "carry": f", each {self.entity}'s last",
            "zero": f", 0 for a {self.entity} without a row",
            "absent": f", of each {self.entity} with a row",
        }
        return f"{Measure(sum=self.of, where=self.where).words} at {self._day}{how[self.missing]}"

    @property
    def _day(self) -> str:
        return self.at.replace("_", " ")

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Balance and entity."""
        return (
            (("of",), Measure(sum=self.of, where=self.where)),
            (("entity",), Measure(count_distinct=self.entity)),
        )

    @property
    def takes(self) -> Span:
        """One day; with carry all before as well."""
        if self.missing == "carry":
            return UNTIL_END if self.at == "period_end" else UNTIL_START
        return AT_END if self.at == "period_end" else AT_START

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """The sum of balances."""
        return (Measure(sum=self.of, where=self.where),)

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """The balances of the day, or all changes up to it."""
        del project
        if self.missing == "carry":
            name = column_name(f"carried_{self.of}", self.where, self.entity)
            rows = Changes(self.of, self.entity, self.where)
            part = Part(name, "sum(change)", rows=rows, rollup="sum")
        else:
            found = measure_part(Measure(sum=self.of, where=self.where))
            part = found if self.missing == "zero" else found.without_zero()
        return (Operand(dataset or "", part.over(self.takes)),)


@dataclass(frozen=True)
class Changes(Rows):
    """What each row adds to the sum of balances on its day, and takes back on that of the next."""

    of: str = ""
    entity: str = ""
    where: str | None = None

    @property
    def name(self) -> str:
        """`changes_of_balance`."""
        return column_name(f"changes_of_{self.of}", None, self.entity, self.where)

    @property
    def reason(self) -> str:
        """Why changes."""
        return (
            f"A {self.entity} is worth its last row until the next one: what changes on each day."
        )

    def sql(self, fact: Fact) -> str:
        """A row without a balance says nothing: the one before goes on."""
        after = f"lead({fact.time}) over (partition by {self.entity} order by {fact.order})"
        selected = [
            f"{fact.time} as day", f"{after} as next_day", *fact.dimensions,
            f"{to_sql(self.of)} as balance",
        ]  # fmt: skip
        groups = "".join(f"{group}, " for group in fact.groups)
        seen = seen_events(fact, self.entity, self.where).replace("\n", "\n        ")
        balances = f"""(
        select
            {lines(selected, "            ")}
        from {fact.source}
        where {seen}
            and ({to_sql(self.of)}) is not null
    )"""
        return f"""select {groups}day, change
from (
    select
        {groups}unnest([day, next_day]) as day,
        unnest([balance, -balance]) as change
    from {balances} as balances
)
where day is not null"""
