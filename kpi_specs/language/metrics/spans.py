"""The spans that metric types take their days from."""

from kpi_specs.language.cadence import Cadence
from kpi_specs.language.metrics.parts import Span

_NOUNS: dict[str, str] = {"monthly": "month", "quarterly": "quarter", "yearly": "year"}


def window(days: int) -> Span:
    """Exactly so many calendar days, the period's last day the last of them."""
    return Span(f"last_{days}_days", f"the {days} days that end with it", "window", days=days)


def to_date(cadence: Cadence) -> Span:
    """From the first day of the month, quarter or year to the period's last day."""
    noun = _NOUNS[cadence]
    reason = f"the {noun} up to the period's last day"
    return Span(f"{noun}_to_date", reason, "to_date", within=cadence)


AT_END = Span("at_period_end", "its last day", "at_end")
AT_START = Span("at_period_start", "its first day", "at_start")
UNTIL_END = Span("until_period_end", "all days up to its last", "until_end")
UNTIL_START = Span("until_period_start", "all days up to its first", "until_start")
