"""duration: the time between two timestamps: delivery time, sales cycle, time to answer.

    metric:
      dataset: deals
      duration: {from: created_at, to: won_at, of: median, in: days}

Rows that have begun and not ended by the clock are open: they are left out and counted, in the
published column `open_rows`, and as long as there are any a period is provisional; or, where
`availability.mature` is given, until that has passed. A row without a start is neither. A row
belongs to the period of the dataset's `time`: of what has just begun, only what was quick has ended
yet, so a dataset whose time is the end's day is the fairer one. Both are dates, or both are
timestamps. A row that ends before it begins is a fault in the data, and its period has no value.
Days are of 24 hours, summed in whole microseconds, so that the average is the same in every run.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kpi_specs.language.base import SpecModel
from kpi_specs.language.expressions import columns_of, to_sql
from kpi_specs.language.metrics.base import MetricType, Mistake, Path
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import Operand, Part, column_name, unless_no_number
from kpi_specs.mart_columns import as_read, in_sql
from kpi_specs.sql import CLOCK, moment_day

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.project import Project

_MICROSECONDS = {
    "days": 86_400_000_000,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
}


class PercentileAt(SpecModel):
    """A percentile of the durations."""

    percentile: Annotated[float, Field(ge=0, le=1)]
    """Share of the durations that are shorter. E.g. `0.9`."""


class Duration(MetricType):
    """Time from one timestamp to another."""

    from_: Annotated[str, Field(alias="from")]
    """Column of the start: a date or a timestamp. E.g. `created_at`."""
    to: str
    """Column of the end; empty: still open. E.g. `won_at`."""
    of: Literal["average", "median"] | PercentileAt = "average"
    """What is made of the durations. E.g. `median`."""
    in_: Annotated[Literal["days", "hours", "minutes", "seconds"], Field(alias="in")] = "days"
    """The unit of the value. E.g. `hours`."""
    where: str | None = None
    """Which rows. E.g. `status = 'won'`."""

    @property
    def words(self) -> str:
        """`median of days from created_at to won_at`."""
        of = f"percentile {self.of.percentile:g}" if isinstance(self.of, PercentileAt) else self.of
        matching = f" where {self.where}" if self.where is not None else ""
        return f"{of} of {self.in_} from {self.from_} to {self.to}{matching}"

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Both ends."""
        return (
            (("from",), Measure(count_distinct=as_read(self.from_), where=self.where)),
            (("to",), Measure(count_distinct=as_read(self.to))),
        )

    @property
    def moments(self) -> tuple[tuple[Path, str | None, str | None], ...]:
        """Both ends."""
        return ((("from",), self.from_, None), (("to",), self.to, None))

    @property
    def divides(self) -> bool:
        """An average, by the number of closed rows."""
        return self.of == "average"

    @property
    def adds_up_days(self) -> bool:
        """Sum and number do."""
        return self.of == "average"

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """The unit says what the number is in."""
        del project
        if kpi.unit == "duration" and self.in_ != "days":
            said = (
                f"a value in {self.in_} would be shown as so many days, which is what unit "
                "'duration' means; write 'in: days', or 'unit: number'."
            )
            yield Mistake(("in",), "wrong-unit", said)

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """Sum and number of the closed rows, or the percentile."""
        has_ended = self._has_ended(project, dataset)
        ends = (f"epoch_us(cast({c} as timestamp))" for c in (in_sql(self.to), in_sql(self.from_)))
        lasted = "\n        - ".join(ends)
        columns = self._columns
        # NULL compares as not true: a row without an end is open, one that ends later still is.
        closed = self._rows(has_ended)
        backwards = f"{in_sql(self.to)} < {in_sql(self.from_)}"
        reversed_ = self._rows(f"{has_ended}\n            and {backwards}")
        in_order = f"count(*) {reversed_} = 0"
        # The name alone does not tell a_to_b -> c from a -> b_to_c.
        name, decides = f"{self.from_}_to_{self.to}", (self.where, self.from_, self.to)
        unit = _MICROSECONDS[self.in_]
        if self.of != "average":
            at = self.of.percentile if isinstance(self.of, PercentileAt) else 0.5
            called = column_name(f"percentile_{at!r}_microseconds_{name}", *decides)
            value = f"case when {self._conditions(has_ended)}\n        then {lasted} end"
            part = Part(
                called,
                unless_no_number(
                    f"quantile_cont(days.{called}, {at!r})",
                    f"coalesce(min(days.{called}) >= 0, true)",
                ),
                value=value,
                waits=has_ended,
            )
            return (Operand(dataset or "", part, unit),)
        total = Part(
            column_name(f"microseconds_{name}", *decides),
            f"coalesce(sum(\n        {lasted}\n    ) {closed}, 0)",
            columns, rollup="sum", zero=True, waits=has_ended,
        )  # fmt: skip
        number = Part(
            column_name(f"closed_{name}", *decides),
            unless_no_number(f"count(*) {closed}", in_order),
            columns, rollup="sum", zero=True, waits=has_ended,
        )  # fmt: skip
        return (Operand(dataset or "", total, unit), Operand(dataset or "", number))

    def waits_for(self, project: "Project", dataset: str | None) -> dict[str, Operand]:
        """The rows that have begun and not ended."""
        has_ended = self._has_ended(project, dataset)
        part = Part(
            column_name(f"open_{self.from_}_to_{self.to}", self.where, self.from_, self.to),
            f"count(*) {self._rows()}\n        - count(*) {self._rows(has_ended)}",
            self._columns, rollup="sum", zero=True, waits=has_ended,
        )  # fmt: skip
        return {"open_rows": Operand(dataset or "", part)}

    def _has_ended(self, project: "Project", dataset: str | None) -> str:
        zone = project.datasets[dataset or ""].time_zone
        return f"{moment_day(in_sql(self.to), zone, project.settings.time_zone)} <= {CLOCK}"

    @property
    def _columns(self) -> tuple[str, ...]:
        read = (self.from_, self.to, *(columns_of(self.where) if self.where else ()))
        return tuple(dict.fromkeys(read))

    def _conditions(self, *more: str) -> str:
        """Of rows that have begun, match, and fulfil more conditions."""
        conditions = [f"{in_sql(self.from_)} is not null", *more]
        if self.where is not None:
            conditions.append(f"({to_sql(self.where)})")
        return "\n            and ".join(conditions)

    def _rows(self, *more: str) -> str:
        """The filter of an aggregate of such rows."""
        return f"filter (\n        where {self._conditions(*more)}\n    )"
