"""Rows of days after the clock change no verdict: it is that of the day, whatever has come since.

The clock stands on 11 March 2017. For random rows of the days before, and whatever rows of the days
after it (absent amounts, what the contract does not allow, other currencies, channels never seen),
the audit tables are those of the days before alone.
"""

import datetime as dt
from typing import Any

import duckdb
from hypothesis import given
from hypothesis import strategies as st
from small_warehouse import AS_OF, DAY, HISTORY_FROM, Warehouse, dataset, kpi, project, source

from tests.random_examples import few

SHAPE = {"cadence": ["daily", "weekly"], "grain": [[], ["channel"]]}
METRICS: dict[str, dict[str, Any]] = {
    "revenue": {"simple": {"sum": "amount"}},
    "buyers": {"simple": {"count_distinct": "buyer"}},
    "average_price": {"simple": {"average": "amount"}},
    "last_week": {"cumulative": {"of": {"sum": "amount"}, "window": "7 days"}},
    "news": {"first_time": {"entity": "buyer"}},
    "stock": {
        "snapshot": {"of": "amount", "entity": "buyer", "at": "period_end", "missing": "carry"}
    },
    "returned": {
        "conversion": {
            "entity": "buyer", "base": {}, "converted": {"at": "ended_on"}, "within": "3 days",
        }
    },
    "lasted": {"duration": {"from": "day", "to": "ended_on", "in": "days"}},
}  # fmt: skip
TABLES = ("audit.verdicts", "audit.checks", "audit.evidence")


def specs():
    counts = {"buyers", "news", "returned", "lasted", "average_price"}
    metrics = {name: {"dataset": "sales", **metric} for name, metric in METRICS.items()}
    metrics["growth"] = {
        "growth": {
            "of": "revenue", "versus": "previous_period", "compare": "same_elapsed_days",
        }
    }  # fmt: skip
    kpis = [
        kpi(name, metric, unit="number" if name in counts else "currency", availability={
            "warm_up": "2 days", "mature": "2 days", "complete": {"every": "day"}}, **SHAPE)
        for name, metric in metrics.items()
    ]  # fmt: skip
    columns = {
        "id": {"type": "integer", "unique": True},
        "day": {"type": "date"},
        "buyer": {"type": "text"},
        "channel": {"type": "text", "allowed": ["web", "shop"]},
        "amount": {"type": "decimal(12,2)", "min": -10, "max": 100},
        "currency": {"type": "text"},
        "ended_on": {"type": "date"},
    }
    return project(
        kpis=kpis,
        sources=[source(columns=columns)],
        datasets=[dataset(key=["id"], unit_column="currency")],
    )


Row = tuple[dt.date, str | None, str, int | None, str, int | None]


def row(first: dt.date, last: dt.date, *more: str) -> st.SearchStrategy[Row]:
    return st.tuples(
        st.dates(first, last),
        st.sampled_from(["anna", "ben", None]),
        st.sampled_from(["web", "shop", *more]),
        st.one_of(st.integers(-5, 50), st.sampled_from([None, 500])),
        st.sampled_from(["EUR"] * 20 + ["USD"]),
        st.one_of(st.none(), st.integers(0, 9)),
    )


past = st.lists(row(HISTORY_FROM, AS_OF), min_size=10, max_size=25)
future = st.lists(row(AS_OF + DAY, AS_OF + 60 * DAY, "fax", ""), min_size=3, max_size=15)


def judged(rows: list[Row]) -> duckdb.DuckDBPyConnection:
    """Everything of the rows that lies in the warehouse, in the audit tables."""
    shop = Warehouse(specs(), threads=4)  # rows come in any order, and nothing may hang on it
    shop.load(rows=len(rows))
    shop.con.execute(
        "create table raw.till (id integer, day date, buyer varchar, channel varchar, amount "
        "decimal(12, 2), currency varchar, ended_on date, _load_id varchar, _file varchar, "
        "_loaded_at timestamp)"
    )
    # One a day, and those that are drawn.
    every = [(HISTORY_FROM + n * DAY, "cem", "web", 5, "EUR", 1) for n in range(11)]
    shop.con.executemany(
        "insert into raw.till values (?, ?, ?, ?, ?, ?, ?, 'till-0-a.csv', 'a.csv', "
        "timestamp '2017-03-11 06:00')",
        [
            [n, day, buyer, channel, amount, currency, None if days is None else day + days * DAY]
            for n, (day, buyer, channel, amount, currency, days) in enumerate([*every, *rows])
        ],
    )
    shop.compute(fct_sales="select * from raw.till")
    shop.judge()
    return shop.con


def audited(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    return con.execute(f"from {table} order by all").fetchall()


@few(3)
@given(past, future)
def test_rows_of_days_after_the_clock_change_no_verdict(before, after):
    now, later = judged(before), judged([*before, *after])
    for table in TABLES:
        assert audited(now, table) == audited(later, table), table
