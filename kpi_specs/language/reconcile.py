"""What is compared: a mart with the raw rows that it is made of, a source with another's totals."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from kpi_specs.language.base import Id, SpecModel


def _as_text(value: Any) -> Any:
    """`2017` and `2017-03-05`, which YAML reads as a number and a day."""
    return str(value) if isinstance(value, int | dt.date) and value not in (True, False) else value


Tolerance = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Amount(SpecModel):
    """Rows, or the sum of a column; exactly one of its keys is set."""

    count: Literal["rows"] | None = None
    """Number of rows. E.g. `rows`."""
    sum: str | None = None
    """Column whose values are added up; what is empty adds nothing. E.g. `sales_value`."""

    @model_validator(mode="after")
    def _is_one(self) -> "Amount":
        if (self.count is None) == (self.sum is None):
            raise ValueError("write one of the two: {count: rows}, or {sum: column}")
        return self

    @property
    def words(self) -> str:
        """`rows`, or `sum of sales_value`."""
        return "rows" if self.sum is None else f"sum of {self.sum}"


class Compared(SpecModel):
    """One amount of the raw rows that a mart should hold as well, on every business day."""

    raw: Amount
    """What is counted in the raw table, of rows with one key only the one that holds.
    E.g. `{sum: sales_value}`."""
    mart: Amount
    """What that is in the mart. E.g. `{sum: gross_amount}`."""
    tolerance: Tolerance = 0
    """How far the two of a day may lie apart. E.g. `0.01`."""


class Reconcile(SpecModel):
    """How the mart of a dataset is compared with the raw rows that it is made of."""

    source: Id | None = None
    """Whose rows the mart holds, one of the dataset's sources with an `event_time`; absent: its
    first, where that alone has one. E.g. `pos_transactions`."""
    days: bool = True
    """Whether every day on which the source has rows has some in the mart, and none lies before or
    after them. `false` where the mart leaves out rows, or dates them by something else.
    E.g. `false`."""
    measures: tuple[Compared, ...] = ()
    """Amounts that are the same on every day, for marts that keep all rows.
    E.g. `[{raw: {count: rows}, mart: {count: rows}}]`."""


class MartAmount(Amount):
    """An amount of a dataset's mart."""

    dataset: Id
    """A dataset that the source feeds. E.g. `order_lines`."""


class Total(SpecModel):
    """What the system of record says of one period."""

    period: Annotated[str, BeforeValidator(_as_text)]
    """A day, week, month, quarter or year, as the project's calendar calls it. E.g. `2017-03`."""
    total: Annotated[float, Field(allow_inf_nan=False)]
    """The total of that period. E.g. `379997.84`."""


class SystemOfRecord(SpecModel):
    """Totals that a source's rows add up to, by another system's word."""

    name: str
    """What keeps them, in words. E.g. `general ledger`."""
    measure: Amount
    """What of the source's rows has a total there. E.g. `{sum: sales_value}`."""
    totals: tuple[Total, ...] = ()
    """The totals themselves, where they are few. E.g. `[{period: 2017-03, total: 379997.84}]`."""
    source: Id | None = None
    """Else the source that brings them, in rows of a day, a week or a month (its `covers`); several
    of one are added up. A total that its `arrives` has promised and that is not there withholds its
    period like one that differs, from the first one on; until that is due, values of its days are
    provisional. E.g. `ledger`."""
    column: str | None = None
    """The column of that source with the totals. E.g. `net_sales`."""
    mart: MartAmount | None = None
    """The same amount of a mart, which is compared as well.
    E.g. `{dataset: order_lines, sum: gross_amount}`."""
    tolerance: Tolerance = 0
    """How far an amount may lie from its total. E.g. `0.5`."""

    @model_validator(mode="after")
    def _has_totals(self) -> "SystemOfRecord":
        if bool(self.totals) == (self.source is not None):
            raise ValueError("say where the totals are: 'totals' here, or the 'source' of them")
        if (self.source is None) != (self.column is None):
            raise ValueError("say both, 'source' and 'column': where the totals are")
        return self
