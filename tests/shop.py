"""The shop: a small project of its own, whose every number a person can check.

From 1 January to 29 February 2024 it sells, every day, one order of 20.00 on the web and one of
10.00 in the shop: 930.00 in January (31 days), 870.00 in February (29 days). Its ads are shown
1,000 times a day on the web for 5.00, and clicked 20 times.
"""

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from tests.copies import PROJECTS, copy_project

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 2, 29)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
JANUARY, FEBRUARY = "landing/orders_2024-01.csv", "landing/orders_2024-02.csv"
ADS = "landing/ads_2024.csv"


def make_shop(root: Path) -> Path:
    """A copy of the shop's specs with its raw files; nothing has run yet."""
    copy_project(PROJECTS / "shop", root)
    (root / "landing").mkdir()
    for name, month in ((JANUARY, 1), (FEBRUARY, 2)):
        days = [day for day in DAYS if day.month == month]
        (root / name).write_text(orders_csv(days), encoding="utf-8")
    lines = ["day,channel,impressions,clicks,spend"]
    lines += [f"{day},web,1000,20,5.00" for day in DAYS]
    (root / ADS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@contextmanager
def to_be_changed(ran: Path) -> Iterator[Path]:
    """A shop that has run, as it was again afterwards.

    It stays at its place, for which dbt has parsed it: to parse it anew is a sixth of a run.
    """
    kept = ran.with_name(f"{ran.name}-kept")
    shutil.copytree(ran, kept)
    try:
        yield ran
    finally:
        shutil.rmtree(ran)
        kept.rename(ran)


def orders_csv(days: list[dt.date], web: str = "20.00") -> str:
    """Two orders a day."""
    lines = ["order_id,ordered_on,customer,channel,amount"]
    for day in days:
        number = (day - dt.date(2024, 1, 1)).days * 2
        lines.append(f"{number},{day},anna,web,{web}")
        lines.append(f"{number + 1},{day},ben,shop,10.00")
    return "\n".join(lines) + "\n"


def published(root: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the live publication."""
    with duckdb.connect(str(root / "published/kpis.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def monthly(root: Path, kpi: str) -> dict[str, tuple[Any, ...]]:
    """Period -> (value, data_status, reason_codes) of a KPI's monthly total."""
    rows = published(
        root,
        f"select period, value, data_status, reason_codes from kpi_values where kpi = '{kpi}' "
        "and cadence = 'monthly' and slice = 'total' order by period",
    )
    return {period: tuple(rest) for period, *rest in rows}
