"""Numbers as people read them. Rounding happens here and nowhere before."""

from collections.abc import Mapping
from typing import Any

from kpi_specs.language.kpi import SCALES

NO_VALUE = "—"
_SCALE_WORDS = {size: f" {word}" for word, size in SCALES.items()}


ShownUnit = tuple[str, int, str | None, int | None]  # unit, decimals, currency, scale


def shown_unit(definition: Mapping[str, Any]) -> ShownUnit:
    """How values are shown, from a row of kpi_catalog; older ones have no scale."""
    names = ("unit", "decimals", "currency", "scale")
    unit, decimals, currency, scale = (definition.get(name) for name in names)
    return str(unit), int(decimals or 0), currency, scale


def value_text(
    value: float | None, unit: str, decimals: int, currency: str | None, scale: int | None = None
) -> str:
    """A value in its unit: `2.21 %`, `1,234.50 USD`, `21.5 days`, `3.41`; a dash for None.

    Percentages are published as fractions; durations are in days. `scale` is what a number or
    currency is divided by to be shown: `1.23 million USD`.
    """
    if value is None:
        return NO_VALUE
    scaled = value * 100 if unit == "percent" else value / (scale or 1)
    text = f"{scaled:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")  # -0.00 is a rounded trace of a number, not a sign
    ending = {"percent": " %", "currency": f" {currency or ''}", "duration": " days"}
    return (text + _SCALE_WORDS.get(scale or 1, "") + ending.get(unit, "")).rstrip()


def target_text(
    target: float | None,
    low: float | None,
    high: float | None,
    unit: str,
    decimals: int,
    currency: str | None,
    scale: int | None = None,
) -> str:
    """A target, a band as `low to high` with its unit once, or nothing."""
    if low is not None and high is not None:
        first, last = (value_text(end, unit, decimals, currency, scale) for end in (low, high))
        return f"{first.split(' ')[0]} to {last}"
    return "" if target is None else value_text(target, unit, decimals, currency, scale)


def change_text(
    value: float | None, previous: float | None, change: float | None, unit: str
) -> str:
    """`+4.2 %` against the period before; of percentages the difference, `+0.12 pp`."""
    if value is None or previous is None:
        return ""
    if unit == "percent":
        return f"{(value - previous) * 100:+.2f} pp"
    if change is None:
        return ""
    text = f"{change * 100:+.1f} %"
    return "0.0 %" if text in ("+0.0 %", "-0.0 %") else text


def difference_text(
    change: float, unit: str, decimals: int, currency: str | None, scale: int | None = None
) -> str:
    """A difference in the KPI's unit, with its sign: `+1,234 USD`, `-0.12 pp` of percentages.

    Of what is shown with decimals one more than the values have, for differences are smaller; of
    money as many, for it has no smaller coin, unless it is shown in thousands or millions.
    """
    is_money = unit == "currency" and (scale or 1) == 1
    finer = decimals + 1 if decimals and not is_money else decimals
    text = value_text(abs(change), unit, finer, currency, scale)
    text = text.replace(" %", " pp") if unit == "percent" else text
    is_none = not any(digit in text for digit in "123456789")
    return text if is_none else f"{'-' if change < 0 else '+'}{text}"
