"""Days on which amounts jumped, from a mart: those that plain Python finds, whenever it looks.

SQL looks at means first and takes medians only of what those leave in doubt; here every measure is
looked at, day by day, with nothing left out beforehand.
"""

import datetime as dt
import random
from collections import defaultdict
from statistics import mean, median

import duckdb
import pytest
from small_warehouse import DAY, dataset, kpi, project, source

from expectations.jump_facts import write_jump_facts
from expectations.jumps import Day, find_jumps

FIRST = dt.date(2024, 1, 1)
STORES = ("north", "south", "web")
SPECS = project(
    kpis=[kpi(grain=[[], ["store"]])],
    datasets=[dataset(dimensions=["store"], key=["number"])],
)
Row = tuple[dt.date, int, str, float]


def rows(noise: random.Random) -> list[Row]:
    """100 days of lines of three stores; some days, or some of one store, are in another unit."""
    made: list[Row] = []
    wrong = {
        (noise.randrange(30, 100), noise.choice([*STORES, "all"])): noise.choice(
            [10, 100, 1000, 1e6, 0.1, 0.01, 7, 30]
        )
        for _ in range(noise.randint(1, 4))
    }
    for number in range(100):
        for store in STORES:
            factor = wrong.get((number, store), 1) * wrong.get((number, "all"), 1)
            for _ in range(noise.randint(15, 30)):
                amount = noise.choice([0, 1, 1, 1, 1]) * noise.lognormvariate(3, 0.5) * factor
                made.append((FIRST + number * DAY, len(made), store, amount))
    return made


def in_plain_python(made: list[Row], until: dt.date) -> set[tuple[str, str]]:
    """Day and what jumped on it: '' for all rows, or the first store where they did not."""
    found: dict[str, str] = {}
    for only in ("", *STORES):
        amounts: dict[dt.date, list[float]] = defaultdict(list)
        for day, _, store, amount in made:
            if amount and only in ("", store) and day <= until:
                amounts[day].append(amount)
        days = [Day(d, len(a), median(a), mean(a)) for d, a in sorted(amounts.items())]
        for jump in find_jumps(days):
            found.setdefault(str(jump.date), f"store {only}" if only else "")
    return set(found.items())


SEEDS = range(8)


def test_the_seeds_have_jumps_of_all_rows_and_of_each_store():
    found = [in_plain_python(rows(random.Random(seed)), FIRST + 99 * DAY) for seed in SEEDS]
    assert {what for one in found for _, what in one} == {"", *(f"store {s}" for s in STORES)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_days_are_those_of_plain_python_whenever_they_are_looked_at(seed):
    made = rows(random.Random(seed))
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_sales (day date, number integer, store varchar, amount double)"
        )
        con.executemany("insert into marts.fct_sales values (?, ?, ?, ?)", made)
        for number in (45, 80, 99):
            until = FIRST + number * DAY
            con.execute(
                "create or replace temp table spec_clock as select ?::date as as_of", [until]
            )
            write_jump_facts(con, SPECS)
            found = con.execute("select business_date, of_what from jump_days").fetchall()
            assert {(str(day), what) for day, what in found} == in_plain_python(made, until)


def test_keys_entities_texts_and_counts_are_no_amounts():
    specs = project(
        sources=[source()],
        datasets=[dataset(key=["number"], entities=["customer"], dimensions=["store"])],
        kpis=[
            kpi("largest_number", {"dataset": "sales", "simple": {"max": "number"}}),
            kpi("customers", {"dataset": "sales", "simple": {"count_distinct": "customer"}}),
            kpi("orders", {"dataset": "sales", "simple": {"count": "rows", "where": "amount > 5"}}),
        ],
    )
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_sales "
            "(day date, number integer, store varchar, customer integer, amount decimal(9, 2))"
        )
        con.execute("create temp table spec_clock as select date '2024-03-01' as as_of")
        write_jump_facts(con, specs)
        read = con.execute("select kpi, column_name from spec_kpi_amounts").fetchall()
    assert read == [("orders", "amount")]


@pytest.mark.parametrize(("customers", "found"), [(30, ["customer 7"]), (80, [])])
def test_of_very_many_values_each_by_itself_is_not_looked_at(customers, found):
    specs = project(
        kpis=[kpi(grain=[[], ["customer"]])],
        datasets=[dataset(dimensions=["customer"], key=["number"])],
    )
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute(  # twelve lines a day of each customer, 10.00 each; on day 40 one is in cents
            f"""
            create table marts.fct_sales as
            select
                date '{FIRST}' + cast(number // {12 * customers} as integer) as day,
                number,
                number % {customers} as customer,
                if(customer = 7 and number // {12 * customers} = 40, 1000.0, 10.0) as amount
            from range({50 * 12 * customers}) as rows(number)
            """
        )
        con.execute("create temp table spec_clock as select date '2024-03-01' as as_of")
        write_jump_facts(con, specs)
        jumped = con.execute("select business_date, of_what from jump_days").fetchall()
    assert jumped == [(dt.date(2024, 2, 10), what) for what in found]
