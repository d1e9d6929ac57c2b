"""Rules about the numbers of a target: a factor is a factor, and a goal can be reached."""

from collections.abc import Iterator

from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.rules.targets import targets

# Ten times last year may be a goal, and is nearly always a per cent; three times is a question.
_REFUSED = 10
_DOUBTED = 3


def target_factor_is_a_factor(context: RuleContext) -> Iterator[Problem]:
    """`of_last_year` is a factor: ten per cent more than last year is 1.10, neither 10 nor 110."""
    for key, _, index, target in targets(context):
        if target.kinds != ("of_last_year",):
            continue
        for name in ("of_last_year", "warning"):
            factor = getattr(target, name)
            if factor is None or 1 / _DOUBTED < factor < _DOUBTED:
                continue
            place = ("targets", index, name)
            message = f"{name}: {factor:g} is {factor * 100:,.10g} % of last year's value"
            if factor >= _REFUSED:
                meant = factor / 100 if factor >= 50 else 1 + factor / 100
                share = f"{factor:g} %" if factor >= 50 else f"{factor:g} % more"
                message += (
                    f"; {share} is written {meant:g}. What is {_REFUSED} times as much and more is "
                    "written as 'value'."
                )
                yield context.problem("kpi", key, place, "target-factor", message)
            elif name == "of_last_year":
                meant = factor if factor >= _DOUBTED else factor * 100
                message += f". Is {meant:g} % more meant? That is {1 + meant / 100:g}."
                yield context.problem("kpi", key, place, "target-factor", message, "warning")


def target_lies_in_the_valid_range(context: RuleContext) -> Iterator[Problem]:
    """A value outside of `valid_range` is never shown, so a target there is never reached."""
    for key, kpi, index, target in targets(context):
        if kpi.availability.valid_range is None or target.into or target.kinds == ("of_last_year",):
            continue
        low, high = kpi.availability.valid_range
        for name in ("value", "low", "high", "warning"):
            number = getattr(target, name)
            if number is None or (name == "warning" and target.kinds != ("value",)):
                continue
            if (low is not None and number < low) or (high is not None and number > high):
                message = (
                    f"{name} ({number:g}) lies outside of valid_range ({_side(low)} to "
                    f"{_side(high)}), where no value is shown.{_percent(kpi, number)}"
                )
                place = ("targets", index, name)
                yield context.problem("kpi", key, place, "target-range", message)


def _side(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"


def _percent(kpi: Kpi, number: float) -> str:
    if kpi.unit != "percent" or not 1 < number <= 100:
        return ""
    return f" {number:g} % is written {number / 100:g}."
