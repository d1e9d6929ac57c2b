"""Which rows of the market lose their value when days of a source are spoilt; by hand, no product.

What each KPI rests on is written down here once more, beside its spec, so that a fault in how the
product works it out is seen.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.mutations.world import AS_OF

Key = tuple[str, str, str, str, str]  # kpi, cadence, period, slice, slice_value
Days = tuple[dt.date, dt.date]  # first and last, inclusive


@dataclass(frozen=True)
class Seen:
    """One published row, as far as a mutation may change it."""

    days: Days
    value: float | None
    numerator: float | None
    denominator: float | None
    data_status: str
    reason_codes: str
    party: str


def _own(days: Days) -> Days:
    return days


def _with_the_month_before(days: Days) -> Days:
    return (days[0] - dt.timedelta(days=1)).replace(day=1), days[1]


def _last_28(days: Days) -> Days:
    return days[1] - dt.timedelta(days=27), days[1]


def _and_all_before(days: Days) -> Days:
    return dt.date.min, days[1]


# Source -> KPI -> the days that a period's value rests on.
RESTS_ON: Mapping[str, Mapping[str, Callable[[Days], Days]]] = {
    "orders": {
        "revenue": _own, "orders": _own, "customers": _own, "average_order_value": _own,
        "units_sold": _own, "cancelled_share": _own, "median_order": _own,
        "revenue_growth": _with_the_month_before, "revenue_28_days": _last_28,
        "new_customers": _and_all_before, "cost_per_order": _own, "return_on_ad_spend": _own,
    },
    "ads": {
        "click_through_rate": _own, "ad_spend": _own, "cost_per_click": _own,
        "cost_per_order": _own, "return_on_ad_spend": _own,
    },
}  # fmt: skip
# Their inputs are KPIs: they say so, whatever the input's own reason is.
INHERIT = {"revenue_growth": {"orders"}, "return_on_ad_spend": {"orders", "ads"}}
# In a period that is not due these only mean that something is still to come.
TO_COME = {"PERIOD_INCOMPLETE", "NO_ROWS"}
# These are told even of a period without enough history; the others wait with it.
BEFORE_HISTORY = {
    "SOURCE_MISSING",
    "COLUMN_MISSING",
    "TYPE_MISMATCH",
    "COMPUTE_ERROR",
    "CHECK_ERROR",
    "SPEC_INVALID",
}
# Of a KPI that was never computed nobody knows which slices it has: only its total is published.
BLINDING = {"SOURCE_MISSING", "COLUMN_MISSING", "TYPE_MISMATCH", "COMPUTE_ERROR"}
ERRORS = {"COMPUTE_ERROR", "CHECK_ERROR", "SPEC_INVALID"}
# Told beside a value, which stands.
WARNINGS = {"VOLUME_ANOMALY"}


NOT_THERE = Seen((dt.date.min, dt.date.min), None, None, None, "", "", "")


@dataclass(frozen=True)
class Withheld:
    """What must lose its value, or be warned of: KPIs of a source whose periods rest on some days.

    Attributes:
        source: Whose KPIs.
        first: First spoilt day.
        last: Last spoilt day.
        reason: The code.
        told: Owner who is told.
        only: Only these KPIs; empty: all.
        but: None of these KPIs.
        ended_before: Only periods that ended before this day.
        slices: Only these slices (`total`, `store`); empty: all.
        slice_value: Only this value of them; empty: all.
        cadences: Only these; empty: all.
        at_once: Whether it is told of a period that is not due, too: a line that cannot be read.
        over: Those of them that are computed from the others, and say so.
        own: Whether the KPIs say so by themselves though they rest on other KPIs.
    """

    source: str
    first: dt.date
    last: dt.date
    reason: str
    told: str
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    ended_before: dt.date = dt.date.max
    slices: tuple[str, ...] = ()
    slice_value: str = ""
    cadences: tuple[str, ...] = ()
    at_once: bool = False
    own: bool = False
    over: tuple[str, ...] = ()

    def concerns(self, key: Key, clean: Seen) -> bool:
        """Whether a row of the clean publication rests on what is spoilt."""
        kpi, cadence, _, slice_, slice_value = key
        rests_on = RESTS_ON[self.source].get(kpi)
        if (
            rests_on is None
            or (self.only and kpi not in self.only)
            or kpi in self.but
            or clean.days[1] >= self.ended_before
            or (self.slices and slice_ not in self.slices)
            or (self.slice_value and slice_value != self.slice_value)
            or (self.cadences and cadence not in self.cadences)
        ):
            return False
        first, last = rests_on(clean.days)
        return first <= self.last and self.first <= last

    def row(self, key: Key, clean: Seen) -> Seen | None:
        """What a row of the clean publication must have become; None where it is not concerned."""
        if not self.concerns(key, clean):
            return None
        if self.reason == "NOT_THERE":
            return NOT_THERE
        if self.reason in WARNINGS:
            return replace(
                clean,
                reason_codes=self.reason if clean.value is not None else clean.reason_codes,
                party=self.told if clean.value is not None else clean.party,
            )
        if self.reason == "WARM_UP":
            return Seen(clean.days, None, None, None, "pending", "WARM_UP", "")
        if self.reason in BLINDING and key[3] != "total":
            return NOT_THERE
        inherits = (
            not self.own
            and self.reason not in BEFORE_HISTORY
            and self.source in INHERIT.get(key[0], ())
        )
        if clean.data_status == "pending" and self.reason not in BEFORE_HISTORY and not inherits:
            return None  # it waits for history, or for its end
        inherits = inherits or key[0] in self.over
        code = "UPSTREAM_UNMEASURABLE" if inherits else self.reason
        status, told = ("error" if code in ERRORS else "unmeasurable"), self.told
        if self.reason in TO_COME and not self.at_once and self._is_open(key[0], clean.days):
            status, code, told = "pending", "NOT_DUE", ""
        return Seen(clean.days, None, None, None, status, code, told)

    def _is_open(self, kpi: str, days: Days) -> bool:
        """Whether what is missing may still come; a base of growth that is over stays over."""
        over = days[1] + dt.timedelta(days=1) <= AS_OF
        base_is_spoilt = kpi == "revenue_growth" and self.first < days[0]
        return not over and not base_is_spoilt


def expected(clean: Mapping[Key, Seen], withheld: tuple[Withheld, ...]) -> dict[Key, Seen]:
    """The publication that must come of it: the first entry that concerns a row decides."""
    rows = {
        key: next((row for one in withheld if (row := one.row(key, seen)) is not None), seen)
        for key, seen in clean.items()
    }
    return {key: row for key, row in rows.items() if row is not NOT_THERE}
