"""Numbers as people read them. Rounding happens here and nowhere before."""

NO_VALUE = "—"


def value_text(value: float | None, unit: str, decimals: int, currency: str | None) -> str:
    """A value in its unit: `2.21 %`, `1,234.50 USD`, `21.5 days`, `3.41`; a dash for None.

    Percentages are published as fractions; durations are in days.
    """
    if value is None:
        return NO_VALUE
    scaled = value * 100 if unit == "percent" else value
    text = f"{scaled:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")  # -0.00 is a rounded trace of a number, not a sign
    ending = {"percent": " %", "currency": f" {currency or ''}", "duration": " days"}
    return (text + ending.get(unit, "")).rstrip()


def target_text(
    target: float | None,
    low: float | None,
    high: float | None,
    unit: str,
    decimals: int,
    currency: str | None,
) -> str:
    """A target, a band as `low to high` with its unit once, or nothing."""
    if low is not None and high is not None:
        first, last = (value_text(end, unit, decimals, currency) for end in (low, high))
        return f"{first.split(' ')[0]} to {last}"
    return "" if target is None else value_text(target, unit, decimals, currency)


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
