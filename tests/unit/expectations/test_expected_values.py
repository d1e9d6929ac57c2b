"""Stores that report every day: a day on which one of them is absent is not there.

The shops of Berlin, Hamburg and Köln have a row each on every day from 1 to 10 March 2017; the
clock stands on the 11th.
"""

from typing import Any

from small_warehouse import LOADED_AT, Warehouse, days, kpi, project, source

from orchestration.transform.calendar import write_calendar

STORES = ("berlin", "hamburg", "koeln")
INCOMPLETE = ("unmeasurable", "PERIOD_INCOMPLETE")


def shop(
    *absent: tuple[int, str],
    more: tuple[tuple[int, str], ...] = (),
    kpis: Any = None,
    **expects: Any,
) -> Warehouse:
    """Without some stores on some days of March, with others on some."""
    columns = {"day": {"type": "date"}, "store": {"type": "text"}}
    expects = {"values": {"store": STORES}, **expects}
    specs = project(kpis=kpis or [kpi()], sources=[source(columns=columns, expects=expects)])
    made = Warehouse(specs)
    made.load()
    made.fill_source(columns="day date, store varchar", on=[])
    given = [(day.day, store) for day in days() for store in STORES]
    for number, store in [*(one for one in given if one not in absent), *more]:
        made.con.execute(
            "insert into raw.till by name select ?::date as day, ? as store, 'till' as _load_id, "
            "'a.csv' as _file, ? as _loaded_at",
            [f"2017-03-{number:02}", store, LOADED_AT],
        )
    made.fill_dataset()
    for name in specs.kpis:
        made.fill_kpi(name)
    made.judge()
    return made


def incomplete(made: Warehouse) -> dict[str, str]:
    """Period -> reason."""
    return {
        period: row["reason"] for period, row in made.verdicts().items() if row.short == INCOMPLETE
    }


def test_every_day_with_all_its_stores_is_there():
    assert incomplete(shop()) == {}


def test_a_day_without_one_of_them_is_absent_and_names_it():
    made = shop((5, "hamburg"))
    assert incomplete(made) == {
        "2017-03-05": "0 of 1 days are there, where all are needed; the source "
        "till.store lacks 2017-03-05 (without hamburg)."
    }
    verdict = made.verdicts()["2017-03-05"]
    assert (verdict["party"], verdict["root"]) == ("till_owner", "source:till.store")


def test_a_store_that_nobody_expects_does_not_stand_for_one_that_is():
    made = shop((5, "hamburg"), more=((5, "hamburg-2"), (5, "Hamburg"), (5, "berlin")))
    assert list(incomplete(made)) == ["2017-03-05"]


def test_a_day_without_any_row_lacks_them_all():
    gone = [(5, store) for store in STORES]
    assert incomplete(shop(*gone, rows_per_day=1))["2017-03-05"].endswith(
        "the source till lacks 2017-03-05."
    )
    assert list(incomplete(shop(*gone))) == ["2017-03-05"]


def test_the_days_of_a_longer_period_are_counted_each_with_what_it_lacks():
    weekly = kpi(cadence=["weekly"], availability={"complete": {"every": "day", "coverage": 0.9}})
    made = shop(
        (6, "berlin"), (6, "koeln"), (8, "hamburg"), kpis=[weekly], closed_on=["03-11", "03-12"]
    )
    made.as_of = made.as_of.replace(day=13)
    reasons = incomplete(shop_later(made))
    assert reasons["2017-W10"] == (
        "3 of 5 days are there, where 90 % are needed; the source till.store "
        "lacks 2017-03-06 (without berlin, koeln), 2017-03-08 (without hamburg)."
    )


def shop_later(made: Warehouse) -> Warehouse:
    """The same, judged again by its later clock."""
    write_calendar(made.con, made.project, made.as_of)
    made.fill_kpi("revenue")
    made.judge()
    return made


def test_a_closed_day_needs_no_store():
    gone = [(5, store) for store in STORES]
    assert incomplete(shop(*gone, closed_on=["03-05"])) == {}
