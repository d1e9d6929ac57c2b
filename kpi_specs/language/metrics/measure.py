"""A measure: one aggregation of one column or checked expression, with an optional filter.

`{sum: amount, where: "status = 'won'"}`. Filters follow SQL: a comparison with NULL is not true,
so `status <> 'cancelled'` drops rows without a status unless the spec adds `or status is null`.
"""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kpi_specs.language.base import Id, SpecModel

Aggregation = Literal[
    "sum", "count", "count_distinct", "average", "min", "max", "median", "sum_boolean"
]
AGGREGATIONS: tuple[Aggregation, ...] = (
    "sum", "count", "count_distinct", "average", "min", "max", "median", "sum_boolean",
)  # fmt: skip
ADDITIVE: frozenset[Aggregation] = frozenset({"sum", "count", "sum_boolean"})
COUNTS: frozenset[Aggregation] = ADDITIVE | {"count_distinct"}  # no rows: an honest 0


class Percentile(SpecModel):
    """A continuous percentile, `at` between 0 and 1."""

    of: str
    """Column or expression. E.g. `delivery_days`."""
    at: Annotated[float, Field(ge=0, le=1)]
    """Share of the values that lie below. E.g. `0.9`."""


class Measure(SpecModel):
    """One aggregation; exactly one of its keys is set."""

    sum: str | None = None
    """Sum of a column or expression; unknown where one row has none. E.g. `net_amount`."""
    count: Literal["rows"] | None = None
    """Number of rows. E.g. `rows`."""
    count_distinct: str | None = None
    """Number of different values; never added up; unknown where no row has one.
    E.g. `customer_id`."""
    average: str | None = None
    """Mean of the rows that have a value. E.g. `score`."""
    min: str | None = None
    """Smallest value. E.g. `unit_price`."""
    max: str | None = None
    """Largest value. E.g. `unit_price`."""
    median: str | None = None
    """Middle value. E.g. `delivery_days`."""
    sum_boolean: str | None = None
    """Number of rows for which it is true; unknown where no row says. E.g. `is_won`."""
    percentile: Percentile | None = None
    """A continuous percentile. E.g. `{of: delivery_days, at: 0.9}`."""
    where: str | None = None
    """Which rows; a comparison with no value (NULL) is not true. E.g. `status = 'won'`."""
    dataset: Id | None = None
    """Where it differs from the metric's. E.g. `refunds`."""

    @model_validator(mode="after")
    def _exactly_one_aggregation(self) -> "Measure":
        found = [name for name in (*AGGREGATIONS, "percentile") if getattr(self, name) is not None]
        if len(found) != 1:
            allowed = ", ".join((*AGGREGATIONS, "percentile"))
            said = f"found {', '.join(found)}" if found else "found none"
            raise ValueError(f"a measure needs exactly one aggregation ({allowed}); {said}")
        return self

    @property
    def aggregation(self) -> str:
        """The name of the one aggregation."""
        return next(n for n in (*AGGREGATIONS, "percentile") if getattr(self, n) is not None)

    @property
    def expression(self) -> str:
        """The column or expression aggregated; `*` for a count of rows."""
        if self.percentile is not None:
            return self.percentile.of
        return "*" if self.count is not None else str(getattr(self, self.aggregation))

    @property
    def additive(self) -> bool:
        """Whether slices and finer periods add up to the total."""
        return self.aggregation in ADDITIVE

    @property
    def words(self) -> str:
        """`sum of clicks where channel = 'search'`."""
        if self.count is not None:
            said = "rows"
        elif self.count_distinct is not None:
            said = f"distinct {_bracketed(self.count_distinct)}"
        elif self.percentile is not None:
            said = f"percentile {self.percentile.at:g} of {_bracketed(self.expression)}"
        elif self.sum_boolean is not None:
            said = f"rows where {self.sum_boolean}"
        else:
            said = f"{_WORDS[self.aggregation]} {_bracketed(self.expression)}"
        return said if self.where is None else f"{said} where {self.where}"


_WORDS = {"sum": "sum of", "average": "average", "min": "minimum", "max": "maximum",
          "median": "median"}  # fmt: skip


def _bracketed(expression: str) -> str:
    """`(price * quantity)`: what follows is no part of it. A name stands as it is."""
    return expression if re.fullmatch(r"\w+", expression) else f"({expression})"
