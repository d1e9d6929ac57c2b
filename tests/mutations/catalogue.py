"""The mutations of `catalogue/*.yml`, each with what must follow from it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.mutations.expected import Withheld
from tests.mutations.world import FIRST, clean_rows, order_day

CATALOGUE = Path(__file__).parent / "catalogue"
WHOLE = (FIRST, dt.date(2024, 12, 31))
# What rests on the join of orders to customers.
BY_SEGMENT = ("revenue", "customers", "revenue_growth", "return_on_ad_spend")

Incident = tuple[str, str, str]  # owner, root, reason code


@dataclass(frozen=True)
class Edit:
    """Words of a spec or a mart that are others."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """One way to spoil the market.

    Attributes:
        name: The mutation.
        says: What is wrong, in words.
        sql: Statements over the rows of the landing files.
        files: Name of a function of `spoiling`.
        edits: What is written otherwise in the project's own files.
        withheld: Which rows lose their value; of those that concern a row the first decides.
        incidents: Which alerts there must be.
        believed: Source and days whose values may be others, since nothing in the data or its
            contract says that they are wrong.
        undetectable: Why nothing says so; empty where something does.
    """

    name: str
    says: str
    sql: tuple[str, ...]
    files: str
    edits: tuple[Edit, ...]
    withheld: tuple[Withheld, ...]
    incidents: frozenset[Incident]
    believed: Withheld | None
    undetectable: str


@cache
def mutations() -> tuple[Mutation, ...]:
    """All mutations, in the order of the files."""
    return tuple(
        _mutation(entry)
        for file in sorted(CATALOGUE.glob("*.yml"))
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))
    )


def _mutation(entry: Mapping[str, Any]) -> Mutation:
    follows = entry.get("follows", [])
    believed = entry.get("believed")
    return Mutation(
        entry["mutation"],
        entry["says"],
        tuple(entry.get("sql", ())),
        entry.get("files", ""),
        tuple(Edit(**edit) for edit in entry.get("edits", ())),
        tuple(one for follow in follows for one in _withheld(follow)),
        frozenset(
            (follow["told"], follow["root"], follow["reason"])
            for follow in follows
            if "root" in follow
        )
        | {tuple(alert) for alert in entry.get("alerts", ())},
        _withheld({**believed, "reason": "", "told": ""})[0] if believed else None,
        entry.get("undetectable", ""),
    )


def _withheld(follow: Mapping[str, Any]) -> tuple[Withheld, ...]:
    first, last = _days(follow.get("days", "all"))
    one = Withheld(
        follow.get("source", "orders"), first, last, follow["reason"], follow["told"],
        only=tuple(follow.get("only", ())), slices=tuple(follow.get("slices", ())),
        slice_value=follow.get("slice_value", ""), cadences=tuple(follow.get("cadences", ())),
        own=follow.get("own", False), at_once=follow.get("at_once", False),
        ended_before=follow.get("ended_before", dt.date.max), but=tuple(follow.get("except", ())),
    )  # fmt: skip
    if "customer" not in follow:
        return (one,)
    return tuple(
        replace(one, first=day, last=day, only=BY_SEGMENT) for day in _visits(follow["customer"])
    )


def _days(said: Any) -> tuple[dt.date, dt.date]:
    if said == "all":
        return WHOLE
    return (said[0], said[1]) if isinstance(said, list) else (said, said)


def _visits(customer: str) -> list[dt.date]:
    """Berlin's days on which a customer orders."""
    orders = clean_rows()["orders"]
    return sorted({order_day(row) for row in orders if row["customer_id"] == customer})
