"""For random data and specs each metric type equals a slow computation in plain Python.

Besides: slices add up, longer periods are the sum of their days, and the clock hides the future.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import slow_metrics as slow
from tests.compiled import compute, dataset, kpi, table
from tests.slow_metrics import Asked, Event

# A Monday and the first of a quarter, so that every cadence begins with it.
FIRST, AS_OF, NEVER = dt.date(2024, 1, 1), dt.date(2024, 4, 10), dt.date(2024, 4, 28)
CADENCES = ["daily", "weekly", "monthly", "quarterly"]
COLUMNS = (
    "id integer, day date, entity text, purchase integer, channel text, kind text, "
    "amount decimal(10,2), moment timestamp, ended_at timestamp"
)
few = settings(max_examples=15, deadline=None, derandomize=True)


@st.composite
def _event(draw: st.DrawFn) -> Event:
    # Some lie before the calendar begins, some after the clock.
    day = draw(st.dates(FIRST - dt.timedelta(days=30), NEVER))
    moment = dt.datetime.combine(day, dt.time(draw(st.integers(0, 23))))
    hours = draw(st.one_of(st.none(), st.integers(0, 500)))
    return Event(
        0, day,
        draw(st.sampled_from(["anna", "ben", "cem", None])),
        draw(st.one_of(st.none(), st.integers(1, 6))),
        draw(st.sampled_from(["web", "shop", "", None])),
        draw(st.sampled_from(["x", "y", None])),
        draw(st.one_of(st.none(), st.integers(-500, 500), st.integers(0, 3))),
        moment,
        None if hours is None else moment + dt.timedelta(hours=hours),
    )  # fmt: skip


def _numbered(found: list[Event]) -> list[Event]:
    return [replace(event, id=number) for number, event in enumerate(found)]


events = st.lists(_event(), min_size=1, max_size=25).map(_numbered)


def computed(given_events: list[Event], as_of: dt.date, **metrics: dict) -> dict[str, Any]:
    rows = [
        (
            e.id, e.day, e.entity, e.order, e.channel, e.kind,
            None if e.cents is None else f"{e.cents / 100:.2f}", e.moment, e.ended_at,
        )
        for e in given_events
    ]  # fmt: skip
    kpis = [
        kpi(name, {"dataset": "events", **metric} if "growth" not in metric else metric,
            cadence=CADENCES, grain=[[], ["channel"]])
        for name, metric in metrics.items()
    ]  # fmt: skip
    con = compute(
        kpis,
        [dataset("events", dimensions=("channel",))],
        {"events": table(COLUMNS, rows)},
        as_of=as_of,
        history_from=FIRST,
    )
    return {
        name: con.execute(
            "select cadence, period, period_start, period_end, slice_value, value, numerator, "
            f"denominator from kpi_{name} order by all"
        ).fetchall()
        for name in metrics
    }


def check(given_events: list[Event], metric: dict, expected) -> None:
    """`expected(events, asked)` gives the value, or numerator and denominator."""
    found = computed(given_events, AS_OF, measured=metric)["measured"]
    seen = [e for e in given_events if e.day <= AS_OF]
    newest = max((e.day for e in seen), default=FIRST)
    if seen:
        channels = {r[4] for r in found}
        assert {"total", *(e.channel or "(none)" for e in seen if e.day >= FIRST)} <= channels
        first = max(FIRST, min(e.day for e in seen))
        days = {r[2] for r in found if r[0] == "daily"}
        assert days == {first + n * slow.DAY for n in range((AS_OF - first).days + 1)}
        assert len(found) == len({(r[0], r[1]) for r in found}) * len(channels)
    for cadence, period, start, end, slice_value, value, numerator, denominator in found:
        channel = None if slice_value == "total" else slice_value
        wanted = expected(seen, Asked(start, end, channel, AS_OF, newest))
        got: Any = value
        if isinstance(wanted, tuple):
            above, below = wanted
            assert value == (pytest.approx(above / below) if below else None)
            got, wanted = (numerator, denominator), (above, below)
        assert got == pytest.approx(wanted), (cadence, period, slice_value)


OF = {
    "sum": {"sum": "amount"},
    "count": {"count": "rows"},
    "count_distinct": {"count_distinct": "entity"},
    "average": {"average": "amount"},
    "median": {"median": "amount"},
    "max": {"max": "amount"},
}


@few
@given(events, st.sampled_from(sorted(OF)), st.integers(1, 40))
def test_a_window_is_computed_from_the_rows_of_its_days(given_events, of, days):
    metric = {"cumulative": {"of": OF[of], "window": f"{days} days" if days > 1 else "1 day"}}
    check(given_events, metric, lambda seen, asked: slow.window(seen, asked, of, days))


@few
@given(events, st.sampled_from(sorted(OF)), st.sampled_from(["month", "quarter", "year"]))
def test_to_date_is_computed_from_the_rows_since_the_first_day(given_events, of, since):
    metric = {"cumulative": {"of": OF[of], "to_date": since}}
    check(given_events, metric, lambda seen, asked: slow.to_date(seen, asked, of, since))


@few
@given(events, st.sampled_from([None, "x"]), st.sampled_from([None, 1, 7, 30]))
def test_who_is_first_is_decided_over_all_events(given_events, kind, lookback):
    metric: dict = {"entity": "entity"}
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    if lookback is not None:
        metric["lookback"] = "1 day" if lookback == 1 else f"{lookback} days"
    check(
        given_events,
        {"first_time": metric},
        lambda seen, asked: slow.first_time(seen, asked, kind, lookback),
    )


@few
@given(
    events,
    st.sampled_from([(None, None), (2, None), (3, None), (2, 10), (2, 60)]),
    st.sampled_from([None, "x"]),
)
def test_who_came_back_has_an_earlier_event_or_enough_of_them(given_events, times_days, kind):
    times, days = times_days
    metric: dict = {"entity": "entity", "event": "purchase"}
    if times is not None:
        metric["times"] = times
    if days is not None:
        metric["window"] = f"{days} days"
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    check(
        given_events,
        {"repeat": metric},
        lambda seen, asked: slow.repeat(seen, asked, times, days, kind),
    )


@few
@given(
    events,
    st.sampled_from(["period_end", "period_start"]),
    st.sampled_from(["carry", "zero", "absent"]),
    st.sampled_from([None, "x"]),
)
def test_a_balance_is_each_entitys_last_or_that_of_the_day(given_events, at, missing, kind):
    metric: dict = {"of": "amount", "entity": "entity", "at": at, "missing": missing}
    if kind is not None:
        metric["where"] = f"kind = '{kind}'"
    check(
        given_events,
        {"snapshot": metric},
        lambda seen, asked: slow.snapshot(seen, asked, at, missing, kind),
    )


@few
@given(
    events,
    st.sampled_from(["first", "every"]),
    st.integers(2, 20),
    st.sampled_from([("x", "y"), ("x", "x")]),
)
def test_a_base_event_is_converted_if_another_one_follows_in_time(given_events, count, days, kinds):
    metric = {
        "entity": "entity",
        "base": {"where": f"kind = '{kinds[0]}'", "at": "moment"},
        "converted": {"where": f"kind = '{kinds[1]}'", "at": "moment"},
        "within": f"{days} days",
        "count": count,
    }
    check(
        given_events,
        {"conversion": metric},
        lambda seen, asked: slow.conversion(seen, asked, count, days, kinds),
    )


@few
@given(events, st.sampled_from(["average", "median", 0.9]))
def test_a_duration_is_that_of_the_rows_that_have_ended(given_events, of):
    metric = {"from": "moment", "to": "ended_at", "in": "hours"}
    metric["of"] = of if isinstance(of, str) else {"percentile": of}

    def expected(seen, asked):
        values = slow.durations(seen, asked)
        if of == "average":
            return sum(values), len(values)
        return slow.percentile(values, 0.5 if of == "median" else of)

    check(given_events, {"duration": metric}, expected)


INPUTS = {
    "a": {"sum": "amount", "where": "amount is not null"},
    "b": {"count": "rows", "where": "kind = 'x'"},
    "c": {"average": "amount"},
}
trees = st.recursive(
    st.sampled_from(["a", "b", "c", 2, 0.5]),
    lambda inner: st.tuples(st.sampled_from("+-*//"), inner, inner),
    max_leaves=6,
)


def _text(tree: Any) -> str:
    return (
        f"({_text(tree[1])} {tree[0]} {_text(tree[2])})" if isinstance(tree, tuple) else str(tree)
    )


@few
@given(events, trees)
def test_a_formula_never_divides_by_zero_nor_takes_nothing_for_a_number(given_events, tree):
    tree = ("+", tree, ("*", 0, ("+", "a", ("+", "b", "c"))))  # uses all inputs

    def expected(seen, asked):
        rows = slow.inside(seen, asked)
        inputs = {
            "a": sum(slow.known(rows)),
            "b": sum(e.kind == "x" for e in rows),
            "c": slow.MEASURES["average"](rows),
        }
        return slow.formula(tree, inputs)

    check(given_events, {"derived": {"formula": _text(tree), "inputs": INPUTS}}, expected)


@few
@given(events, st.booleans(), st.booleans())
def test_growth_compares_like_with_like(given_events, elapsed, per_day):
    growth = {"of": "orders", "versus": "previous_period", "per_day": per_day}
    growth["compare"] = "same_elapsed_days" if elapsed else "complete"
    found = computed(
        given_events,
        AS_OF,
        orders={"simple": {"count": "rows"}},
        grown={"growth": growth},
    )
    seen = [e for e in given_events if FIRST <= e.day <= AS_OF]
    starts = {c: sorted({r[2] for r in found["orders"] if r[0] == c}) for c in CADENCES}
    newest = max((e.day for e in seen), default=FIRST)

    def count(first: dt.date, days: int, slice_value: str) -> int:
        channel = None if slice_value == "total" else slice_value
        last = first + (days - 1) * slow.DAY
        return len(slow.inside(seen, Asked(first, last, channel, AS_OF, newest)))

    for cadence, period, start, end, slice_value, value, _, _ in found["grown"]:
        place = starts[cadence].index(start)
        wanted = None
        if place > 0:
            before = starts[cadence][place - 1]
            days, base_days = (end - start).days + 1, (start - before).days
            is_open = end >= AS_OF
            if is_open:
                days = (newest - start).days + 1
                # No more days than the base has.
                base_days = min(days, base_days)
            # The first period may begin before the first day with data.
            data_from = max(
                FIRST, min((e.day for e in given_events if e.day <= AS_OF), default=FIRST)
            )
            if is_open and before < data_from:
                base_days = max(0, base_days - (data_from - before).days)
                before = data_from
            if days > 0 and base_days > 0 and (elapsed or not is_open):
                now = count(start, days, slice_value)
                base = count(before, base_days, slice_value)
                if base:
                    wanted = now / base - 1
                    if per_day:
                        wanted = (now / days) / (base / base_days) - 1
        assert value == (None if wanted is None else pytest.approx(wanted)), (
            cadence, period, slice_value,
        )  # fmt: skip


TYPES: dict[str, dict] = {
    "windowed": {"cumulative": {"of": {"count_distinct": "entity"}, "window": "9 days"}},
    "news": {"first_time": {"entity": "entity"}},
    "back": {"repeat": {"entity": "entity", "event": "purchase"}},
    "carried": {
        "snapshot": {"of": "amount", "entity": "entity", "at": "period_end", "missing": "carry"}
    },
    "absent": {
        "snapshot": {"of": "amount", "entity": "entity", "at": "period_end", "missing": "absent"}
    },
    "converted": {
        "conversion": {
            "entity": "entity", "base": {"where": "kind = 'x'"},
            "converted": {"where": "kind = 'y'"}, "within": "7 days",
        }
    },
    "lasted": {"duration": {"from": "moment", "to": "ended_at"}},
    "orders": {"simple": {"count": "rows"}},
    "grown": {
        "growth": {"of": "orders", "versus": "previous_period", "compare": "same_elapsed_days"}
    },
    "formed": {"derived": {"formula": "a / b", "inputs": {"a": INPUTS["a"], "b": INPUTS["b"]}}},
}  # fmt: skip


@settings(max_examples=8, deadline=None, derandomize=True)
@given(events, st.dates(FIRST, AS_OF))
def test_what_comes_after_the_clock_changes_nothing(given_events, clock):
    past = [e for e in given_events if e.day <= clock]
    # What has ended since had not: an earlier clock equals the data of that day.
    known = [
        replace(e, ended_at=None) if e.ended_at and e.ended_at.date() > clock else e for e in past
    ]
    assert computed(given_events, clock, **TYPES) == computed(known, clock, **TYPES)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(events)
def test_slices_add_up_to_the_total_and_days_to_longer_periods(given_events):
    names = ("news", "converted", "orders")
    found = computed(given_events, AS_OF, **{name: TYPES[name] for name in names})
    for name in names:
        by_period: dict[tuple, dict[str, tuple]] = {}
        for row in found[name]:
            by_period.setdefault((row[0], row[2], row[3]), {})[row[4]] = row[6:]
        for (cadence, start, end), slices in by_period.items():
            for n, whole in enumerate(slices["total"]):
                if whole is None:
                    continue
                parts = [part[n] for s, part in slices.items() if s != "total"]
                assert whole == sum(one or 0 for one in parts)  # None: all of nobody
                days = [
                    one["total"][n]
                    for (c, day, _), one in by_period.items()
                    if c == "daily" and start <= day <= end
                ]
                assert whole == sum(one or 0 for one in days), (name, cadence, start)
