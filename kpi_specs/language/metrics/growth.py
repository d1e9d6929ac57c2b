"""growth: another KPI's value against its own earlier one: current / base - 1.

    metric: {growth: {of: gross_revenue, versus: previous_period, compare: same_elapsed_days}}

Periods are found by key, never by adding days: March meets February, also on the 31st, and week
53 the last week of the year before. An open period is compared with as many days of the base as
have data so far (`same_elapsed_days`), or not at all (`complete`). `per_day` divides both by
their days, so that a month of 31 days does not grow by 3 % over one of 30. On a base of zero there
is no value, nor on one below zero: from -10 to 5 would be a fall by 150 %.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from kpi_specs.language.base import Id
from kpi_specs.language.metrics.base import Input, MetricType, Mistake
from kpi_specs.language.metrics.computed import final_select, input_rows
from kpi_specs.sql import CLOCK, cte, with_ctes

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.metric import Metric
    from kpi_specs.language.metrics.planned import KpiPlan
    from kpi_specs.language.project import Project

_BASE_KEY = {"previous_period": "previous_period", "same_period_last_year": "year_ago_period"}
_SAME_ROW = """
    on {0}.cadence = current_periods.cadence
    and {0}.period = current_periods.{1}
    and {0}.slice = current_periods.slice
    and {0}.slice_value = current_periods.slice_value"""


class Growth(MetricType):
    """Change of another KPI: current / base - 1."""

    of: Id
    """The KPI compared with itself. E.g. `gross_revenue`."""
    versus: Literal["previous_period", "same_period_last_year"]
    """The period that is the base, found by key. E.g. `previous_period`."""
    compare: Literal["complete", "same_elapsed_days"] = "complete"
    """Whether an open period has no value, or meets as many days of the base as have passed.
    E.g. `same_elapsed_days`."""
    per_day: bool = False
    """Divide both sides by their days: months of unequal length. E.g. `true`."""

    @property
    def words(self) -> str:
        """`revenue against its previous period: current / base - 1`."""
        per_day = " per day" if self.per_day else ""
        like = ", open periods by elapsed days" if self.elapses else ""
        versus = self.versus.replace("_", " ")
        return f"{self.of}{per_day} against its {versus}{like}: current / base - 1"

    @property
    def elapses(self) -> bool:
        """Whether an open period meets the same elapsed days of its base."""
        return self.compare == "same_elapsed_days"

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Now, and then."""
        return (
            Input(self.of, path=("of",)),
            Input(self.of, self.versus, path=("of",)),
        )

    @property
    def divides(self) -> bool:
        """By the base."""
        return True

    @property
    def compares_whole_periods(self) -> bool:
        """Unless it compares elapsed days."""
        return not self.elapses

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """Days are added up only where they add up."""
        del kpi
        base = project.kpis.get(self.of)
        if base is None:
            return
        if self.elapses:
            if not base.metric.definition.adds_up_days:
                said = f"same_elapsed_days adds up days; those of '{self.of}' do not add up."
                yield Mistake(("compare",), "not-additive", said)
            elif "daily" not in base.cadence:
                said = f"same_elapsed_days needs daily values; add daily to '{self.of}'."
                yield Mistake(("compare",), "missing-cadence", said)
        if self.per_day and not base.metric.additive:
            said = f"per_day spreads a sum or count over its days; '{self.of}' is neither."
            yield Mistake(("per_day",), "not-additive", said)

    def model(self, plan: "KpiPlan", *, top: str) -> str:
        """The column `base_period` is the key of the period compared with."""
        steps = [input_rows("input", self.of)]
        if self.elapses:
            steps.append(_data_through())
        steps.append(self._current(plan))
        if self.elapses:
            steps.append(_elapsed(plan.inputs[0].metric))
        steps.append(self._compared())
        final = final_select(
            plan,
            "compared",
            ("base_period",),
            value="case when base_value > 0 then (current_value - base_value) / base_value end",
            numerator="current_value - base_value",
            denominator="base_value",
        )
        return top + with_ctes(steps) + final

    def _current(self, plan: "KpiPlan") -> str:
        days, source = "period_days", "from input"
        if self.elapses:
            days = f"""case
        when period_end >= {CLOCK} then data_through.day - period_start + 1
        else period_days
    end"""
            source = "from input\ncross join data_through"
        columns = "input.*"
        if isinstance(plan.inputs[0].metric.definition, Growth):
            columns += " exclude (base_period)"  # the input's own, of another comparison
        body = f"""select
    {columns},
    {_BASE_KEY[self.versus]} as base_period,
    period_end >= {CLOCK} as is_open,
    {days} as days_passed
{source}
where {plan.chosen}"""
        reason = "Each period with the key of the one it is compared with."
        return cte("current_periods", reason, body)

    def _compared(self) -> str:
        whole = f"base.value{' / base.period_days' if self.per_day else ''}"
        base, joins = f"case when not is_open then {whole} end", ""
        if self.elapses:
            passed = f"elapsed.value{' / elapsed.days' if self.per_day else ''}"
            base = f"case when is_open then {passed} else {whole} end"
            joins = f"\nleft join elapsed{_SAME_ROW.format('elapsed', 'period')}"
        body = f"""select
    current_periods.* exclude (numerator, denominator),
    current_periods.value{" / days_passed" if self.per_day else ""} as current_value,
    {base} as base_value
from current_periods
left join input as base{_SAME_ROW.format("base", "base_period")}{joins}"""
        reason = "Current and base side by side; a partial period never meets a full one."
        return cte("compared", reason, body)


def _data_through() -> str:
    body = """select max(period_start) as day
from input
where cadence = 'daily' and row_count > 0"""
    return cte("data_through", "The newest day with data: an open period has elapsed so far.", body)


def _elapsed(of: "Metric") -> str:
    names = ("numerator", "denominator") if of.divides else ("value",)
    measures = of.definition.operand_measures
    sums = tuple(one.aggregation == "sum" for one in measures) or (False,) * len(names)
    value, *divisor = (_added_up(name, whole=a) for name, a in zip(names, sums, strict=True))
    if divisor:
        value = f"{value} / nullif({divisor[0]}, 0)"
    body = f"""select
    current_periods.cadence,
    current_periods.period,
    current_periods.slice,
    current_periods.slice_value,
    {value} as value,
    count(*) as days
from current_periods
inner join {{{{ source('calendar', 'period_days') }}}} as base_dates
    on base_dates.calendar = current_periods.calendar
    and base_dates.cadence = current_periods.cadence
    and base_dates.period = current_periods.base_period
    and base_dates.day_number <= current_periods.days_passed
inner join input as base_days
    on base_days.cadence = 'daily'
    and base_days.period_start = base_dates.date
    and base_days.slice = current_periods.slice
    and base_days.slice_value = current_periods.slice_value
where current_periods.is_open
group by all"""
    reason = "For an open period: the base period's first days, as many as have elapsed."
    return cte("elapsed", reason, body)


def _added_up(column: str, *, whole: bool) -> str:
    """What some days make together; a sum that lacks one of them is not known."""
    # In the order of days and compensated: the same days give the same number to the last bit.
    total = f"fsum(base_days.{column} order by base_days.period_start)"
    if not whole:
        return total
    return f"""case
        when count(*) = count(base_days.{column})
            then {total}
    end"""
