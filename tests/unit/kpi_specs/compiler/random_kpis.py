"""KPIs of every type at random, each with the slow computation of its values."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from hypothesis import strategies as st

from tests import slow_metrics as slow
from tests.slow_calendars import CADENCES, Stretch, stretches
from tests.slow_metrics import Asked, Event, Events, Value

DAY = dt.timedelta(days=1)
CLOCK = dt.date(2024, 4, 10)
# Two leap days (29 February, 30 Esfand 1399) and a retail year of 53 weeks lie before.
EARLIEST, LATEST = CLOCK - 500 * DAY, CLOCK + 20 * DAY

CALENDARS: dict[str, dict[str, Any]] = {
    "ISO weeks": {},
    "weeks from Saturday": {"week_start": "saturday"},
    "weeks from Sunday": {"week_start": "sunday"},
    "jalali": {"calendar": "jalali"},
    "fiscal": {
        "calendar": "fiscal", "fiscal": {"first_month": 3, "label": "end_year"},
        "week_start": "sunday",
    },
    "retail 4-5-4": {
        "calendar": "retail",
        "retail": {
            "pattern": "4-5-4", "label": "start_year",
            "year_ends": {"weekday": "saturday", "month": 1, "which": "nearest_month_end"},
        },
    },
    "retail 5-4-4": {
        "calendar": "retail",
        "retail": {
            "pattern": "5-4-4", "label": "end_year", "week_53": 3,
            "year_ends": {"weekday": "thursday", "month": 2, "which": "last_in_month"},
        },
    },
}  # fmt: skip


@lru_cache
def calendar_of(name: str) -> dict[str, Stretch]:
    return stretches(CALENDARS[name], EARLIEST, LATEST)


# Expression -> what it says of a row; None: nothing. Comparisons with nothing say nothing.
NUMBERS: dict[str, Callable[[Event], Any]] = {
    "amount": lambda e: e.amount,
    "purchase": lambda e: e.order,
    "amount * 2 - purchase": lambda e: (
        None if e.amount is None or e.order is None else e.amount * 2 - e.order
    ),
}
NAMES: dict[str, Callable[[Event], Any]] = {
    "entity": lambda e: e.entity,
    "purchase": lambda e: e.order,
    "channel": lambda e: e.channel,
}
TRUTHS: dict[str, Callable[[Event], bool | None]] = {
    "kind = 'x'": lambda e: None if e.kind is None else e.kind == "x",
    "kind <> 'x'": lambda e: None if e.kind is None else e.kind != "x",
    "not (kind = 'x')": lambda e: None if e.kind is None else e.kind != "x",
    "amount > 1": lambda e: None if e.amount is None else e.amount > 1,
    "amount is not null": lambda e: e.amount is not None,
    "kind = 'x' or amount < 0": lambda e: (
        True
        if e.kind == "x" or (e.amount is not None and e.amount < 0)
        else (None if e.kind is None or e.amount is None else False)
    ),
    "kind <> 'x' or kind is null": lambda e: e.kind != "x",
}


ADDITIVE = ["sum", "sum", "count", "sum_boolean"]
AGGREGATES = [*ADDITIVE, "count_distinct", "average", "min", "max", "median", "percentile"]


@dataclass(frozen=True)
class Measured:
    """A measure, and what it is of some events."""

    spec: dict[str, Any]
    of: Callable[[Events], Value]

    @property
    def additive(self) -> bool:
        return bool({"sum", "count", "sum_boolean"} & set(self.spec))


@st.composite
def measures(draw: st.DrawFn, *, additive: bool = False) -> Measured:
    name = draw(st.sampled_from(ADDITIVE if additive else AGGREGATES))
    found = {"count_distinct": NAMES, "sum_boolean": TRUTHS}.get(name, NUMBERS)
    expression = draw(st.sampled_from(sorted(found)))
    says, at = found[expression], 0.5
    if name == "count":
        expression, says = "rows", lambda _: 1
    spec: dict[str, Any] = {name: expression}
    if name == "percentile":
        at = draw(st.sampled_from([0.0, 0.1, 0.25, 0.9, 1.0]))
        spec = {"percentile": {"of": expression, "at": at}}
    where = draw(st.sampled_from([None, None, *TRUTHS]))
    if where is not None:
        spec["where"] = where

    def of(events: Events) -> Value:
        rows = [e for e in events if where is None or TRUTHS[where](e) is True]
        return slow.aggregate(name, [says(row) for row in rows], at)

    return Measured(spec, of)


Parts = Value | tuple[Value, Value]
OfRows = Callable[[Events, Asked, dict[str, Stretch]], Parts]


@dataclass(frozen=True)
class Random:
    """A KPI: what its spec says, and either its parts from rows or its value from other KPIs.

    Attributes:
        metric: The spec's.
        of_rows: Value, or numerator and denominator, of the days and the slice asked for.
        compared: Of growth: (KPI, versus, by elapsed days, per day).
        formula: Of derived: the tree, and name -> (KPI or measure, shift, channel).
        additive: Whether days and slices add up.
        adds_up_days: Whether numerators and denominators of days do.
        own_days: Whether it takes the period's days, so that they may be replaced by others.
        cadences: The spec's; of days alone, those over it are computed in every cadence still.
    """

    metric: dict[str, Any]
    of_rows: OfRows | None = None
    compared: tuple[str, str, bool, bool] | None = None
    formula: tuple[Any, dict[str, Any]] | None = None
    additive: bool = False
    adds_up_days: bool = False
    own_days: bool = False
    cadences: tuple[str, ...] = CADENCES


def _simple(one: Measured) -> Random:
    return Random(
        {"dataset": "events", "simple": one.spec},
        lambda events, asked, _: one.of(slow.inside(events, asked)),
        additive=one.additive, adds_up_days=one.additive, own_days=True,
    )  # fmt: skip


def of_dataset(name: str, events: Events) -> Events:
    """The rows of `events`, or of `others`, which holds every other one of them."""
    return [e for e in events if name == "events" or e.id % 2 == 0]


datasets = st.sampled_from(["events", "others"])


def _ratio(above: Measured, below: Measured, dataset: str) -> Random:
    def of_rows(events: Events, asked: Asked, _: Any) -> Parts:
        rows = slow.inside(events, asked)
        return above.of(rows), below.of(of_dataset(dataset, rows))

    spec = {"numerator": above.spec, "denominator": below.spec | {"dataset": dataset}}
    adds_up = above.additive and below.additive
    metric = {"dataset": "events", "ratio": spec}
    return Random(metric, of_rows, adds_up_days=adds_up, own_days=True)


@st.composite
def _first_time(draw: st.DrawFn) -> Random:
    kind = draw(st.sampled_from([None, "x"]))
    lookback = draw(st.sampled_from([None, 1, 7, 30]))
    metric: dict[str, Any] = {"entity": "entity"}
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    if lookback is not None:
        metric["lookback"] = _days(lookback)
    return Random(
        {"dataset": "events", "first_time": metric},
        lambda events, asked, _: slow.first_time(events, asked, kind, lookback),
        additive=lookback is None, adds_up_days=lookback is None, own_days=True,
    )  # fmt: skip


@st.composite
def _repeat(draw: st.DrawFn) -> Random:
    times, days = draw(st.sampled_from([(None, None), (2, None), (3, None), (2, 10), (2, 60)]))
    kind = draw(st.sampled_from([None, "x"]))
    metric: dict[str, Any] = {"entity": "entity", "event": "purchase"}
    if times is not None:
        metric["times"] = times
    if days is not None:
        metric["window"] = _days(days)
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    return Random(
        {"dataset": "events", "repeat": metric},
        lambda events, asked, _: slow.repeat(events, asked, times, days, kind),
        own_days=days is None,
    )


@st.composite
def _snapshot(draw: st.DrawFn) -> Random:
    at = draw(st.sampled_from(["period_end", "period_start"]))
    missing = draw(st.sampled_from(["carry", "zero", "absent"]))
    kind = draw(st.sampled_from([None, "x"]))
    metric = {"of": "amount", "entity": "entity", "at": at, "missing": missing}
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    return Random(
        {"dataset": "events", "snapshot": metric},
        lambda events, asked, _: slow.snapshot(events, asked, at, missing, kind),
    )


@st.composite
def _conversion(draw: st.DrawFn) -> Random:
    count = draw(st.sampled_from(["first", "every"]))
    days = draw(st.integers(1, 20))
    kinds = draw(st.sampled_from([("x", "y"), ("x", "x")]))
    columns = st.sampled_from(["moment", "moment", "ended_at"])
    at, dataset = draw(st.tuples(columns, columns)), draw(datasets)
    metric = {
        "entity": "entity",
        "base": {"where": f"kind = '{kinds[0]}'", "at": at[0]},
        "converted": {"where": f"kind = '{kinds[1]}'", "at": at[1], "dataset": dataset},
        "within": _days(days),
        "count": count,
    }
    return Random(
        {"dataset": "events", "conversion": metric},
        lambda events, asked, _: slow.conversion(
            events, of_dataset(dataset, events), asked, count, days, kinds, at
        ),
        adds_up_days=count == "every", own_days=True,
    )  # fmt: skip


@st.composite
def _duration(draw: st.DrawFn) -> Random:
    of = draw(st.sampled_from(["average", "median", 0.9]))
    metric = {"from": "moment", "to": "ended_at", "in": "hours"}
    metric["of"] = of if isinstance(of, str) else {"percentile": of}

    def of_rows(events: Events, asked: Asked, _: Any) -> Parts:
        values = slow.durations(events, asked)
        if of == "average":
            return sum(values), len(values)
        return slow.percentile(values, 0.5 if of == "median" else of)

    adds_up = of == "average"
    metric_of = {"dataset": "events", "duration": metric}
    return Random(metric_of, of_rows, adds_up_days=adds_up, own_days=True)


@st.composite
def _cumulative(draw: st.DrawFn, of: Any, inner: OfRows, dataset: bool) -> Random:
    metric: dict[str, Any] = {"of": of}
    days, since = draw(
        st.one_of(
            st.tuples(st.integers(1, 40), st.none()),
            st.tuples(st.none(), st.sampled_from(["month", "quarter", "year"])),
        )
    )
    if days is not None:
        metric["window"] = _days(days)
    else:
        metric["to_date"] = since

    def of_rows(events: Events, asked: Asked, periods: dict[str, Stretch]) -> Parts:
        if days is not None:
            return inner(events, asked.last_days(days), periods)
        wider = periods[{"month": "monthly", "quarter": "quarterly", "year": "yearly"}[since]]
        return inner(events, asked.over(wider.days[wider.places[asked.until]][0]), periods)

    return Random(({"dataset": "events"} if dataset else {}) | {"cumulative": metric}, of_rows)


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


trees = st.recursive(
    st.sampled_from(["a", "b", 2, 0.5]),
    lambda inner: st.tuples(st.sampled_from("+-*//"), inner, inner),
    max_leaves=5,
)


def text_of(tree: Any) -> str:
    if not isinstance(tree, tuple):
        return str(tree)
    return f"({text_of(tree[1])} {tree[0]} {text_of(tree[2])})"


@st.composite
def _derived(draw: st.DrawFn, others: list[str]) -> Random:
    own = draw(st.sampled_from(others))
    other = draw(st.sampled_from(others))
    shift = draw(st.sampled_from(["none", "previous_period", "same_period_last_year"]))
    channel = draw(st.sampled_from([None, "web"]))
    measure, earlier = draw(measures()), draw(measures())
    before = draw(st.sampled_from(["previous_period", "same_period_last_year"]))
    # Uses all inputs.
    tree = ("+", draw(trees), ("*", 0.5, ("-", ("-", "a", "b"), ("-", "c", "d"))))
    spec: dict[str, Any] = {"kpi": other, "shift": shift}
    if channel is not None:
        spec["where"] = {"channel": channel}
    shifted = earlier.spec | {"shift": before}
    inputs = {"a": {"kpi": own}, "b": spec, "c": measure.spec, "d": shifted}
    found = {
        "a": (own, "none", None),
        "b": (other, shift, channel),
        "c": (measure, "none", None),
        "d": (earlier, before, None),
    }
    metric = {"formula": text_of(tree), "inputs": inputs}
    return Random({"dataset": "events", "derived": metric}, formula=(tree, found))


@st.composite
def _growth(draw: st.DrawFn, others: dict[str, Random]) -> Random:
    of = draw(st.sampled_from(sorted(others)))
    versus = draw(st.sampled_from(["previous_period", "same_period_last_year"]))
    elapsed = others[of].adds_up_days and draw(st.sampled_from([True, True, False]))
    per_day = others[of].additive and draw(st.booleans())
    metric = {"of": of, "versus": versus, "per_day": per_day}
    metric["compare"] = "same_elapsed_days" if elapsed else "complete"
    return Random({"growth": metric}, compared=(of, versus, elapsed, per_day))


@st.composite
def kpis(draw: st.DrawFn) -> dict[str, Random]:
    """A KPI of each type, and some of others: growth of a ratio, a formula over growth."""
    one, two = draw(measures()), draw(measures(additive=True))
    additive = draw(st.booleans())
    three, four = (draw(measures(additive=additive)) for _ in range(2))
    found = {
        "simple": _simple(one),
        "another": _simple(two),
        "ratio": _ratio(three, four, draw(datasets)),
        "news": draw(_first_time()),
        "back": draw(_repeat()),
        "balance": draw(_snapshot()),
        "converted": draw(_conversion()),
        "lasted": draw(_duration()),
    }
    measure = draw(measures())
    found["summed"] = draw(
        _cumulative(measure.spec, lambda e, asked, _: measure.of(slow.inside(e, asked)), True)
    )
    of = draw(st.sampled_from([name for name in found if found[name].own_days]))
    inner = found[of].of_rows
    assert inner is not None
    found["taken_over"] = draw(_cumulative(of, inner, False))
    cadences = st.sampled_from([CADENCES, CADENCES, CADENCES, ("daily",)])
    found = {name: replace(one, cadences=draw(cadences)) for name, one in found.items()}
    found["grown"] = draw(_growth({n: one for n, one in found.items() if one.adds_up_days}))
    found["formed"] = draw(_derived(sorted(found)))
    found["grown_too"] = draw(_growth(dict(found)))
    return found


class UnsureError(Exception):
    """A difference of two equal numbers may be a little above zero: nothing is divided by it."""


@dataclass(frozen=True)
class SlowKpis:
    """What the values of some KPIs are, by the slow computation.

    Attributes:
        kpis: The KPIs.
        events: All of them, the future ones too.
        calendar: Its name in CALENDARS.
        history_from: The project's.
    """

    kpis: dict[str, Random]
    events: Events
    calendar: str
    history_from: dt.date
    _known: dict[tuple, Parts] = field(default_factory=dict)

    @cached_property
    def seen(self) -> Events:
        return [e for e in self.events if e.day <= CLOCK]

    @cached_property
    def periods(self) -> dict[str, Stretch]:
        return calendar_of(self.calendar)

    @cached_property
    def first(self) -> dt.date:
        """The first day that has a row of its own."""
        return max(self.history_from, min((e.day for e in self.seen), default=self.history_from))

    @cached_property
    def newest(self) -> dt.date | None:
        """The newest day with an event."""
        return max((e.day for e in self.seen), default=None)

    def places(self, cadence: str) -> range:
        """The periods that have rows: from the first day to the clock."""
        found = self.periods[cadence]
        return range(found.places[self.first], found.places[CLOCK] + 1)

    def value(self, name: str, cadence: str, place: int, cell: tuple) -> Value:
        kpi = self.kpis[name]
        if kpi.compared is not None:
            return self._growth(*kpi.compared, cadence, place, cell)
        if kpi.formula is not None:
            return self._formula(*kpi.formula, cadence, place, cell)
        return _divided(self.parts(name, cadence, place, cell))

    def parts(self, name: str, cadence: str, place: int, cell: tuple) -> Parts:
        key = (name, cadence, place, cell)
        if key not in self._known:
            of_rows = self.kpis[name].of_rows
            assert of_rows is not None
            asked = self._asked(cadence, place, cell)
            self._known[key] = of_rows(self.seen, asked, self.periods)
        return self._known[key]

    def _asked(self, cadence: str, place: int, cell: tuple) -> Asked:
        days = self.periods[cadence].days[place]
        return Asked(days[0], days[-1], *cell, CLOCK, self.newest or days[0])

    def _growth(
        self, of: str, versus: str, elapsed: bool, per_day: bool,
        cadence: str, place: int, cell: tuple,
    ) -> Value:  # fmt: skip
        own = self.periods[cadence].days[place]
        base_place = self.periods[cadence].base(place, versus)
        if base_place is None or base_place not in self.places(cadence):
            return None
        is_open = own[-1] >= CLOCK
        if is_open and not elapsed:
            return None
        now, then = len(own), self.periods[cadence].days[base_place]
        base = None
        if is_open:
            now = 0 if self.newest is None else (self.newest - own[0]).days + 1
            then = [day for day in then[: max(now, 0)] if self.first <= day <= CLOCK]
            if then:
                base = self._over_days(of, then, cell)
        else:
            base = self.value(of, cadence, base_place, cell)
        current = self.value(of, cadence, place, cell)
        if current is None or base is None:
            return None
        if abs(base) < 1e-9 and (self.kpis[of].formula or self.kpis[of].compared):
            raise UnsureError
        if base <= 0:
            return None
        if per_day:
            current, base = current / now, base / len(then)
        return current / base - 1

    def _over_days(self, of: str, days: list[dt.date], cell: tuple) -> Value:
        """Of a stretch of days, which need not be a period."""
        of_rows = self.kpis[of].of_rows
        assert of_rows is not None
        asked = Asked(days[0], days[-1], *cell, CLOCK, self.newest or days[0])
        return _divided(of_rows(self.seen, asked, self.periods))

    def _formula(
        self, tree: Any, inputs: dict[str, Any], cadence: str, place: int, cell: tuple
    ) -> Value:
        values: dict[str, Value] = {}
        for name, (one, shift, channel) in inputs.items():
            at = place if shift == "none" else self.periods[cadence].base(place, shift)
            where = cell if channel is None else (channel, None)
            values[name] = None
            if at is None or at not in self.places(cadence):
                continue
            if isinstance(one, Measured):
                values[name] = one.of(slow.inside(self.seen, self._asked(cadence, at, where)))
            elif channel is None or channel in self.channels:
                values[name] = self.value(one, cadence, at, where)
        return _sure(tree, values)

    @cached_property
    def channels(self) -> set[str]:
        """The slices by channel that have rows in the periods."""
        earliest = min(stretch.days[self.places(c)[0]][0] for c, stretch in self.periods.items())
        return {e.channel or "(none)" for e in self.seen if e.day >= earliest}


def _divided(parts: Parts) -> Value:
    if not isinstance(parts, tuple):
        return parts
    above, below = parts
    return above / below if below and above is not None else None


def _sure(tree: Any, values: dict[str, Value]) -> Value:
    """`slow.formula`, unless it divides by what may be zero or a little beside it."""
    if not isinstance(tree, tuple):
        return slow.formula(tree, values)
    left, right = _sure(tree[1], values), _sure(tree[2], values)
    if tree[0] == "/" and isinstance(tree[2], tuple) and right is not None and abs(right) < 1e-9:
        raise UnsureError
    return slow.formula((tree[0], "left", "right"), {"left": left, "right": right})
