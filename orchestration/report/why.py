"""Why a KPI's total changed from one period to the next: what each of its slices did to it.

Of a quotient by the rates and weights of its slices (`mix_and_rate`), of anything else by their own
changes. Both are told only where the slices make the total, which the numbers themselves have to
show: slices of a distinct count or a median do not, and of those nothing is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from orchestration.report.mix_and_rate import Side, mix_and_rate

Row = Mapping[str, Any]  # of kpi_values
_MEASURED = ("final", "provisional")


@dataclass(frozen=True)
class Contribution:
    """What one slice adds to the change of the total, in the KPI's unit.

    Attributes:
        slice_value: The slice's value or values.
        before: Its value in the earlier period; None: there was none.
        after: In the later one.
        change: Its contribution; those of all slices add up to the change of the total.
        rate: Of a quotient: the part of it that its own rate made.
        mix: Of a quotient: the part that its weight made.
    """

    slice_value: str
    before: float | None
    after: float | None
    change: float
    rate: float | None = None
    mix: float | None = None


@dataclass(frozen=True)
class Split:
    """The change by one kind of slices, the largest contribution first; or why there is none."""

    slice: str
    contributions: tuple[Contribution, ...] = ()
    why_none: str = ""


def why_not(row: Row, before: Row | None, *, is_open: bool) -> str:
    """Why a period is not compared with the one before it; '' where it is."""
    if row["data_status"] not in _MEASURED:
        return f"{row['period']} has no value: {row['reason']}"
    if is_open:
        return (
            f"{row['period']} is not over, and a part of a period is not compared with a whole one."
        )
    if before is None:
        return f"{row['period']} is the first period; there is none before it to compare with."
    if before["data_status"] not in _MEASURED:
        return f"{before['period']}, the period before, has no value: {before['reason']}"
    return ""


def split(name: str, totals: tuple[Row, Row], slices: tuple[Sequence[Row], Sequence[Row]]) -> Split:
    """Split the change of the total by the slices of one kind.

    Args:
        name: The kind: `channel`.
        totals: The total's rows, before and after; both measured.
        slices: The rows of its slices, before and after. One without a value counts as one that
            is not there: whether it adds something, the sum of the others tells.
    """
    measured = [[one for one in rows if one["data_status"] in _MEASURED] for rows in slices]
    divides = all(total["denominator"] is not None for total in totals)
    columns = ("numerator", "denominator") if divides else ("value",)
    for total, found in zip(totals, measured, strict=True):
        for column in columns:
            if any(one[column] is None for one in found) or not _adds_up(total, found, column):
                return Split(name, why_none=_why_none(name, total, slices))
        if divides and not _is_quotient(total):
            return Split(name, why_none="Its value is not numerator / denominator.")
    if not any(measured):  # the sum of nothing is 0, as the totals are
        return Split(name, why_none=_why_none(name, totals[1], slices))
    before, after = ({one["slice_value"]: one for one in found} for found in measured)
    parts = _ratio_parts(before, after) if divides else _value_parts(before, after)
    if parts is None:
        return Split(name, why_none="One of its slices has a numerator and no denominator.")
    return Split(name, tuple(sorted(parts, key=lambda one: (-abs(one.change), one.slice_value))))


def _adds_up(total: Row, found: Sequence[Row], column: str) -> bool:
    size = sum(abs(one[column]) for one in found)
    added = sum(one[column] for one in found)
    return isclose(added, total[column], rel_tol=1e-9, abs_tol=1e-9 * size)


def _is_quotient(total: Row) -> bool:
    return bool(total["denominator"]) and isclose(
        total["numerator"] / total["denominator"], total["value"], rel_tol=1e-9, abs_tol=1e-12
    )


def _why_none(name: str, total: Row, slices: tuple[Sequence[Row], Sequence[Row]]) -> str:
    if not any(slices):
        return (
            f"No slice by {name} is there, neither in {total['period']} nor in the period before."
        )
    lacking = [one for rows in slices for one in rows if one["data_status"] not in _MEASURED]
    if lacking:
        first = lacking[0]
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        return f"{first['slice_value']} has no value in {first['period']}{more}: {first['reason']}"
    return (
        f"Slices by {name} do not add up to the total of {total['period']}: they overlap, or each "
        "is a statistic of its own."
    )


def _ratio_parts(
    before: Mapping[str, Row], after: Mapping[str, Row]
) -> tuple[Contribution, ...] | None:
    effects = mix_and_rate(_sides(before), _sides(after))
    if effects is None:
        return None
    return tuple(
        Contribution(
            part, _value(before, part), _value(after, part), one.rate + one.mix, one.rate, one.mix
        )
        for part, one in effects.items()
    )


def _sides(rows: Mapping[str, Row]) -> dict[str, Side]:
    return {part: Side(row["numerator"], row["denominator"]) for part, row in rows.items()}


def _value_parts(before: Mapping[str, Row], after: Mapping[str, Row]) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(
            part, _value(before, part), _value(after, part),
            (_value(after, part) or 0.0) - (_value(before, part) or 0.0),
        )
        for part in dict.fromkeys((*before, *after))
    )  # fmt: skip


def _value(rows: Mapping[str, Row], part: str) -> float | None:
    return rows[part]["value"] if part in rows else None


def noise_words(row: Row, change: float, text: Callable[[float], str]) -> str:
    """What the signal says: whether the value, or its step from the one before, is more than noise.

    Args:
        row: The later period's row of kpi_<id>: its signal and natural limits.
        change: The step.
        text: A value as readers see it.
    """
    signal = row.get("signal")
    if signal is None:
        return "not known: values whose periods share days have no signal"
    if signal == "too_few_points":
        return "not known: too few periods before it have a value"
    limits = f"the natural limits, {text(row['lower_limit'])} to {text(row['upper_limit'])}"
    if signal != "none":
        return f"{signal}, more than noise: {_RULES[row['signal_rule']].format(limits=limits)}"
    step = row["moving_range_limit"]
    if row["signal_basis"] == "values" and abs(change) > step:
        return f"none: within {limits}; but a step of more than {text(step)} is no noise"
    return f"none: no more than noise, within {limits}"


_RULES = {
    "outside_limits": "outside {limits}",
    "near_limit": "three of four values in a row are near one of {limits}",
    "run_of_eight": "eight values in a row are on one side of the centre",
}
