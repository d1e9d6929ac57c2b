"""Faults that real exports have, planted by name into the landing folder, with an answer key.

Each function changes files of one source and returns what it did. Later work is tested on them:
the right answer to a fault is in `ANSWER_KEY.json`, which nothing but tests may read.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orchestration.demo.files import read, rewrite, write

ANSWER_KEY = "ANSWER_KEY.json"
AD_DATASETS = ("ad_performance", "ad_attribution", "ad_returns")


@dataclass(frozen=True)
class PlantedFault:
    """One fault as planted.

    Attributes:
        fault: its name.
        source: the source that is hit.
        file: the file that was changed or added, relative to the landing folder.
        rows: rows taken away, added or changed.
        dates: ISO business dates of these rows.
        datasets: datasets whose KPIs must notice, or must not change where `effect` says so.
        effect: what is wrong now, and what the right answer is, in words.
    """

    fault: str
    source: str
    file: str
    rows: int
    dates: tuple[str, ...]
    datasets: tuple[str, ...]
    effect: str


def missing_day(con: duckdb.DuckDBPyConnection, landing: Path) -> PlantedFault:
    """One day of the search platform is not in its file."""
    day, file = "2017-09-13", "google_ads/campaign_performance_2017-09.csv"
    read(con, landing / file)
    before = _count(con)
    kept = rewrite(con, landing / file, f"select * from given where date <> '{day}'")
    return PlantedFault(
        "missing_day", "ad_google", file, before - kept, (day,), AD_DATASETS,
        "the day, its week, its month and the year are incomplete",
    )  # fmt: skip


def duplicate_load(con: duckdb.DuckDBPyConnection, landing: Path) -> PlantedFault:
    """A week is exported a second time, in a file of its own."""
    dates = _dates("2017-06-05", 7)
    again = "google_ads/campaign_performance_2017-06_resent.csv"
    read(con, landing / "google_ads/campaign_performance_2017-06.csv")
    rows = write(con, f"select * from given where date in {dates}", landing / again)
    return PlantedFault(
        "duplicate_load", "ad_google", again, rows, dates, AD_DATASETS,
        "every key of the week is there twice in raw; marts and KPIs must not change",
    )  # fmt: skip


def null_spend(con: duckdb.DuckDBPyConnection, landing: Path) -> PlantedFault:
    """Three days have impressions and clicks, but no cost."""
    dates = _dates("2017-10-09", 3)
    file = "google_ads/campaign_performance_2017-10.csv"
    blank = f"if(date in {dates}, null, cost_micros) as cost_micros"
    rewrite(con, landing / file, f"select * replace ({blank}) from given")
    rows = _count(con, f"date in {dates}")
    return PlantedFault(
        "null_spend", "ad_google", file, rows, dates, AD_DATASETS,
        "cost is unknown, not 0: what divides by it or into it must not be published",
    )  # fmt: skip


def mixed_currency(con: duckdb.DuckDBPyConnection, landing: Path) -> PlantedFault:
    """One campaign's cost is delivered in euros for a week."""
    dates = _dates("2017-11-13", 7)
    file = "meta_ads/insights_2017-11.jsonl"
    hit = f"date_start::varchar in {dates} and campaign_id = '880201'"
    euros = f"if({hit}, (spend::decimal(18, 2) / 1.17)::decimal(18, 2)::varchar, spend) as spend"
    code = f"if({hit}, 'EUR', account_currency) as account_currency"
    rewrite(con, landing / file, f"select * replace ({euros}, {code}) from given")
    rows = _count(con, hit)
    return PlantedFault(
        "mixed_currency", "ad_meta", file, rows, dates, AD_DATASETS,
        "two currencies in one sum",
    )  # fmt: skip


def late_restatement(con: duckdb.DuckDBPyConnection, landing: Path) -> PlantedFault:
    """The platform revises the last week of August after the fact, cost up by a twentieth."""
    dates = _dates("2017-08-25", 7)
    later = "google_ads/campaign_performance_2017-08_restated.csv"
    read(con, landing / "google_ads/campaign_performance_2017-08.csv")
    raised = "(cost_micros::bigint * 105 // 1000000 * 10000)::varchar as cost_micros"
    revised = f"select * replace ({raised}) from given where date in {dates}"
    rows = write(con, revised, landing / later)
    return PlantedFault(
        "late_restatement", "ad_google", later, rows, dates, AD_DATASETS,
        "the later file holds: cost of these days is a twentieth higher",
    )  # fmt: skip


FAULTS: dict[str, Callable[[duckdb.DuckDBPyConnection, Path], PlantedFault]] = {
    function.__name__: function
    for function in (missing_day, duplicate_load, null_spend, mixed_currency, late_restatement)
}


def check(names: Sequence[str]) -> tuple[str, ...]:
    """The names sorted, without repeats.

    Raises:
        ValueError: a name that is no fault.
    """
    for name in names:
        if name not in FAULTS:
            raise ValueError(f"'{name}' is not a fault of the demo. Faults: {', '.join(FAULTS)}.")
    return tuple(sorted(set(names)))


def plant(
    con: duckdb.DuckDBPyConnection,
    landing: Path,
    names: Sequence[str],
    tell: Callable[[str, int], None],
) -> None:
    """Plant the faults and write the answer key, also where it is empty."""
    planted = []
    for number, name in enumerate(names):
        tell(f"planting {name}", number)
        planted.append(asdict(FAULTS[name](con, landing)))
    text = json.dumps({"faults": planted}, indent=1) + "\n"
    (landing / ANSWER_KEY).write_text(text, encoding="utf-8")


def _dates(first: str, days: int) -> tuple[str, ...]:
    start = dt.date.fromisoformat(first)
    return tuple((start + dt.timedelta(days=n)).isoformat() for n in range(days))


def _count(con: duckdb.DuckDBPyConnection, where: str = "true") -> int:
    found = con.execute(f"select count(*) from given where {where}").fetchone()
    return int(found[0]) if found else 0
