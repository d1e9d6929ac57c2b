"""Rows in two currencies are not added up, and euros are not shown as dollars.

One row a day from 1 to 10 March 2017, in EUR, which is the project's currency; the clock is the
11th.
"""

from typing import Any

import pytest
from small_warehouse import Warehouse, dataset, days, kpi, project

MIXED = ("unmeasurable", "MIXED_UNIT")
SUM = {"dataset": "sales", "simple": {"sum": "amount"}}


def shop(units: dict[int, list[str | None]], slices: Any = None, **spec: Any) -> Warehouse:
    """Days of March to the units of their rows; the others have one row in EUR."""
    specs = project(
        kpis=[kpi(**spec)],
        datasets=[dataset(unit_column="currency", dimensions=["currency"], key=["id"])],
    )
    made = Warehouse(specs)
    made.load()
    made.fill_source()
    made.con.execute("create table marts.fct_sales (day date, id varchar, currency varchar)")
    for day in days():
        for number, unit in enumerate(units.get(day.day, ["EUR"])):
            made.con.execute(
                "insert into marts.fct_sales values (?, ?, ?)", [day, f"{day}-{number}", unit]
            )
    made.fill_kpi(slices=slices)
    made.judge()
    return made


def mixed(made: Warehouse, slice_value: str = "total") -> list[str]:
    """The periods that are withheld for their units."""
    found = made.verdicts(slice_value=slice_value).items()
    return [period for period, row in found if row.short == MIXED]


@pytest.mark.parametrize("unit", ["number", "currency"])
def test_rows_in_one_currency_are_added_up(unit):
    assert mixed(shop({5: ["EUR", "EUR"]}, unit=unit)) == []


@pytest.mark.parametrize(
    ("other", "said"), [("USD", "EUR, USD"), (None, "EUR, none"), ("", "EUR, none")]
)
def test_a_period_in_two_currencies_has_no_value(other, said):
    made = shop({5: ["EUR", other]})
    assert mixed(made) == ["2017-03-05"]
    verdict = made.verdicts()["2017-03-05"]
    assert verdict["reason"] == (
        f"The rows of sales on the days that this value rests on are in {said} (currency), where "
        "one unit is needed to add them up."
    )
    assert (verdict["party"], verdict["root"]) == ("till_owner", "dataset:sales")


def test_days_in_different_currencies_are_added_up_by_no_week():
    assert mixed(shop({8: ["USD"]}, cadence=["weekly"])) == ["2017-W10"]
    assert mixed(shop({8: ["USD"]})) == []  # a number: each day is in one unit


def test_an_amount_of_money_is_in_the_projects_currency():
    made = shop({8: ["USD"]}, unit="currency")
    assert mixed(made) == ["2017-03-08"]
    assert made.verdicts()["2017-03-08"]["reason"] == (
        "The rows of sales on the days that this value rests on are in USD (currency), where EUR "
        "is needed to add them up."
    )


@pytest.mark.parametrize(
    "measure", [{"count": "rows"}, {"count_distinct": "id"}, {"sum_boolean": "amount > 1"}], ids=str
)
def test_numbers_of_rows_are_of_no_unit(measure):
    assert mixed(shop({5: ["EUR", "USD"]}, metric={"dataset": "sales", "simple": measure})) == []


def test_slices_by_the_currency_are_each_in_one():
    slices = {"total": "total", "EUR": "currency", "USD": "currency"}
    grain: list[list[str]] = [[], ["currency"]]
    as_number = shop({5: ["EUR", "USD"]}, slices, grain=grain)
    found = [mixed(as_number, one) for one in slices]
    assert found == [["2017-03-05"], [], []]
    as_money = shop({5: ["EUR", "USD"]}, slices, grain=grain, unit="currency")
    found = [mixed(as_money, one) for one in slices]
    assert found == [["2017-03-05"], [], ["2017-03-05"]]  # dollars are not shown as euros


IN_EUR = {"sum": "amount", "where": "currency = 'EUR' and amount > 0"}
IN_USD = {"sum": "amount", "where": "'USD' = currency"}


@pytest.mark.parametrize(
    ("metric", "unit", "taken"),
    [
        ({"simple": IN_EUR}, "currency", []),
        ({"simple": IN_USD}, "number", []),
        ({"simple": IN_USD}, "currency", ["2017-03-05"]),  # dollars are not shown as euros
        ({"simple": {"sum": "amount", "where": "currency in ('EUR', 'USD')"}}, "number", None),
        ({"simple": {"sum": "amount", "where": "currency = 'EUR' or id > ''"}}, "number", None),
        ({"ratio": {"numerator": IN_EUR, "denominator": IN_EUR}}, "ratio", []),
        ({"ratio": {"numerator": IN_EUR, "denominator": IN_USD}}, "ratio", None),
        ({"ratio": {"numerator": IN_EUR, "denominator": {"sum": "amount"}}}, "ratio", None),
        ({"ratio": {"numerator": IN_EUR, "denominator": {"count": "rows"}}}, "ratio", []),
    ],
    ids=str,
)
def test_a_filter_that_demands_one_unit_leaves_one(metric, unit, taken):
    """None: as without a filter."""
    made = shop({5: ["EUR", "USD"]}, metric={"dataset": "sales", **metric}, unit=unit)
    assert mixed(made) == (["2017-03-05"] if taken is None else taken)


@pytest.mark.parametrize(
    "metric",
    [
        {"first_time": {"entity": "id"}},
        {"repeat": {"entity": "id", "event": "day"}},
        {"conversion": {"entity": "id", "base": {"where": "id > ''"}, "converted": {},
                        "within": "2 days"}},
        {"duration": {"from": "day", "to": "day", "of": "median"}},
    ],
    ids=lambda metric: next(iter(metric)),
)  # fmt: skip
def test_customers_events_and_days_are_of_no_unit(metric):
    made = shop({5: ["EUR", "USD"]}, metric={"dataset": "sales", **metric})
    assert mixed(made) == []
