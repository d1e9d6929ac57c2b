"""Small corruptions that a property puts together at random, and what each of them may change.

What the contract speaks against must not be believed: those return nothing. What nothing in the
data or its contract speaks against is believed; those say which values may be others for it.
"""

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

from tests.mutations.catalogue import BY_SEGMENT
from tests.mutations.expected import Withheld
from tests.mutations.world import (
    AS_OF,
    DAYS,
    FIRST,
    STORES,
    Row,
    clean_rows,
    order_day,
    write_csv,
)

DAY = " day"  # of a row in memory, not of its file
World = dict[str, list[Row]]  # source to its rows; all cells are text
Corruption = Callable[[World, random.Random], list[Withheld]]

SEEN: dict[str, Corruption] = {}
UNSEEN: dict[str, Corruption] = {}


def seen(change: Callable[[World, random.Random], None]) -> Callable[..., None]:
    """The contract speaks against it."""

    def corrupt(world: World, noise: random.Random) -> list[Withheld]:
        change(world, noise)
        return []

    SEEN[change.__name__] = corrupt
    return change


def unseen(change: Corruption) -> Corruption:
    """Nothing speaks against it; it returns what rests on the rows that it changed."""
    UNSEEN[change.__name__] = change
    return change


def clean_world() -> World:
    """The market's rows; each knows the day that it is of, whatever becomes of its cells."""
    return {
        source: [{name: str(cell) for name, cell in row.items()} | {DAY: _day(row)} for row in rows]
        for source, rows in clean_rows().items()
    }


def write_world(world: World, root: Path) -> None:
    """The landing files of these rows."""
    for source, rows in world.items():
        cells = [{name: cell for name, cell in row.items() if name != DAY} for row in rows]
        write_csv(root / f"landing/{source}.csv", cells)


def _day(row: Row) -> dt.date | None:
    """Berlin's day of an order, the day of an ad."""
    if "ordered_at" in row:
        return order_day(row)
    return dt.date.fromisoformat(row["day"]) if "day" in row else None


def day_of(row: Row) -> dt.date:
    """The day that a row is of before anything is spoilt."""
    day: dt.date = row[DAY]
    return day


def _dated(world: World, noise: random.Random) -> str:
    return noise.choice(["orders", "ads"])


def _some(rows: list[Row], noise: random.Random) -> list[Row]:
    """One to five rows of the last weeks."""
    return noise.sample(rows[len(rows) // 2 :], noise.randint(1, 5))


def _believed(source: str, *days: dt.date, **only: tuple[str, ...]) -> list[Withheld]:
    return [Withheld(source, day, day, "", "", **only) for day in days]


@seen
def days_gone(world: World, noise: random.Random) -> None:
    source, first = _dated(world, noise), noise.choice(DAYS)
    last = first + dt.timedelta(days=noise.randrange(4))
    world[source] = [row for row in world[source] if not first <= day_of(row) <= last]


@seen
def a_store_gone_for_a_day(world: World, noise: random.Random) -> None:
    gone = (noise.choice(DAYS), noise.choice(STORES))
    world["orders"] = [row for row in world["orders"] if (day_of(row), row["store"]) != gone]


@seen
def deliveries_end(world: World, noise: random.Random) -> None:
    source, last = _dated(world, noise), noise.choice(DAYS[-30:-1])
    world[source] = [row for row in world[source] if day_of(row) <= last]


@seen
def cells_that_cannot_be_read(world: World, noise: random.Random) -> None:
    column = noise.choice(["amount", "units", "ordered_at", "order_id"])
    for row in _some(world["orders"], noise):
        row[column] = noise.choice(["", "n/a", "12,50 EUR", "31/31/2024", "#REF!"])


@seen
def numbers_outside_their_range(world: World, noise: random.Random) -> None:
    for row in _some(world["orders"], noise):
        row["amount"] = noise.choice(["-0.01", "500.01", "1000000", "NaN", "inf"])


@seen
def advertising_outside_its_range(world: World, noise: random.Random) -> None:
    for row in _some(world["ads"], noise):
        row[noise.choice(["spend", "clicks", "impressions"])] = noise.choice(["-1", "", "x", "NaN"])


@seen
def values_that_nobody_knows(world: World, noise: random.Random) -> None:
    column, values = noise.choice(
        [("store", ["east", "North", "web ", ""]), ("status", ["PAID", "open", " paid", ""])]
    )
    for row in _some(world["orders"], noise):
        row[column] = noise.choice(values)


@seen
def another_currency(world: World, noise: random.Random) -> None:
    for row in _some(world["orders"], noise):
        row["currency"] = noise.choice(["USD", "eur", ""])


@seen
def rows_twice(world: World, noise: random.Random) -> None:
    source = noise.choice(["orders", "ads", "customers"])
    world[source] += [dict(row) for row in _some(world[source], noise)]


@seen
def customers_gone(world: World, noise: random.Random) -> None:
    gone = _some(world["customers"], noise)
    world["customers"] = [row for row in world["customers"] if row not in gone]


@seen
def a_column_renamed(world: World, noise: random.Random) -> None:
    source = noise.choice(["orders", "ads", "customers"])
    old = noise.choice([name for name in world[source][0] if name != DAY])
    world[source] = [
        {f"{name}_new" if name == old else name: cell for name, cell in row.items()}
        for row in world[source]
    ]


@seen
def orders_of_tomorrow(world: World, noise: random.Random) -> None:
    for row in _some(world["orders"], noise):  # after the day on which they are loaded, too
        row["ordered_at"] = f"{noise.randint(2100, 2199)}-06-15 12:00:00"


@unseen
def orders_lost_one_by_one(world: World, noise: random.Random) -> list[Withheld]:
    gone = _some(world["orders"], noise)
    world["orders"] = [row for row in world["orders"] if row not in gone]
    return _believed("orders", *map(day_of, gone))


@unseen
def orders_that_nobody_made(world: World, noise: random.Random) -> list[Withheld]:
    made = [dict(row) for row in _some(world["orders"], noise)]
    for row in made:
        row["order_id"] = str(900_000_000 + noise.randrange(90_000_000))
    world["orders"] += made
    return _believed("orders", *map(day_of, made))


@unseen
def other_amounts_within_the_range(world: World, noise: random.Random) -> list[Withheld]:
    changed = _some(world["orders"], noise)
    for row in changed:
        row["amount"] = f"{noise.uniform(5, 90):.2f}"
    return _believed("orders", *map(day_of, changed))


@unseen
def another_store_or_status_that_is_known(world: World, noise: random.Random) -> list[Withheld]:
    changed = _some(world["orders"], noise)
    for row in changed:
        row["store"], row["status"] = noise.choice(STORES), noise.choice(["paid", "cancelled"])
    return _believed("orders", *map(day_of, changed))


@unseen
def orders_on_another_day(world: World, noise: random.Random) -> list[Withheld]:
    changed = _some(world["orders"], noise)
    days = [noise.choice(DAYS[1:-1]) for _ in changed]
    for row, day in zip(changed, days, strict=True):
        row["ordered_at"] = f"{day} 12:00:00"
    return _believed("orders", *days, *map(day_of, changed))


@unseen
def customers_in_another_segment(world: World, noise: random.Random) -> list[Withheld]:
    for row in _some(world["customers"], noise):
        row["segment"] = noise.choice(["home", "trade"])
    return [Withheld("orders", FIRST, AS_OF, "", "", only=BY_SEGMENT, slices=("segment",))]


@unseen
def other_clicks(world: World, noise: random.Random) -> list[Withheld]:
    changed = _some(world["ads"], noise)
    for row in changed:
        row["clicks"] = str(int(row["clicks"]) + noise.randint(1, 9))
    return _believed("ads", *map(day_of, changed))
