"""Rules about targets over time: they hold for a period, and those of parts make up the whole."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from kpi_specs.calendars import Calendar, Period
from kpi_specs.language.cadence import lies_within
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.rules.targets import targets
from kpi_specs.language.target import Target

# Of the whole. Months written in three significant figures are off by half a percent at most.
TOLERANCE = Decimal("0.005")


def target_holds_for_a_period(context: RuleContext) -> Iterator[Problem]:
    """Some period of the target's cadence begins within its dates."""
    for key, kpi, index, target in targets(context):
        calendar = _calendar(context, kpi)
        if calendar is None or target.to is None or target.to < target.from_:
            continue
        cadences = (target.cadence,) if target.cadence else kpi.cadence
        starts = [_first_start(calendar.period_of(target.from_, one), target) for one in cadences]
        if min(starts) > target.to:
            message = (
                f"no {cadences[0]} period begins from {target.from_} to {target.to}, and a target "
                "holds for the periods that begin within its dates."
            )
            yield context.problem("kpi", key, ("targets", index), "target-dates", message)


def _calendar(context: RuleContext, kpi: Kpi) -> Calendar | None:
    try:
        return context.project.settings.calendar_of(kpi.calendar)
    except ValueError:  # the rule calendars_are_set_up tells it
        return None


def _first_start(period: Period, target: Target) -> dt.date:
    return period.start if period.start == target.from_ else period.end + dt.timedelta(days=1)


def targets_of_parts_add_up(context: RuleContext) -> Iterator[Problem]:
    """Where a year and all its months have a written target, the months add up to the year."""
    for key, kpi, index, whole in targets(context):
        calendar = _calendar(context, kpi)
        if calendar is None or not kpi.metric.additive or whole.cadence is None:
            continue
        if whole.kinds != ("value",):
            continue
        for message in _sums_that_differ(kpi, whole, calendar):
            yield context.problem("kpi", key, ("targets", index), "target-sum", message)


def _sums_that_differ(kpi: Kpi, whole: Target, calendar: Calendar) -> Iterator[str]:
    """One message per finer cadence, of the first period that does not add up."""
    assert whole.cadence is not None
    for cadence in kpi.cadence:
        if not lies_within(cadence, whole.cadence, kpi.calendar):
            continue
        fine = [
            one for one in kpi.targets
            if one.cadence == cadence and one.where == whole.where and one.kinds == ("value",)
        ]  # fmt: skip
        if not fine:
            continue
        last = min(whole.to or dt.date.max, max(_last_day(one) for one in fine))
        for period in calendar.periods(whole.from_, max(last, whole.from_), [whole.cadence]):
            if period.start < whole.from_ or period.start > last:
                continue
            parts = list(calendar.periods(period.start, period.end, [cadence]))
            values = [_in_force(fine, part.start) for part in parts]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                continue
            total, written = sum(known, Decimal()), Decimal(repr(whole.value))
            if abs(total - written) > TOLERANCE * abs(written):
                yield (
                    f"the {cadence} targets of {period.period} add up to {_plain(total)}, its own "
                    f"is {_plain(written)}; they may differ by half a percent. Change one of them, "
                    f"or leave out the parts and write 'split: by_days, into: {cadence}'."
                )
                break


def _last_day(target: Target) -> dt.date:
    """Of an open end the first years are looked at; the others repeat them."""
    return target.to or target.from_ + dt.timedelta(days=3 * 366)


def _in_force(fine: list[Target], day: dt.date) -> Decimal | None:
    for one in fine:
        if one.from_ <= day <= (one.to or dt.date.max):
            return Decimal(repr(one.value))
    return None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
