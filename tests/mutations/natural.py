"""The market as real ones are: nothing is wrong with its data, and no two weeks are alike.

Each seed is another market: it grows or shrinks, has promotions (more orders at lower prices), slow
holidays, days on which it is closed by contract, campaigns and pauses of its ads, and orders that
arrive late, within what its contract allows.
"""

import datetime as dt
import random
from dataclasses import dataclass
from pathlib import Path

from tests.copies import PROJECTS, copy_project
from tests.mutations.world import (
    CHANNELS,
    CUSTOMERS,
    DAYS,
    FIRST,
    SEGMENTS,
    STORES,
    WEEKDAY,
    Row,
    some_moment,
    some_order,
    write_csv,
)

LATE = 2  # days within which every order has arrived, by contract
FEWEST = 3  # orders of a day, by contract: one of each store


@dataclass(frozen=True)
class Season:
    """What one market's days are like.

    Attributes:
        as_of: The clock; the newest days before it are still arriving.
        closed: Days without orders, as the contract says.
        demand: Day to its orders, against those of an ordinary one.
        price: Day to its prices, against those of an ordinary one.
        campaign: Day to its impressions, against those of an ordinary one.
    """

    as_of: dt.date
    closed: tuple[dt.date, ...]
    demand: dict[dt.date, float]
    price: dict[dt.date, float]
    campaign: dict[dt.date, float]


def make_season(seed: int) -> Season:
    """The days of the market of this seed."""
    noise = random.Random(seed)
    trend = noise.uniform(-0.003, 0.006)  # a day: from a quarter less to 80 % more at the end
    demand = {day: 1 + trend * (day - FIRST).days for day in DAYS}
    price, campaign = dict.fromkeys(DAYS, 1.0), dict.fromkeys(DAYS, 1.0)
    for day in DAYS:
        demand[day] *= WEEKDAY[day.weekday()]
        campaign[day] *= WEEKDAY[day.weekday()]
    for _ in range(noise.randint(1, 4)):
        lift, off = noise.uniform(1.3, 3), noise.uniform(0.6, 0.9)
        for day in _stretch(noise, noise.randint(2, 8)):
            demand[day] *= lift
            price[day] *= off
    for day in noise.sample(DAYS, noise.randint(0, 4)):  # a slow day: a holiday, snow
        demand[day] *= noise.uniform(0.3, 0.7)
    for _ in range(noise.randint(0, 3)):
        more = noise.choice([0.4, 1.8, 3.0])
        for day in _stretch(noise, noise.randint(3, 14)):
            campaign[day] *= more
    closed = noise.sample(DAYS[:-7], noise.randint(0, 3))
    as_of = DAYS[-1] + dt.timedelta(days=1 - noise.randrange(25))
    return Season(as_of, tuple(sorted(closed)), demand, price, campaign)


def make_natural_market(root: Path, seed: int) -> Season:
    """A market's specs and its files as they lie there at its clock; nothing has run yet."""
    market, noise = make_season(seed), random.Random(f"rows {seed}")
    copy_project(PROJECTS / "market", root)
    _say_in_the_contract(root / "kpi_specs/sources/orders.yml", market)
    (root / "landing").mkdir()
    customers = [
        {"customer_id": one, "segment": SEGMENTS[noise.random() < 0.3]} for one in CUSTOMERS
    ]
    write_csv(root / "landing/customers.csv", customers)
    ads = [row for row in _ads(noise, market) if row["day"] < str(market.as_of)]
    write_csv(root / "landing/ads.csv", ads)
    write_csv(root / "landing/orders.csv", _arrived(_orders(seed, market), market, noise))
    return market


def all_has_arrived(root: Path, seed: int) -> None:
    """The orders of the same days once more, with those that were late."""
    market = make_season(seed)
    orders = [row for row in _orders(seed, market) if row["day"] < market.as_of]
    write_csv(root / "landing/orders.csv", [_without_day(row) for row in orders])


def _arrived(orders: list[Row], market: Season, noise: random.Random) -> list[Row]:
    """The orders that are there at the clock: of the newest days some, of the others all."""
    share = {market.as_of - dt.timedelta(days=n): noise.random() for n in range(1, LATE)}
    return [
        _without_day(row)
        for row in orders
        if row["day"] < market.as_of and noise.random() < share.get(row["day"], 1)
    ]


def _stretch(noise: random.Random, days: int) -> list[dt.date]:
    first = noise.randrange(len(DAYS))
    return DAYS[first : first + days]


def _say_in_the_contract(spec: Path, market: Season) -> None:
    text = spec.read_text(encoding="utf-8")
    for old, new in (
        ("within: 1 day}", f"within: {LATE} days}}\nrestates: {LATE} days"),
        (
            "{rows_per_day: 6, ",
            f"{{rows_per_day: {FEWEST}, closed_on: [{', '.join(map(str, market.closed))}], ",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text, encoding="utf-8")


def _orders(seed: int, market: Season) -> list[Row]:
    noise = random.Random(f"orders {seed}")
    rows: list[Row] = []
    for day in DAYS:
        if day in market.closed:
            continue
        for store in STORES:
            for _ in range(max(1, round(noise.gauss(6, 1.5) * market.demand[day]))):
                at = some_moment(noise, day)
                amount = min(500, noise.lognormvariate(3.3, 0.7) * market.price[day])
                order = some_order(noise, len(rows) + 1, at, store)
                rows.append({"day": day, **order, "amount": f"{amount:.2f}"})
    return rows


def _ads(noise: random.Random, market: Season) -> list[Row]:
    return [
        {
            "day": day.isoformat(),
            "channel": channel,
            "impressions": (shown := max(100, round(noise.gauss(1200, 150) * campaign))),
            "clicks": max(1, round(shown * noise.uniform(0.02, 0.05))),
            "spend": f"{shown * noise.uniform(0.008, 0.012):.2f}",
        }
        for day, campaign in market.campaign.items()
        for channel in CHANNELS
    ]


def _without_day(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "day"}
