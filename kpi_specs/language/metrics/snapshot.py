"""snapshot: a balance at the end or the start of the period: stock, open orders, subscribers.

    metric:
      dataset: account_balances
      snapshot: {of: balance, entity: account_id, at: period_end, missing: carry}

Balances add up over accounts, never over days. What an account without a row on that day is worth
is for the spec to say, there is no default: `carry` takes its last row before, `zero` counts it
as 0, and `absent` leaves it out. Where no account has a row on that day, `absent` is no value and
`zero` a 0, which `availability.zero_is_valid` has to allow. Of several rows of an account on a day
the last one counts, by the dataset's key.

With `where` an account counts if the row that gives its balance matches, else it is worth 0: one
that was closed is not carried on at what it held while it was open. With `carry` a row whose
balance is empty says nothing and the one before goes on; else it leaves the sum unknown.

In an open period the newest day with rows stands for its end. A carried balance rests on all days
before: one of them that is absent takes the value of every later period.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.expressions import to_sql
from kpi_specs.language.metrics.base import ALL_HISTORY, MetricType, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import (
    Fact,
    Operand,
    Part,
    Rows,
    Span,
    column_name,
    known_part,
    seen_events,
    whole_sum,
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
    """What an entity without a row on that day is worth: its last balance, 0, or nothing. That no
    entity has one is a 0 only with `availability.zero_is_valid`. E.g. `carry`."""
    where: str | None = None
    """What the row must be whose balance counts. E.g. `status = 'open'`."""

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
    def looks_back(self) -> int:
        """A balance is carried from the day of its last row, whichever that is."""
        return ALL_HISTORY if self.missing == "carry" else 0

    @property
    def operand_measures(self) -> tuple[Measure, ...]:
        """The sum of balances."""
        return (Measure(sum=self.of, where=self.where),)

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """The balances of the day, or all changes up to it."""
        del project
        entity = to_sql(self.entity)
        decides = (entity, self.where)
        if self.missing == "carry":
            name = column_name(f"carried_{self.of}", None, *decides)
            rows: Rows = Changes(self.of, entity, self.where)
            part = Part(name, "sum(change)", rows=rows, rollup="sum")
        else:
            name = column_name(f"last_{self.of}", None, *decides)
            rows = Balances(self.of, entity, self.where)
            part = Part(name, whole_sum("balance"), rows=rows, rollup="sum", whole=True, zero=True)
            part = part if self.missing == "zero" else part.without_zero()
        # Rows of nobody change no balance, and do not say that it stayed as it was.
        known = known_part(self.entity).over(AT_END if self.at == "period_end" else AT_START)
        return (Operand(dataset or "", replace(part.over(self.takes), known=known)),)


@dataclass(frozen=True)
class Balances(Rows):
    """One row per entity and day: the last one that has a balance."""

    of: str = ""
    entity: str = ""
    where: str | None = None

    @property
    def name(self) -> str:
        """`last_balance`."""
        return column_name(f"last_{self.of}", None, self.entity, self.where)

    @property
    def reason(self) -> str:
        """What is chosen."""
        return f"The last row of each {self.entity} on each day."

    @property
    def worth(self) -> str:
        """What a row says: its balance, or 0 where it does not match; NULL says nothing."""
        if self.where is None:
            return to_sql(self.of)
        return f"case when {to_sql(self.where)} then {to_sql(self.of)} else 0 end"

    def _read(self, fact: Fact, *order: str) -> str:
        selected = [
            f"{fact.time} as day", *fact.dimensions, f"{self.entity} as entity",
            f"{self.worth} as balance", *order,
        ]  # fmt: skip
        return f"""select
    {lines(selected)}
from {fact.source}
where {seen_events(fact, self.entity)}"""

    def sql(self, fact: Fact) -> str:
        """A row without a balance gives way to one that has it."""
        read = self._read(fact, f"{fact.order} as position").replace("\n", "\n    ")
        return f"""select *
from (
    {read}
)
qualify row_number() over (
    partition by entity, day
    order by balance is not null desc, position desc
) = 1"""


class Changes(Balances):
    """What each row adds to the sum of balances on its day, and takes back on that of the next."""

    @property
    def name(self) -> str:
        """`changes_of_balance`."""
        return column_name(f"changes_of_{self.of}", None, self.entity, self.where)

    @property
    def reason(self) -> str:
        """Why changes."""
        return (
            f"Each {self.entity} is worth its last row until the next one: what changes on a day."
        )

    def sql(self, fact: Fact) -> str:
        """A row without a balance says nothing: the one before goes on."""
        groups = "".join(f"{group}, " for group in fact.groups)
        keys = [key for key in fact.key if key not in (fact.time, self.entity)]
        order = [f"{key} as fact_key_{n}" for n, key in enumerate(keys)]
        read = self._read(fact, *order).replace("\n", "\n            ")
        position = ", ".join(("day", *(f"fact_key_{n}" for n in range(len(keys)))))
        return f"""select {groups}day, change
from (
    select
        {groups}unnest([day, next_day]) as day,
        unnest([balance, -balance]) as change
    from (
        select *, lead(day) over (partition by entity order by {position}) as next_day
        from (
            {read}
        )
        where balance is not null
    )
)
where day is not null"""
