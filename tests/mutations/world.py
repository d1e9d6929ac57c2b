"""The market: three stores, two ad channels, 101 clean days of seeded noise.

Its tills write UTC, its days are Berlin's; the clocks go forward on 31 March 2024. Nothing in it is
missing, late or out of range, so without a mutation every period that has ended is measured.
"""

import csv
import datetime as dt
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.copies import PROJECTS, copy_project

FIRST, LAST, AS_OF = dt.date(2024, 1, 1), dt.date(2024, 4, 10), dt.date(2024, 4, 11)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
SEED = 20240411
BERLIN = ZoneInfo("Europe/Berlin")
STORES, CHANNELS, SEGMENTS = ("north", "south", "web"), ("search", "social"), ("home", "trade")
CUSTOMERS = tuple(f"C{number:03}" for number in range(1, 61))
WEEKDAY = (0.9, 0.9, 1.0, 1.0, 1.2, 1.5, 0.8)  # Monday first

Row = dict[str, Any]


def make_market(root: Path, *, seed: int = SEED) -> Path:
    """A copy of the market's specs with its clean raw files; nothing has run yet."""
    copy_project(PROJECTS / "market", root)
    (root / "landing").mkdir()
    for source, rows in clean_rows(seed).items():
        write_csv(root / f"landing/{source}.csv", rows)
    return root


def clean_rows(seed: int = SEED) -> dict[str, list[Row]]:
    """Source to its rows."""
    noise = random.Random(seed)
    return {"orders": _orders(noise), "ads": _ads(noise), "customers": _customers()}


def _orders(noise: random.Random) -> list[Row]:
    rows: list[Row] = []
    for day in DAYS:
        for store in STORES:
            for _ in range(round(noise.uniform(3, 6) * WEEKDAY[day.weekday()])):
                at = some_moment(noise, day)
                order = some_order(noise, len(rows) + 1, at, store)
                rows.append({**order, "amount": f"{noise.uniform(5, 90):.2f}"})
    return rows


def some_moment(noise: random.Random, day: dt.date) -> str:
    """A moment of Berlin's day as the tills write it, in UTC."""
    moment = dt.time(noise.randrange(24), noise.randrange(60), noise.randrange(60))
    local = dt.datetime.combine(day, moment, BERLIN)
    return f"{local.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def some_order(noise: random.Random, number: int, ordered_at: str, store: str) -> Row:
    """An order but for its amount, which the caller draws."""
    return {
        "order_id": number,
        "ordered_at": ordered_at,
        "customer_id": noise.choice(CUSTOMERS),
        "store": store,
        "status": "cancelled" if noise.random() < 0.05 else "paid",
        "units": noise.randint(1, 6),
        "amount": "",
        "currency": "EUR",
    }


def _ads(noise: random.Random) -> list[Row]:
    return [
        {
            "day": day.isoformat(),
            "channel": channel,
            "impressions": (shown := round(noise.uniform(900, 1500) * WEEKDAY[day.weekday()])),
            "clicks": round(shown * noise.uniform(0.02, 0.05)),
            "spend": f"{shown * noise.uniform(0.008, 0.012):.2f}",
        }
        for day in DAYS
        for channel in CHANNELS
    ]


def _customers() -> list[Row]:
    return [
        {"customer_id": customer, "segment": SEGMENTS[number % 3 == 0]}
        for number, customer in enumerate(CUSTOMERS)
    ]


def order_day(order: Row) -> dt.date:
    """Berlin's day of an order."""
    moment = dt.datetime.fromisoformat(order["ordered_at"]).replace(tzinfo=dt.UTC)
    return moment.astimezone(BERLIN).date()


def write_csv(file: Path, rows: list[Row]) -> None:
    """Rows with the header of the first one."""
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
