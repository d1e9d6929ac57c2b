"""An incremental dataset gives the same table as computing all of it, whatever changed."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_kpis import CALENDARS

from kpi_specs.compiler import Compiled, compile_project
from kpi_specs.compiler.increment_sql import increment_of
from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.project import Project
from orchestration.plain_sql import plain_sql
from orchestration.transform.calendar import write_calendar
from tests import compiled as specs
from tests.increments import build
from tests.random_examples import few

FIRST = dt.date(2024, 1, 1)
PARTS = "kpi_parts_orders"
METRICS: dict[str, Any] = {
    "revenue": {"simple": {"sum": "amount"}},
    "orders": {"simple": {"count": "rows"}},
    "customers": {"simple": {"count_distinct": "customer"}},
    "typical": {"simple": {"median": "amount"}},
    "new_customers": {"first_time": {"entity": "customer"}},
    "new_on_the_web": {"first_time": {"entity": "customer", "where": "channel = 'web'"}},
    "came_back": {"repeat": {"entity": "customer", "event": "id"}},
    "bought_again": {"repeat": {"entity": "customer", "event": "id", "where": "amount > 5"}},
    "came_twice": {"repeat": {"entity": "customer", "event": "id", "times": 2}},
    "last_week": {"cumulative": {"of": {"count_distinct": "customer"}, "window": "7 days"}},
    "last_month": {"cumulative": {"of": {"sum": "amount"}, "window": "28 days"}},
    "first_in_a_week": {"first_time": {"entity": "customer", "lookback": "7 days"}},
    "lasted": {"duration": {"from": "day", "to": "ended", "in": "days"}},
    "mostly_lasted": {
        "duration": {"from": "day", "to": "ended", "of": "median", "where": "amount > 5"}
    },
    "this_month": {"cumulative": {"of": {"sum": "amount"}, "to_date": "month"}},
    "this_year": {"cumulative": {"of": {"sum": "amount"}, "to_date": "year"}},
    "stock": {
        "snapshot": {"of": "amount", "entity": "customer", "at": "period_end", "missing": "carry"}
    },
    "reported": {
        "snapshot": {"of": "amount", "entity": "customer", "at": "period_end", "missing": "absent"}
    },
}

NEW_THIS_MONTH: dict[str, Any] = {"cumulative": {"of": "new_customers", "to_date": "month"}}

# What the property besides draws from.
MORE: dict[str, Any] = {
    "least": {"simple": {"min": "amount"}},
    "most": {"simple": {"max": "amount", "where": "channel = 'web'"}},
    "mean": {"simple": {"average": "amount"}},
    "upper": {"simple": {"percentile": {"of": "amount", "at": 0.9}}},
    "large": {"simple": {"sum_boolean": "amount > 5"}},
    "web_share": {
        "ratio": {"numerator": {"sum": "amount", "where": "channel = 'web'"},
                  "denominator": {"count_distinct": "customer"}}
    },
    "returned": {
        "conversion": {"entity": "customer", "base": {"where": "channel = 'web'"},
                       "converted": {"where": "amount > 5"}, "within": "5 days"}
    },
    "returned_first": {
        "conversion": {"entity": "customer", "base": {}, "converted": {"at": "ended"},
                       "within": "10 days", "count": "first"}
    },
}  # fmt: skip

Order = tuple[int, int, int, str | None, int | None]  # id, day, customer, channel, amount
orders = st.lists(
    st.tuples(
        st.integers(0, 75),
        st.integers(1, 4),
        st.sampled_from(["web", "shop", None]),
        st.one_of(st.none(), st.integers(-5, 50)),
    ),
    max_size=12,
)
some = st.sets(st.integers(0, 30), max_size=4)
steps = st.lists(
    st.tuples(
        orders,
        st.integers(0, 20),  # days that the clock moves on
        some,  # orders withdrawn
        st.tuples(some, st.integers(-20, 20)),  # orders moved by so many days
        st.tuples(some, st.integers(1, 4)),  # orders that turn out to be another customer's
    ),
    min_size=2,
    max_size=4,
)


def _compiled(
    metrics: dict[str, Any], *, calendars: dict[str, Any] | None = None, **more: Any
) -> tuple[Project, Compiled, Compiled]:
    dataset = specs.dataset("orders", dimensions=["channel"])
    dataset = dataset.model_copy(update={"incremental": True})
    kpis = [
        specs.kpi(
            name,
            metric if metric is NEW_THIS_MONTH else {"dataset": "orders", **metric},
            **{"cadence": ["daily", "weekly", "monthly"], "grain": [[], ["channel"]], **more},
        )
        for name, metric in metrics.items()
    ]
    project = Project(
        Path(),
        specs.settings(**{"history_from": FIRST, **(calendars or {})}),
        datasets={"orders": dataset},
        kpis={one.kpi: one for one in kpis},
    )
    return project, compile_project(project), compile_project(project, increments=False)


class Shop:
    """Orders in a warehouse, computed by increments and, beside it, as a whole."""

    def __init__(
        self,
        metrics: dict[str, Any],
        calendars: dict[str, Any] | None = None,
        cadence: Iterable[str] = ("daily", "weekly", "monthly"),
    ) -> None:
        self.con = duckdb.connect()
        self.con.execute(
            "create table orders (id bigint, day date, customer bigint, channel varchar, "
            "amount decimal(10, 2), ended date)"
        )
        of = calendars or {}
        self.project, self.compiled, self.whole = _compiled(
            metrics,
            calendars=of,
            calendar=of.get("calendar", "gregorian"),
            cadence=[*cadence],
        )
        self.loads = 0

    def deliver(self, rows: list[tuple[Any, ...]]) -> None:
        """New rows, of a load of their own; an order ends a week or more after its day."""
        self.loads += 1
        for number, (day, customer, channel, amount) in enumerate(rows):
            placed = FIRST + dt.timedelta(days=day)
            self.con.execute(
                "insert into orders values (?, ?, ?, ?, ?, ?)",
                [self.loads * 100 + number, placed, customer, channel, amount,
                 placed + dt.timedelta(days=7 * customer)],
            )  # fmt: skip

    def change(self, statement: str, numbers: Iterable[int]) -> None:
        """What happens to the orders of these numbers, of whatever load."""
        self.con.execute(f"{statement} where list_contains(?, id % 100 + id // 100)", [[*numbers]])

    def compute(self, as_of: dt.date) -> None:
        """An increment."""
        write_calendar(self.con, self.project, as_of)
        build(self.con, PARTS, self.compiled.files[f"{PARTS}.sql"])

    def differences(self) -> list[tuple[Any, ...]]:
        """Rows that only one of increment and whole has."""
        whole = plain_sql(self.whole.files[f"{PARTS}.sql"])
        self.con.execute(f"create or replace table whole as {whole}")
        return self.con.execute(
            f"(from kpi.{PARTS} except all from whole) union all "
            f"(from whole except all from kpi.{PARTS})"
        ).fetchall()

    def anew(self, as_of: dt.date) -> "Shop":
        """The same orders, computed for the first time."""
        other = Shop({})
        other.project, other.compiled = self.project, self.compiled
        if rows := self.con.execute("from orders").fetchall():
            other.con.executemany("insert into orders values (?, ?, ?, ?, ?, ?)", rows)
        other.compute(as_of)
        return other

    def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the next increment finds, by table; rows as texts, in which NaN is NaN."""
        names = self.con.execute(
            "select table_name from information_schema.tables where table_schema = 'kpi' "
            "and table_name similar to ? order by 1",
            [f"{PARTS}__(by_day|first_.*|has_earlier_.*)"],
        ).fetchall()
        wanted = [name for (name,) in names if not name.endswith("__lost")]
        assert len(wanted) == 5, wanted  # days, first orders of two KPIs and of two more
        return {
            name: self.con.execute(
                f"select cast(kept as varchar) from kpi.{name} as kept order by all"
            ).fetchall()
            for name in wanted
        }


# Without carried balances no reading needs all days: each starts where its own parts do.
BOUNDED = {name: metric for name, metric in METRICS.items() if name != "stock"}


@few(15)
@given(
    st.sets(st.sampled_from(sorted(METRICS | MORE)), min_size=6, max_size=12),
    st.sampled_from(sorted(CALENDARS)),
    st.sets(st.sampled_from(CADENCES), min_size=1, max_size=3),
    steps,
)
def test_increments_equal_the_whole(names, calendar, cadences, deliveries):
    metrics = {name: (METRICS | MORE)[name] for name in sorted(names)}
    shop = Shop(metrics, CALENDARS[calendar], sorted(cadences))
    day = 10
    for rows, days, withdrawn, (moved, by), (renamed, customer) in deliveries:
        day += days
        shop.deliver(rows)
        shop.change("delete from orders", withdrawn)
        shop.change(f"update orders set day = day + {by}", moved)
        shop.change(f"update orders set customer = {customer}", renamed)
        shop.compute(FIRST + dt.timedelta(days=day))
        assert shop.differences() == []


def _two_months() -> Shop:
    shop = Shop({"revenue": METRICS["revenue"], "customers": METRICS["customers"]})
    shop.deliver([(day, day % 3, "web", 10) for day in range(60)])
    shop.compute(dt.date(2024, 3, 1))
    return shop


def test_only_periods_from_the_change_on_are_written_anew():
    shop = _two_months()
    shop.con.execute(f"alter table kpi.{PARTS} add column mark integer default 1")
    shop.con.execute(f"alter table kpi.{PARTS} alter column mark drop default")
    shop.deliver([(62, 1, "web", 5)])
    shop.compute(dt.date(2024, 3, 4))
    kept = shop.con.execute(
        f"select cadence, max(period_end) from kpi.{PARTS} where mark = 1 group by 1 order by 1"
    ).fetchall()
    # The clock stood on 1 March: that day, its week and its month were open.
    assert kept == [
        ("daily", dt.date(2024, 2, 29)),
        ("monthly", dt.date(2024, 2, 29)),
        ("weekly", dt.date(2024, 2, 25)),
    ]


@pytest.mark.parametrize(
    ("change", "first_written"),
    [
        ("update orders set amount = 1 where day = '2024-02-10'", "2024-02-10"),
        ("delete from orders where day = '2024-01-20'", "2024-01-20"),
        ("update orders set day = '2024-01-07' where day = '2024-02-20'", "2024-01-07"),
    ],
)
def test_a_restated_day_is_where_the_increment_starts(change, first_written):
    shop = _two_months()
    shop.con.execute(f"alter table kpi.{PARTS} add column mark integer default 1")
    shop.con.execute(f"alter table kpi.{PARTS} alter column mark drop default")
    shop.con.execute(change)
    shop.compute(dt.date(2024, 3, 1))
    written = shop.con.execute(
        f"select min(period) from kpi.{PARTS} where mark is null and cadence = 'daily'"
    ).fetchone()
    assert written == (first_written,)


def test_an_order_that_ends_as_the_clock_moves_on_is_where_the_increment_starts():
    shop = Shop({"lasted": METRICS["lasted"], "revenue": METRICS["revenue"]})
    shop.deliver([(0, 4, "web", 5), (40, 1, "web", 5)])  # they end on 29 January, 17 February
    shop.compute(dt.date(2024, 1, 20))
    shop.compute(dt.date(2024, 2, 10))
    since = shop.con.execute(f"select since from kpi.{PARTS}__since").fetchone()
    assert since == (FIRST,)
    assert shop.differences() == []
    shop.compute(dt.date(2024, 2, 12))
    since = shop.con.execute(f"select since from kpi.{PARTS}__since").fetchone()
    assert since == (dt.date(2024, 2, 10),), "nothing ended meanwhile"
    assert shop.differences() == []


def test_a_changed_definition_computes_all_anew():
    shop = _two_months()
    _, shop.compiled, shop.whole = _compiled({"customers": METRICS["customers"]})
    # As dbt does with on_schema_change: sync_all_columns.
    shop.con.execute(f"alter table kpi.{PARTS} drop column sum_amount")
    shop.compute(dt.date(2024, 3, 1))
    assert shop.differences() == []


@pytest.mark.parametrize(
    "names",
    [["this_year"], ["this_month", "this_year"], ["this_year", "last_month", "this_month"]],
    ids=" ".join,
)
def test_a_sum_to_date_takes_the_days_before_the_change(names):
    """They are summed before they are counted up: by slice, and where an amount is not known."""
    shop = Shop({name: METRICS[name] for name in names})
    shop.deliver([(d, 1, "web" if d % 3 else None, d % 7) for d in range(-40, 60) if d % 5])
    shop.compute(dt.date(2024, 2, 29))
    for change, as_of in (
        ("insert into orders values (-1, '2024-03-01', 1, 'shop', 3, null)", dt.date(2024, 3, 1)),
        ("update orders set amount = 50 where day = '2024-02-07'", dt.date(2024, 3, 1)),
        ("update orders set amount = null where day = '2024-01-09'", dt.date(2024, 3, 9)),
        ("insert into orders values (-2, '2024-03-31', 1, 'web', 3, null)", dt.date(2024, 4, 2)),
        ("update orders set amount = 1 where amount is null", dt.date(2024, 4, 3)),
        ("update orders set amount = 5 where day = '2023-12-31'", dt.date(2024, 4, 3)),
    ):
        shop.con.execute(change)
        shop.compute(as_of)
        assert shop.differences() == [], change


@pytest.mark.parametrize(
    ("name", "cadences"),
    [
        ("this_month", ["daily"]),
        ("this_month", ["daily", "weekly"]),
        ("this_month", ["daily", "yearly"]),
        ("new_this_month", ["daily", "quarterly"]),
    ],
)
def test_a_sum_to_date_takes_no_day_of_an_earlier_period(name, cadences):
    """Days that are read for a coarser cadence, or for a week across months, are not its own."""
    metrics = {"revenue": METRICS["revenue"], "new_customers": METRICS["new_customers"]}
    metrics[name] = METRICS["this_month"] if name in METRICS else NEW_THIS_MONTH
    shop = Shop(metrics, cadence=cadences)
    shop.deliver([(9, 1, "web", 100), (29, 2, "web", 100), (32, 3, "web", 10)])
    shop.compute(dt.date(2024, 2, 2))
    for day in (33, 36, 60):
        shop.deliver([(day, day, "shop", 1)])
        shop.compute(FIRST + dt.timedelta(days=day + 1))
        assert shop.differences() == [], day


def test_a_column_of_another_type_computes_all_anew():
    """What is kept has the types of the build before: a finer amount would be rounded to them."""
    shop = _regulars()
    shop.con.execute("alter table orders alter amount type decimal(12, 4)")
    shop.con.execute("update orders set amount = 0.0001 where day = '2024-02-28'")
    # As dbt does with on_schema_change: sync_all_columns.
    for name in ("sum_amount__last_28_days", "sum_amount__year_to_date"):
        shop.con.execute(f"alter table kpi.{PARTS} alter {name} type decimal(38, 4)")
    shop.compute(dt.date(2024, 3, 2))
    assert shop.differences() == []


def test_what_an_earlier_version_has_kept_stops_no_build():
    """It did not count the rows of a day that have ended; its definition was another one."""
    shop = _regulars()
    shop.con.execute(f"alter table kpi.{PARTS}__days drop column ended")
    shop.con.execute(f"update kpi.{PARTS}__days set definition = 'of then'")
    for name in shop.kept():
        shop.con.execute(f"drop table kpi.{name}")
    shop.compute(dt.date(2024, 3, 2))
    assert shop.differences() == []


def test_what_is_kept_is_part_of_the_definition():
    """Of days kept in another way the SELECT that reads them would not tell."""
    _, compiled, _ = _compiled(BOUNDED)
    table = compiled.plan.parts[0]
    kept = ("create table kept as select 1", "create table kept as select 2")
    one, other = (increment_of(table, "select 1", [statement]).after for statement in kept)
    assert one != other


RETAIL = {
    "pattern": "4-4-5",
    "label": "start_year",
    "year_ends": {"weekday": "saturday", "month": 1, "which": "nearest_month_end"},
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"week_start": "sunday"}),
        ({}, {"history_from": dt.date(2023, 11, 1)}),
        ({}, {"history_from": dt.date(2024, 2, 1)}),
        (
            {"calendar": "fiscal", "fiscal": {"first_month": 4, "label": "end_year"}},
            {"calendar": "fiscal", "fiscal": {"first_month": 2, "label": "end_year"}},
        ),
        (
            {"calendar": "retail", "retail": RETAIL},
            {"calendar": "retail", "retail": {**RETAIL, "pattern": "5-4-4"}},
        ),
        ({}, {"calendar": "jalali"}),
    ],
    ids=["week", "history", "less history", "fiscal year", "retail", "calendar"],
)
def test_another_calendar_computes_all_anew(before, after):
    def compiled(calendars: dict[str, Any]) -> tuple[Project, Compiled, Compiled]:
        calendar = calendars.get("calendar", "gregorian")
        cadence = ["weekly", "monthly", "quarterly", "yearly"]
        return _compiled(BOUNDED, calendars=calendars, calendar=calendar, cadence=cadence)

    shop = Shop(BOUNDED)
    shop.project, shop.compiled, shop.whole = compiled(before)
    shop.deliver([(day, day % 3, "web", 10) for day in range(-40, 60)])
    shop.compute(dt.date(2024, 3, 1))
    assert shop.differences() == []
    shop.project, shop.compiled, shop.whole = compiled(after)
    shop.compute(dt.date(2024, 3, 2))
    assert shop.differences() == []


@pytest.mark.parametrize(
    "change",
    [
        "update orders set amount = amount * 2",
        "update orders set channel = 'shop' where day = '2024-01-20'",
        "update orders set customer = null where day < '2024-02-01'",
        "update orders set id = -id where day = '2024-01-02'",
        "update orders set day = day + 1",
    ],
)
def test_rows_that_changed_without_a_load_are_seen(change):
    """As when the SQL of the mart changes, or of anything that it reads."""
    shop = Shop(METRICS)
    shop.deliver([(day, day % 3, "web", 10 + day) for day in range(60)])
    shop.compute(dt.date(2024, 3, 1))
    shop.con.execute(change)
    shop.compute(dt.date(2024, 3, 2))
    assert shop.differences() == []


RESTING_ON_WHAT_IS_KEPT = (
    "orders", "new_customers", "new_on_the_web", "came_back", "bought_again", "this_year",
    "last_month", "lasted",
)  # fmt: skip


def _regulars() -> Shop:
    """Customers 1 to 4 order every fourth day from 22 November to 29 February; 5 orders once."""
    shop = Shop({name: METRICS[name] for name in RESTING_ON_WHAT_IS_KEPT})
    channels = ("web", "shop", None)
    shop.deliver(
        [(day, day % 4 + 1, channels[day % 3], day % 11) for day in range(-40, 60)]
        + [(20, 5, "web", 9)]
    )
    shop.compute(dt.date(2024, 3, 1))
    return shop


# Customer 1's first order is of 22 November, 5's only one of 21 January.
@pytest.mark.parametrize(
    "change",
    [
        "delete from orders where day = '2023-11-22'",
        "delete from orders where customer = 1 and day < '2024-02-20'",
        "delete from orders where customer = 5",
        "delete from orders where day = '2024-02-29'",
        "delete from orders",
        "update orders set day = '2024-02-27' where day = '2023-11-22'",
        "update orders set day = '2024-02-27' where customer = 5",
        "update orders set day = '2023-11-20' where day = '2024-02-28'",
        "update orders set day = '2023-12-30' where customer = 5",
        "update orders set customer = 5 where day = '2023-11-22'",
        "update orders set customer = 6 where day = '2024-02-10'",
        "update orders set customer = null where customer = 5",
        "update orders set customer = customer + 10",
        "update orders set channel = 'shop' where customer = 5",
        "update orders set channel = 'mail' where day in ('2023-11-22', '2024-02-28')",
        "update orders set amount = 7 where day = '2024-01-03'",
        "update orders set amount = null where day = '2024-01-03'",
        "update orders set amount = 1 where day < '2023-12-10'",
        "update orders set id = id - 1000 where day = '2023-11-23'",
        "insert into orders values (-7, '2023-11-22', 1, 'shop', 6, null)",
        "insert into orders values (-7, '2023-11-02', 4, 'shop', 6, null)",
        "insert into orders values (-7, '2024-01-17', 5, 'shop', 6, null)",
        "insert into orders values (-7, '2024-03-05', 9, 'web', 6, null)",
        "insert into orders values (-7, null, 9, 'web', 6, null)",
    ],
)
def test_what_is_kept_for_the_next_increment_is_what_a_whole_build_keeps(change):
    """First events and days: of the change itself, and as the increment after it finds them."""
    shop = _regulars()
    shop.con.execute(change)
    for as_of in (dt.date(2024, 3, 2), dt.date(2024, 3, 6)):
        shop.compute(as_of)
        assert shop.differences() == []
        assert shop.kept() == shop.anew(as_of).kept()
        shop.deliver([(-3, 4, "mail", 8), (62, 1, "web", 8), (63, 6, "shop", 8)])


def test_a_clock_set_back_computes_all_anew():
    shop = _two_months()
    shop.compute(dt.date(2024, 2, 10))
    assert shop.differences() == []


def test_an_increment_that_fails_leaves_everything_as_it_was():
    shop = _two_months()
    before = shop.con.execute(f"from kpi.{PARTS} order by all").fetchall()
    shop.deliver([(61, 1, "web", 5)])
    text = shop.compiled.files[f"{PARTS}.sql"]
    with pytest.raises(duckdb.Error):
        build(shop.con, PARTS, text.replace("cross join slices", "cross join nothing_here"))
    assert shop.con.execute(f"from kpi.{PARTS} order by all").fetchall() == before
    shop.compute(dt.date(2024, 3, 2))
    assert shop.differences() == []
