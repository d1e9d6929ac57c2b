"""The office: a subscription service with events that wait for others, and balances.

The market has sums; this has what they are not: visits that lead to a sign-up days later, visitors
that come back, times between two moments, balances that are carried on. 80 clean days.
"""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.copies import PROJECTS, copy_project
from tests.mutations.expected import Days, Key, Seen
from tests.mutations.world import Row, write_csv

FIRST, LAST, AS_OF = dt.date(2024, 1, 1), dt.date(2024, 3, 20), dt.date(2024, 3, 21)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
SEED = 20240321
CHANNELS, PLANS, TEAMS = ("search", "mail"), ("basic", "pro"), ("first", "second")
VISITORS = tuple(f"V{number:03}" for number in range(1, 91))
ACCOUNTS = {"A1": "eu", "A2": "eu", "A3": "us", "A4": "eu", "A5": "us"}  # with their regions
TIMES = {"visits": "visited_at", "signups": "signed_up_at", "tickets": "closed_at", "seats": "day"}


def make_office(root: Path) -> Path:
    """A copy of the office's specs with its clean raw files; nothing has run yet."""
    copy_project(PROJECTS / "office", root)
    (root / "landing").mkdir()
    for source, rows in clean_rows().items():
        write_csv(root / f"landing/{source}.csv", rows)
    return root


def clean_rows() -> dict[str, list[Row]]:
    """Source to its rows."""
    noise = random.Random(SEED)
    return {
        "visits": _visits(noise),
        "signups": _signups(noise),
        "tickets": _tickets(noise),
        "seats": _seats(noise),
    }


def moment(noise: random.Random, day: dt.date) -> str:
    """A moment of the day, UTC."""
    return f"{day} {noise.randrange(24):02}:{noise.randrange(60):02}:{noise.randrange(60):02}"


def _visits(noise: random.Random) -> list[Row]:
    rows: list[Row] = []
    for day in DAYS:
        for channel in CHANNELS:
            for _ in range(noise.randint(4, 9)):
                rows.append(
                    {
                        "visit_id": len(rows) + 1,
                        "visited_at": moment(noise, day),
                        "visitor_id": noise.choice(VISITORS),
                        "channel": channel,
                    }
                )
    return rows


def _signups(noise: random.Random) -> list[Row]:
    rows: list[Row] = []
    for day in DAYS:
        for plan in PLANS:
            for _ in range(noise.randint(1, 3)):
                rows.append(
                    {
                        "signup_id": len(rows) + 1,
                        "signed_up_at": moment(noise, day),
                        "visitor_id": noise.choice(VISITORS),
                        "plan": plan,
                    }
                )
    return rows


def _tickets(noise: random.Random) -> list[Row]:
    rows: list[Row] = []
    for day in DAYS:
        for team in TEAMS:
            for _ in range(noise.randint(2, 5)):
                closed = moment(noise, day)
                waited = dt.timedelta(minutes=noise.randint(20, 6000))
                rows.append(
                    {
                        "ticket_id": len(rows) + 1,
                        "opened_at": str(dt.datetime.fromisoformat(closed) - waited),
                        "closed_at": closed,
                        "team": team,
                    }
                )
    return rows


def _seats(noise: random.Random) -> list[Row]:
    held = {account: noise.randint(20, 80) for account in ACCOUNTS}
    rows: list[Row] = []
    for day in DAYS:
        for account, region in ACCOUNTS.items():
            held[account] = max(held[account] + noise.randint(-2, 3), 5)
            rows.append(
                {
                    "day": day.isoformat(),
                    "account_id": account,
                    "region": region,
                    "seats": held[account],
                }
            )
    return rows


def _over(before: int | None = 0, after: int = 0) -> Callable[[Days], Days]:
    """The period's days, and so many before and after; all before: None."""

    def days(own: Days) -> Days:
        first = dt.date.min if before is None else own[0] - dt.timedelta(days=before)
        return first, own[1] + dt.timedelta(days=after)

    return days


def _last(number: int) -> Callable[[Days], Days]:
    return lambda own: (own[1] - dt.timedelta(days=number - 1), own[1])


def _month_so_far(own: Days) -> Days:
    return own[1].replace(day=1), own[1]


def _first_day(own: Days) -> Days:
    return own[0], own[0]


def _balance_day(own: Days) -> Days:
    """The last one; of a period that is open the newest one with rows stands for it."""
    return (own[1], own[1]) if own[1] <= LAST else own


# Source -> KPI -> the days that a period's value rests on. A visit at noon is followed within seven
# days until noon of the eighth day.
RESTS_ON: Mapping[str, Mapping[str, Callable[[Days], Days]]] = {
    "visits": {
        "signup_rate": _over(), "visitor_signup_rate": _over(), "signup_rate_growth": _over(7),
        "signups_per_visitor": _over(), "visitors_28_days": _last(28),
        "returning_visitors": _over(None), "regular_visitors": _last(14),
    },
    "signups": {
        "signup_rate": _over(0, 7), "visitor_signup_rate": _over(0, 14),
        "signup_rate_growth": _over(7, 7), "signups": _over(),
        "signups_month_to_date": _month_so_far, "signups_per_visitor": _over(),
    },
    "tickets": {"time_to_close": _over(), "slow_tickets": _over()},
    "seats": {
        "seats_sold": _over(None), "seats_at_start": _first_day, "seats_reported": _balance_day,
        "largest_account": _over(),
    },
}  # fmt: skip


def rests_on(key: Key, row: Seen, source: str, day: dt.date) -> bool:
    """Whether a published value rests on this day of the source."""
    days = RESTS_ON[source].get(key[0])
    if days is None:
        return False
    first, last = days(row.days)
    return first <= day <= last
