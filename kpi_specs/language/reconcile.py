"""What is compared: a mart with the raw rows that it is made of, a source with another's totals."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kpi_specs.language.base import Id, SpecModel

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
