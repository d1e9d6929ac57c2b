"""Small corruptions of the office that a property puts together at random.

As in `corruptions.py`: what the contract speaks against returns nothing; what nothing speaks
against returns the days of its source whose values may be others for it.
"""

import datetime as dt
import random
from collections.abc import Callable

from tests.mutations.office import (
    ACCOUNTS,
    CHANNELS,
    DAYS,
    FIRST,
    PLANS,
    TEAMS,
    TIMES,
    VISITORS,
    clean_rows,
    moment,
)
from tests.mutations.world import Row

DAY = " day"  # of a row in memory, not of its file
World = dict[str, list[Row]]  # source to its rows; all cells are text
Believed = list[tuple[str, dt.date]]  # source and day
Corruption = Callable[[World, random.Random], Believed | None]

SEEN: dict[str, Corruption] = {}
UNSEEN: dict[str, Corruption] = {}

_KEYS = {"visits": "visit_id", "signups": "signup_id", "tickets": "ticket_id"}
_PARTS = {
    "visits": ("channel", CHANNELS),
    "signups": ("plan", PLANS),
    "tickets": ("team", TEAMS),
    "seats": ("account_id", tuple(ACCOUNTS)),
}


def _seen(change: Corruption) -> Corruption:
    SEEN[change.__name__] = change
    return change


def _unseen(change: Corruption) -> Corruption:
    UNSEEN[change.__name__] = change
    return change


def clean_world() -> World:
    """The office's rows; each knows the day that it is of, whatever becomes of its cells."""
    return {
        source: [
            {name: str(cell) for name, cell in row.items()}
            | {DAY: dt.date.fromisoformat(row[TIMES[source]][:10])}
            for row in rows
        ]
        for source, rows in clean_rows().items()
    }


def _any(world: World, noise: random.Random) -> str:
    return noise.choice(sorted(world))


def _some(rows: list[Row], noise: random.Random) -> list[Row]:
    """One to five rows of the last weeks."""
    return noise.sample(rows[len(rows) // 3 :], noise.randint(1, 5))


@_seen
def days_gone(world: World, noise: random.Random) -> None:
    source, first = _any(world, noise), noise.choice(DAYS)
    last = first + dt.timedelta(days=noise.randrange(4))
    world[source] = [row for row in world[source] if not first <= row[DAY] <= last]


@_seen
def a_part_gone_for_a_day(world: World, noise: random.Random) -> None:
    source = _any(world, noise)
    column, values = _PARTS[source]
    gone = (noise.choice(DAYS), noise.choice(values))
    world[source] = [row for row in world[source] if (row[DAY], row[column]) != gone]


@_seen
def deliveries_end(world: World, noise: random.Random) -> None:
    source, last = _any(world, noise), noise.choice(DAYS[-40:-1])
    world[source] = [row for row in world[source] if row[DAY] <= last]


@_seen
def cells_that_cannot_be_read(world: World, noise: random.Random) -> None:
    source = _any(world, noise)
    column = noise.choice([TIMES[source], "seats" if source == "seats" else _KEYS[source]])
    for row in _some(world[source], noise):
        row[column] = noise.choice(["", "n/a", "31/31/2024", "#REF!"])


@_seen
def seats_outside_their_range(world: World, noise: random.Random) -> None:
    for row in _some(world["seats"], noise):
        row["seats"] = noise.choice(["-1", "501", "1000000", "NaN", "", "12.5"])


@_seen
def parts_that_nobody_knows(world: World, noise: random.Random) -> None:
    source = noise.choice(["visits", "signups", "tickets"])
    column, values = _PARTS[source]
    for row in _some(world[source], noise):
        row[column] = noise.choice([values[0].upper(), f"{values[0]} ", "", "other"])


@_seen
def rows_twice(world: World, noise: random.Random) -> None:
    source = _any(world, noise)
    world[source] += [dict(row) for row in _some(world[source], noise)]


@_seen
def a_column_renamed(world: World, noise: random.Random) -> None:
    source = _any(world, noise)
    old = noise.choice([name for name in world[source][0] if name != DAY])
    world[source] = [
        {f"{name}_new" if name == old else name: cell for name, cell in row.items()}
        for row in world[source]
    ]


@_seen
def rows_of_tomorrow(world: World, noise: random.Random) -> None:
    source = _any(world, noise)
    for row in _some(world[source], noise):
        row[TIMES[source]] = f"{noise.randint(2100, 2199)}-06-15"


@_seen
def tickets_closed_before_they_were_opened(world: World, noise: random.Random) -> None:
    for row in _some(world["tickets"], noise):
        closed = dt.datetime.fromisoformat(row["closed_at"])
        row["opened_at"] = str(closed + dt.timedelta(hours=noise.randint(1, 90)))


@_seen
def tickets_without_a_start(world: World, noise: random.Random) -> None:
    for row in _some(world["tickets"], noise):
        row["opened_at"] = noise.choice(["", "soon"])


@_seen
def visits_of_nobody(world: World, noise: random.Random) -> None:
    source = noise.choice(["visits", "signups"])
    for row in _some(world[source], noise):
        row["visitor_id"] = ""


@_unseen
def events_lost_one_by_one(world: World, noise: random.Random) -> Believed:
    source = noise.choice(sorted(_KEYS))
    gone = _some(world[source], noise)
    world[source] = [row for row in world[source] if row not in gone]
    return [(source, row[DAY]) for row in gone]


@_unseen
def events_that_nobody_made(world: World, noise: random.Random) -> Believed:
    source = noise.choice(sorted(_KEYS))
    made = [dict(row) for row in _some(world[source], noise)]
    for row in made:
        row[_KEYS[source]] = str(900_000_000 + noise.randrange(90_000_000))
    world[source] += made
    return [(source, row[DAY]) for row in made]


@_unseen
def events_of_somebody_else(world: World, noise: random.Random) -> Believed:
    source = noise.choice(["visits", "signups"])
    changed = _some(world[source], noise)
    for row in changed:
        row["visitor_id"] = noise.choice(VISITORS)
    return [(source, row[DAY]) for row in changed]


@_unseen
def events_of_another_known_part(world: World, noise: random.Random) -> Believed:
    source = noise.choice(sorted(_KEYS))
    column, values = _PARTS[source]
    changed = _some(world[source], noise)
    for row in changed:
        row[column] = noise.choice(values)
    return [(source, row[DAY]) for row in changed]


@_unseen
def events_at_another_moment(world: World, noise: random.Random) -> Believed:
    source = noise.choice(["visits", "signups"])
    changed = _some(world[source], noise)
    days = [noise.choice(DAYS[1:-1]) for _ in changed]
    for row, day in zip(changed, days, strict=True):
        row[TIMES[source]] = moment(noise, day)
    return [(source, day) for day in [*days, *(row[DAY] for row in changed)]]


@_unseen
def tickets_opened_at_another_moment(world: World, noise: random.Random) -> Believed:
    changed = _some(world["tickets"], noise)
    for row in changed:
        row["opened_at"] = moment(noise, FIRST - dt.timedelta(days=noise.randint(1, 90)))
    return [("tickets", row[DAY]) for row in changed]


@_unseen
def other_seats_within_the_range(world: World, noise: random.Random) -> Believed:
    changed = _some(world["seats"], noise)
    for row in changed:
        row["seats"] = str(noise.randint(1, 99))
    return [("seats", row[DAY]) for row in changed]
