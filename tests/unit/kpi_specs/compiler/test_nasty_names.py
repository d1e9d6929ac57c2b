"""A dataset, a column and a filter's value may be called anything: the value is the same."""

import datetime as dt

import pytest

from tests.compiled import compute, dataset, kpi

AS_OF = dt.date(2024, 1, 31)

STEPS = [
    "spine", "inputs", "measured", "periods", "slices", "days", "input_a", "parts_of_p", "order",
    "group", "select",
]  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_a_dataset_may_be_called_like_a_step_or_a_word_of_sql(name):
    """Of 2 there and 7 in the other dataset the ratio is 3.5 and the formula 7 - 2 + 2."""
    con = compute(
        [
            kpi("two", {"dataset": name, "simple": {"sum": "a"}}),
            kpi("ratio", {"dataset": name, "ratio": {
                "numerator": {"sum": "a", "dataset": "p"}, "denominator": {"sum": "a"},
            }}),
            kpi("formula", {"dataset": name, "derived": {"formula": "x - y + a", "inputs": {
                "x": {"sum": "a", "dataset": "p"}, "y": {"sum": "a"}, "a": {"kpi": "two"},
            }}}),
        ],
        [dataset(name).model_copy(update={"model": "rows_of_it"}), dataset("p")],
        {
            "rows_of_it": "select 1 as id, date '2024-01-05' as day, 2 as a",
            "p": "select 1 as id, date '2024-01-05' as day, 7 as a",
        },
        as_of=AS_OF,
    )  # fmt: skip
    found = con.execute("select r.value, f.value from kpi_ratio as r, kpi_formula as f").fetchall()
    assert found == [(3.5, 7.0)]


def test_a_dataset_in_another_calendar_is_not_the_dataset_called_after_both():
    """Of 1 in orders and 100 in orders_jalali; 2024-01-05 lies in Dey 1402."""
    con = compute(
        [
            kpi("one", {"dataset": "orders", "simple": {"sum": "a"}}, calendar="jalali"),
            kpi("hundred", {"dataset": "orders_jalali", "simple": {"sum": "a"}}),
        ],
        [dataset("orders"), dataset("orders_jalali")],
        {
            "orders": "select 1 as id, date '2024-01-05' as day, 1 as a",
            "orders_jalali": "select 1 as id, date '2024-01-05' as day, 100 as a",
        },
        as_of=AS_OF,
    )
    both = "select period, value from kpi_one union all select period, value from kpi_hundred"
    found = con.execute(f"select * from ({both}) where value > 0 order by value").fetchall()
    assert found == [("1402-10", 1.0), ("2024-01", 100.0)]
