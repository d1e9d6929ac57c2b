"""For random calendars, rows and specs every value equals a slow computation in plain Python.

Besides: slices add up, longer periods are the sum of their days, and the clock hides the future.
"""

import datetime as dt
import json
import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_kpis import CALENDARS, CLOCK, DAY, LATEST, Random, SlowKpis, UnsureError, kpis

from tests.compiled import compute, dataset, kpi, table
from tests.random_examples import few
from tests.slow_metrics import Event

COLUMNS = (
    "id integer, day date, entity text, purchase integer, channel text, kind text, "
    "amount decimal(10,2), moment timestamp, ended_at timestamp"
)
GRAIN = [[], ["channel"], ["channel", "kind"]]

# Around the clock, a year before it, and anywhere: before the calendar begins, after the clock.
days = st.one_of(
    st.dates(CLOCK - 40 * DAY, LATEST),
    st.dates(CLOCK - 410 * DAY, CLOCK - 350 * DAY),
    st.dates(CLOCK - 500 * DAY, LATEST),
)


@st.composite
def _event(draw: st.DrawFn) -> Event:
    day = draw(days)
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
    """Even numbers are rows of the second dataset too: those of its first and newest day are."""
    seen = [e.day for e in found if e.day <= CLOCK]
    ends = {min(seen), max(seen)} if seen else set()
    return [
        replace(event, id=2 * n + (0 if event.day in ends else n % 2))
        for n, event in enumerate(found)
    ]


# Days before the newest one: where the same elapsed days of a period before may end.
AS_FAR_BEFORE = (1, 7, 28, 29, 30, 31, 90, 91, 92, 364, 365, 366, 371)


def _dense(seed: int) -> list[Event]:
    """More of them, in two stretches a year apart, so that there is something to compare."""
    any_of = random.Random(seed)
    unknown = any_of.choice([0, 0, 0.08])

    def maybe(*values):
        return None if any_of.random() < unknown else any_of.choice(values)

    def event(day: dt.date) -> Event:
        moment = dt.datetime.combine(day, dt.time(any_of.randint(0, 23)))
        return Event(
            0, day, maybe("anna", "ben", "cem"), maybe(1, 2, 3, 4, 5), maybe("web", "web", "shop"),
            maybe("x", "x", "y"), maybe(any_of.randint(1, 9999), any_of.randint(-50, 300)), moment,
            maybe(moment + any_of.randint(0, 300) * dt.timedelta(hours=1)),
        )  # fmt: skip

    stretches = [any_of.choice([0, 0, 365]) for _ in range(any_of.randint(15, 30))]
    days = [CLOCK - days * DAY + any_of.randint(-80, 4) * DAY for days in stretches]
    newest = max((day for day in days if day <= CLOCK), default=CLOCK)
    return [event(day) for day in [*days, *(newest - n * DAY for n in AS_FAR_BEFORE)]]


# Few ones, which a failure makes fewer still, or many.
events = st.one_of(
    st.lists(_event(), min_size=1, max_size=20),
    *[st.integers(0, 100_000).map(_dense)] * 3,
).map(_numbered)
history = st.dates(CLOCK - 430 * DAY, CLOCK - 380 * DAY)


def computed(
    given_events: list[Event],
    drawn: dict[str, Random],
    *,
    calendar: str,
    history_from: dt.date,
    as_of: dt.date = CLOCK,
) -> duckdb.DuckDBPyConnection:
    """Every kpi_<name>, in all cadences and slices."""
    rows = [
        (
            e.id, e.day, e.entity, e.order, e.channel, e.kind,
            None if e.cents is None else f"{e.cents / 100:.2f}", e.moment, e.ended_at,
        )
        for e in given_events
    ]  # fmt: skip
    of = CALENDARS[calendar]
    return compute(
        [
            kpi(name, one.metric, cadence=one.cadences, grain=GRAIN,
                calendar=of.get("calendar", "gregorian"))
            for name, one in drawn.items()
        ],
        [dataset(name, dimensions=("channel", "kind")) for name in ("events", "others")],
        {
            "events": table(COLUMNS, rows),
            "others": f"select * from ({table(COLUMNS, rows)}) where id % 2 = 0",
        },
        as_of=as_of,
        history_from=history_from,
        calendars=of,
    )  # fmt: skip


def rows_of(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return con.execute(
        "select cadence, period_start, period_end, channel, kind, value, numerator, denominator "
        f"from kpi_{name} order by all"
    ).fetchall()


def worth_a_look(wanted: SlowKpis, cadence: str) -> set[int]:
    """All longer periods; of the days some with an event, the first and the last."""
    places = wanted.places(cadence)
    if cadence != "daily":
        return set(places)
    around = [e.day + n * DAY for e in wanted.seen[::4] for n in (0, 1)]
    around += [wanted.first, CLOCK - DAY, CLOCK]
    daily = wanted.periods["daily"]
    return {daily.places[day] for day in around} & set(places)


def check(con: duckdb.DuckDBPyConnection, wanted: SlowKpis) -> None:
    specs = json.dumps({name: one.metric for name, one in wanted.kpis.items()})
    for name, one in wanted.kpis.items():
        found = rows_of(con, name)
        cells = {row[3:5] for row in found}
        assert {(c, None) for c in wanted.channels} | {(None, None)} <= cells
        assert len(found) == len({row[:5] for row in found}), "a period and slice stands twice"
        for cadence in one.cadences:
            stretch = wanted.periods[cadence]
            spans = {p: (stretch.days[p][0], stretch.days[p][-1]) for p in wanted.places(cadence)}
            rows = {row[1:5]: row for row in found if row[0] == cadence}
            assert {key[:2] for key in rows} == set(spans.values()), (name, cadence)
            assert len(rows) == len(spans) * len(cells)
            for place in worth_a_look(wanted, cadence):
                for cell in cells:
                    row = rows[*spans[place], *cell]
                    for got, right in pairs(row, wanted, name, cadence, place):
                        exact = one.additive
                        assert equal(got, right, exact=exact), (name, row, right, specs)


def pairs(row, wanted: SlowKpis, name: str, cadence: str, place: int):
    """What is found beside what is right: the value, and numerator and denominator."""
    try:
        yield row[5], wanted.value(name, cadence, place, row[3:5])
    except UnsureError:
        return
    if wanted.kpis[name].of_rows is not None:
        parts = wanted.parts(name, cadence, place, row[3:5])
        if isinstance(parts, tuple):
            yield from zip(row[6:8], parts, strict=True)


def equal(got: float | None, right: Any, *, exact: bool) -> bool:
    """Sums of decimals are those to the last bit."""
    if got is None or right is None:
        return got is right
    return got == float(right) if exact else math.isclose(got, right, rel_tol=1e-9, abs_tol=1e-9)


@few(15, shrink=False)
@given(events, kpis(), st.sampled_from(sorted(CALENDARS)), history)
def test_every_value_equals_the_slow_computation(given_events, drawn, calendar, history_from):
    wanted = SlowKpis(drawn, given_events, calendar, history_from)
    con = computed(given_events, drawn, calendar=calendar, history_from=history_from)
    check(con, wanted)


@few(6, shrink=False)
@given(events, kpis(), st.sampled_from(sorted(CALENDARS)), history, st.integers(0, 60))
def test_what_comes_after_the_clock_changes_nothing(
    given_events, drawn, calendar, history_from, days_before
):
    clock = CLOCK - days_before * DAY
    # What has ended since had not: an earlier clock equals the data of that day.
    known = [
        replace(e, ended_at=None) if e.ended_at and e.ended_at.date() > clock else e
        for e in given_events
        if e.day <= clock
    ]
    seen, of_that_day = (
        computed(rows, drawn, calendar=calendar, history_from=history_from, as_of=clock)
        for rows in (given_events, known)
    )
    for name in drawn:
        assert rows_of(seen, name) == rows_of(of_that_day, name), name


@few(6, shrink=False)
@given(events, kpis(), st.sampled_from(sorted(CALENDARS)), history)
def test_slices_add_up_to_the_total_and_days_to_longer_periods(
    given_events, drawn, calendar, history_from
):
    given_events = [e for e in given_events if e.day >= history_from]
    con = computed(given_events, drawn, calendar=calendar, history_from=history_from)
    for name in (name for name, one in drawn.items() if one.additive):
        by_channel, by_kind, by_day = Counter(), Counter(), Counter()
        rows = rows_of(con, name)
        longer = [row for row in rows if row[0] != "daily"]
        for cadence, start, end, channel, kind, value, _, _ in rows:
            part = value or 0  # nothing: all of nobody
            if kind is not None:
                by_kind[cadence, start, channel] += part
            elif channel is not None:
                by_channel[cadence, start] += part
            for row in longer if cadence == "daily" else ():
                if row[1] <= start and end <= row[2] and row[3:5] == (channel, kind):
                    by_day[row[:5]] += part
        for cadence, start, end, channel, kind, value, _, _ in rows:
            if value is None:
                continue
            if channel is None:
                assert by_channel[cadence, start] == pytest.approx(value), (name, start)
            elif kind is None:
                assert by_kind[cadence, start, channel] == pytest.approx(value), (name, start)
            if cadence != "daily":
                key = (cadence, start, end, channel, kind)
                assert by_day[key] == pytest.approx(value), (name, key)
