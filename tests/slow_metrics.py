"""The metric types once more, slowly and in plain Python: what the compiled SQL is measured by.

Every function takes the events that the clock lets see, the days of a period and the slice, and
gives numerator and denominator (None where there is none), or the value alone.
"""

import datetime as dt
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """One row of the dataset; `ended_at` and `moment` are of its own day or later."""

    id: int
    day: dt.date
    entity: str | None
    order: int | None
    channel: str | None
    kind: str | None
    cents: int | None
    moment: dt.datetime
    ended_at: dt.datetime | None

    @property
    def amount(self) -> Fraction | None:
        return None if self.cents is None else Fraction(self.cents, 100)

    @property
    def position(self) -> tuple[dt.date, int]:
        return (self.day, self.id)


@dataclass(frozen=True)
class Asked:
    """A period up to the clock, and a slice: a channel, a channel and kind, or None for all."""

    start: dt.date
    end: dt.date
    channel: str | None
    kind: str | None
    clock: dt.date
    newest: dt.date

    @property
    def until(self) -> dt.date:
        return min(self.end, self.clock)

    @property
    def last(self) -> dt.date:
        """Its end; of an open period the newest day that is there, if it lies in the period."""
        return self.end if self.end < self.clock else max(self.start, self.newest)

    def holds(self, day: dt.date) -> bool:
        return self.start <= day <= self.until

    def slices(self, event: Event) -> bool:
        return (self.channel is None or (event.channel or "(none)") == self.channel) and (
            self.kind is None or (event.kind or "(none)") == self.kind
        )

    def over(self, start: dt.date) -> "Asked":
        return replace(self, start=start)

    def last_days(self, days: int) -> "Asked":
        """The window that ends with the last day."""
        return self.over(self.last - (days - 1) * DAY)


Events = list[Event]
Value = float | None


def inside(events: Iterable[Event], asked: Asked) -> Events:
    return [e for e in events if asked.holds(e.day) and asked.slices(e)]


def total(events: Events) -> Value:
    return None if any(e.cents is None for e in events) else sum(e.cents or 0 for e in events) / 100


def unless_nobody(events: Events, value: Value) -> Value:
    """No value where there are events, all of them of nobody."""
    return None if events and all(e.entity is None for e in events) else value


def aggregate(name: str, values: Sequence[Any], at: float = 0.5) -> Value:
    """One aggregate of what some rows say, None where a row says nothing."""
    told = [value for value in values if value is not None]
    if name == "sum":
        return sum(told) if len(told) == len(values) else None
    if name == "count":
        return len(values)
    if name in ("count_distinct", "sum_boolean"):
        found = len(set(told)) if name == "count_distinct" else sum(told)
        return found if told or not values else None
    if not told:
        return None
    if name == "average":
        return statistics.mean(told)
    if name in ("min", "max"):
        return min(told) if name == "min" else max(told)
    return percentile(told, at)


def first_time(events: Events, asked: Asked, kind: str | None, lookback: int | None) -> Value:
    found = set()
    for event in events:
        own = [e for e in events if e.entity == event.entity and event.entity is not None]
        before = [e for e in own if e.position < event.position]
        if lookback is not None:
            before = [e for e in before if (event.day - e.day).days <= lookback]
        first = event.entity is not None and not before
        if first and inside([event], asked) and kind in (None, event.kind):
            found.add(event.entity)
    return unless_nobody(inside(events, asked), len(found))


def repeat(
    events: Events, asked: Asked, times: int | None, days: int | None, kind: str | None
) -> tuple[Value, Value]:
    if days is not None:
        asked = asked.last_days(days)
    if kind is not None:
        events = [e for e in events if e.kind == kind]
    events = [e for e in events if e.entity is not None and e.order is not None]
    came, back = set(), set()
    for event in inside(events, asked):
        own = [e for e in events if e.entity == event.entity]
        came.add(event.entity)
        if times is not None:
            if len({e.order for e in inside(own, asked)}) >= times:
                back.add(event.entity)
        elif event.order != min((e.day, e.order) for e in own)[1]:
            back.add(event.entity)
    return len(back), len(came)


def snapshot(events: Events, asked: Asked, at: str, missing: str, kind: str | None) -> Value:
    own = asked.start if at == "period_start" else asked.last
    on_the_day = [e for e in events if e.day == own and asked.slices(e)]
    day = asked.until if at == "period_end" and missing == "carry" else own
    return unless_nobody(on_the_day, balance(events, asked, day, missing, kind))


def balance(events: Events, asked: Asked, day: dt.date, missing: str, kind: str | None) -> Value:
    last: dict[str, Event] = {}
    for event in sorted(events, key=lambda e: e.position):
        said = event.cents is not None or (kind is not None and event.kind != kind)
        old = last.get(event.entity or "")
        same_day = old is not None and old.day == event.day and missing != "carry"
        replaces = said or (missing != "carry" and (not same_day or _says_nothing(old, kind)))
        if event.entity is not None and event.day <= day and replaces:
            last[event.entity] = event
    if missing != "carry":
        last = {k: e for k, e in last.items() if e.day == day}
    held = [e for e in last.values() if asked.slices(e)]
    if not held and missing != "zero":
        # An account that came from here and went on to another slice leaves a 0, not nothing.
        seen = [e for e in events if e.day <= day and e.entity is not None and asked.slices(e)]
        was = [e for e in seen if e.cents is not None or (kind is not None and e.kind != kind)]
        return 0 if missing == "carry" and was else None
    return total([e for e in held if kind in (None, e.kind)])


def _says_nothing(event: Event | None, kind: str | None) -> bool:
    return event is None or (event.cents is None and kind in (None, event.kind))


def conversion(
    events: Events,
    others: Events,
    asked: Asked,
    count: str,
    days: int,
    kinds: tuple[str, str],
    at: tuple[str, str],
) -> tuple[Value, Value]:
    """Base events among `events` that are followed by one of `others`."""

    def happened(rows: Events, kind: str, column: str) -> list[tuple[dt.datetime, Event]]:
        moments = ((getattr(e, column), e) for e in rows if e.kind == kind)
        return [(m, e) for m, e in moments if m is not None and m.date() <= asked.clock]

    base = [
        (moment, e)
        for moment, e in happened(events, kinds[0], at[0])
        if inside([e], asked) and e.entity is not None
    ]
    if count == "first":
        firsts: dict[str, tuple[dt.datetime, Event]] = {}
        for moment, event in sorted(base, key=lambda found: (found[0], found[1].id)):
            firsts.setdefault(event.entity or "", (moment, event))
        base = list(firsts.values())
    converted = sum(
        any(
            e.entity == event.entity and moment <= then < moment + days * DAY
            for then, e in happened(others, kinds[1], at[1])
        )
        for moment, event in base
    )
    return converted, len(base)


def durations(events: Events, asked: Asked) -> list[float]:
    return [
        (e.ended_at - e.moment).total_seconds() / 3600
        for e in inside(events, asked)
        if e.ended_at is not None and e.ended_at.date() <= asked.clock
    ]


def percentile(values: list[float], at: float) -> Value:
    """Linear between the two values around the place."""
    if not values:
        return None
    ordered, place = sorted(values), at * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def formula(tree: Any, inputs: Mapping[str, Value]) -> Value:
    """A tree of (operator, left, right), names and numbers; nothing of it is taken for a number."""
    if isinstance(tree, str):
        return inputs[tree]
    if not isinstance(tree, tuple):
        return float(tree)
    left, right = formula(tree[1], inputs), formula(tree[2], inputs)
    if left is None or right is None or (tree[0] == "/" and right == 0):
        return None
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
    }[tree[0]]()
