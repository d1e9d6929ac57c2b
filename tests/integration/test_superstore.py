"""Four years of a US office supplier: margins, discounts, slices that do and do not add up.

Its control totals must come out of the published table to the last decimal, and every month, week
and year must equal pandas on the raw file.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.real_project import (
    assert_equals,
    assert_no_period_is_missing,
    assert_rows_without_value_say_why,
    assert_slices_add_up,
    labels_between,
    open_incidents,
    period_labels,
    published_table,
    rows_of,
    run_project,
    shared,
    statuses,
    total_of,
)

pytestmark = pytest.mark.integration

DATA = shared("superstore")
FIRST, LAST = dt.date(2014, 1, 3), dt.date(2017, 12, 30)
MONTHS = labels_between(FIRST, LAST, "monthly")
ADDITIVE = ("sales", "profit", "quantity", "orders")


@pytest.fixture(scope="session")
def superstore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after one run. Only to be read."""
    return run_project("superstore", DATA, tmp_path_factory.mktemp("superstore"))


@pytest.fixture(scope="session")
def values(superstore: Path) -> pd.DataFrame:
    return published_table(superstore)


# Control totals: documented beside the data, written here as they stand there.


@pytest.mark.parametrize("cadence", ["monthly", "yearly"])
@pytest.mark.parametrize(
    ("kpi", "sliced", "total"),
    [
        ("sales", "total", 2_297_200.8603),
        ("sales", "region", 2_297_200.8603),
        ("sales", "category", 2_297_200.8603),
        ("sales", "segment", 2_297_200.8603),
        ("sales", "region+category", 2_297_200.8603),
        ("profit", "total", 286_397.0217),
        ("profit", "region", 286_397.0217),
        ("profit", "category", 286_397.0217),
        ("profit", "segment", 286_397.0217),
        ("quantity", "total", 37_873),
        ("quantity", "category", 37_873),
        ("orders", "total", 5_009),
        ("orders", "region", 5_009),
        ("orders", "segment", 5_009),
    ],
)
def test_periods_add_up_to_the_control_total(
    values: pd.DataFrame, kpi: str, sliced: str, cadence: str, total: float
) -> None:
    assert round(rows_of(values, kpi, cadence, sliced)["value"].sum(), 4) == total


def test_both_sides_of_a_ratio_add_up_to_the_control_totals(values: pd.DataFrame) -> None:
    for sliced in ("total", "region", "category", "segment", "region+category"):
        margin = rows_of(values, "profit_margin", "yearly", sliced)
        assert round(margin["numerator"].sum(), 4) == 286_397.0217
        assert round(margin["denominator"].sum(), 4) == 2_297_200.8603
    for sliced in ("total", "region", "segment"):
        basket = rows_of(values, "average_order_value", "yearly", sliced)
        assert round(basket["numerator"].sum(), 4) == 2_297_200.8603
        assert basket["denominator"].sum() == 5_009


# Every period against pandas. Money is counted in whole ten-thousandths, as precise as the source.


@cache
def _lines() -> pd.DataFrame:
    raw = pd.read_csv(DATA / "superstore.csv", dtype=str, keep_default_na=False)
    money = {
        name: [int(Decimal(text).scaleb(4).to_integral_exact()) for text in raw[name]]
        for name in ("Sales", "Profit")
    }
    listed = [
        Decimal(sales) / (1 - Decimal(discount))
        for sales, discount in zip(raw["Sales"], raw["Discount"], strict=True)
    ]
    return pd.DataFrame(
        {
            "order_id": raw["Order ID"],
            "customer_id": raw["Customer ID"],
            "ordered_on": pd.to_datetime(raw["Order Date"]),
            "days": (pd.to_datetime(raw["Ship Date"]) - pd.to_datetime(raw["Order Date"])).dt.days,
            "region": raw["Region"],
            "category": raw["Category"],
            "segment": raw["Segment"],
            "ship_mode": raw["Ship Mode"],
            "sales": money["Sales"],
            "profit": money["Profit"],
            "listed": [float(price) for price in listed],
            "quantity": raw["Quantity"].astype(int),
            "discount": raw["Discount"].astype(float),
        }
    )


def _orders() -> pd.DataFrame:
    return _lines().drop_duplicates("order_id")


def _by(frame: pd.DataFrame, cadence: str, sliced: str) -> pd.api.typing.DataFrameGroupBy:
    dimensions = [] if sliced == "total" else sliced.split("+")
    return frame.assign(period=period_labels(frame["ordered_on"], cadence)).groupby(
        ["period", *dimensions]
    )


def _sales(cadence: str, sliced: str) -> pd.Series:
    return _by(_lines(), cadence, sliced)["sales"].sum() / 10_000


def _profit(cadence: str, sliced: str) -> pd.Series:
    return _by(_lines(), cadence, sliced)["profit"].sum() / 10_000


def _order_count(cadence: str, sliced: str) -> pd.Series:
    return _by(_orders(), cadence, sliced).size()


def _average_discount(cadence: str, sliced: str) -> pd.Series:
    groups = _by(_lines(), cadence, sliced)
    return 1 - groups["sales"].sum() / 10_000 / groups["listed"].sum()


def _losses(cadence: str, sliced: str) -> pd.Series:
    lines = _lines().assign(is_loss=lambda frame: frame["profit"] < 0)
    return _by(lines, cadence, sliced)["is_loss"].mean()


@pytest.mark.parametrize("cadence", ["monthly", "yearly"])
@pytest.mark.parametrize(
    ("kpi", "slices", "computed"),
    [
        ("sales", ["total", "region", "category", "segment"], _sales),
        ("profit", ["total", "region", "category", "segment"], _profit),
        (
            "quantity",
            ["total", "category"],
            lambda cadence, sliced: _by(_lines(), cadence, sliced)["quantity"].sum(),
        ),
        ("orders", ["total", "region", "segment"], _order_count),
        (
            "orders_with_category",
            ["total", "category", "region+category"],
            lambda cadence, sliced: _by(_lines(), cadence, sliced)["order_id"].nunique(),
        ),
        (
            "customers",
            ["total", "region", "segment"],
            lambda cadence, sliced: _by(_lines(), cadence, sliced)["customer_id"].nunique(),
        ),
        (
            "average_order_value",
            ["total", "region", "segment"],
            lambda cadence, sliced: _sales(cadence, sliced) / _order_count(cadence, sliced),
        ),
        (
            "profit_margin",
            ["total", "region", "category", "segment", "region+category"],
            lambda cadence, sliced: _profit(cadence, sliced) / _sales(cadence, sliced),
        ),
        ("loss_making_lines", ["total", "category"], _losses),
        ("average_discount", ["total", "region", "category"], _average_discount),
        (
            "days_to_ship",
            ["total", "ship_mode"],
            lambda cadence, sliced: _by(_orders(), cadence, sliced)["days"].mean(),
        ),
        (
            "slow_shipment",
            ["total", "ship_mode"],
            lambda cadence, sliced: _by(_orders(), cadence, sliced)["days"].quantile(0.9),
        ),
    ],
)
def test_every_month_and_year_equals_pandas(
    values: pd.DataFrame,
    kpi: str,
    slices: list[str],
    cadence: str,
    computed: Callable[[str, str], pd.Series],
) -> None:
    for sliced in slices:
        assert_equals(values, kpi, computed(cadence, sliced), cadence=cadence, sliced=sliced)


def test_a_region_that_sold_nothing_of_a_category_in_a_month_sold_zero(
    values: pd.DataFrame,
) -> None:
    sold = _sales("monthly", "region+category").unstack(["region", "category"]).fillna(0)
    assert (sold == 0).sum().sum() == 3
    assert_equals(values, "sales", sold.stack([0, 1]), sliced="region+category")
    # What has sold nothing has no margin.
    margins = rows_of(values, "profit_margin", sliced="region+category")
    empty = margins[margins["data_status"] == "unmeasurable"]
    assert set(empty["reason_codes"]) == {"NO_ROWS"}
    assert len(empty) == 3


def test_every_week_equals_pandas(values: pd.DataFrame) -> None:
    weeks = _sales("weekly", "total").drop("2014-W01")  # it began before the data did
    assert len(weeks) == 208
    assert_equals(values, "sales", weeks, cadence="weekly")


def test_growth_compares_by_label(values: pd.DataFrame) -> None:
    for sliced in ("total", "region"):
        sold = _sales("monthly", sliced)
        sold = sold.unstack() if sliced != "total" else sold
        change = (sold.reindex(MONTHS) / sold.reindex(MONTHS).shift() - 1).iloc[1:]
        assert_equals(
            values, "sales_growth", change if sliced == "total" else change.stack(), sliced=sliced
        )


@pytest.mark.parametrize(("cadence", "year"), [("monthly", 12), ("yearly", 1)])
def test_growth_on_the_year_before_compares_by_label(
    values: pd.DataFrame, cadence: str, year: int
) -> None:
    labels = labels_between(FIRST, LAST, cadence)
    sold = _sales(cadence, "category").unstack().reindex(labels)
    change = (sold / sold.shift(year) - 1).iloc[year:].stack()
    assert_equals(values, "sales_growth_yearly", change, cadence=cadence, sliced="category")


def test_a_discount_weighs_as_much_as_its_line(values: pd.DataFrame) -> None:
    """The mean of the lines' discounts is another number, in every year."""
    plain = _by(_lines(), "yearly", "total")["discount"].mean()
    weighted = total_of(values, "average_discount", "yearly")["value"].dropna()
    assert list(weighted.index) == ["2014", "2015", "2016", "2017"]
    assert ((weighted - plain).abs() > 0.01).all()


# Metrics that look beyond their period.


def _first_orders() -> pd.DataFrame:
    return _orders().sort_values("ordered_on").drop_duplicates("customer_id")


def _measured_from(expected: pd.Series, first: str) -> pd.Series:
    return expected[expected.index.get_level_values(0) >= first]


@pytest.mark.parametrize(("cadence", "first"), [("monthly", "2015-01"), ("yearly", "2015")])
def test_a_customer_is_new_once_and_not_in_the_year_in_which_all_are(
    values: pd.DataFrame, cadence: str, first: str
) -> None:
    labels = [label for label in labels_between(FIRST, LAST, cadence) if label >= first]
    new = _by(_first_orders(), cadence, "segment").size().unstack().reindex(labels).fillna(0)
    assert_equals(values, "new_customers", new.stack(), cadence=cadence, sliced="segment")
    assert_equals(values, "new_customers", new.sum(axis=1), cadence=cadence)
    assert_slices_add_up(values, ["new_customers"])
    # 793 customers in all, documented: those who are not new later were there in 2014.
    in_2014 = _orders()[_orders()["ordered_on"].dt.year == 2014]["customer_id"].nunique()
    measured = total_of(values, "new_customers", cadence)["value"].dropna()
    assert measured.sum() + in_2014 == 793
    young = statuses(values, "new_customers", cadence)
    assert {code for label, code in young.items() if label < first} == {("pending", "WARM_UP")}


@pytest.mark.parametrize(("cadence", "first"), [("monthly", "2015-01"), ("yearly", "2015")])
def test_a_customer_came_back_whose_last_order_of_the_period_is_not_the_first_ever(
    values: pd.DataFrame, cadence: str, first: str
) -> None:
    orders = _orders().sort_values("ordered_on", kind="stable")
    came_back = orders.assign(again=orders.duplicated("customer_id"))
    for sliced in ("total", "segment"):
        dimensions = [] if sliced == "total" else [sliced]
        by_customer = (
            came_back.assign(period=period_labels(came_back["ordered_on"], cadence))
            .groupby(["period", *dimensions, "customer_id"])["again"]
            .max()
        )
        share = by_customer.groupby(["period", *dimensions]).mean()
        expected = _measured_from(share, first)
        assert_equals(values, "repeat_rate", expected, cadence=cadence, sliced=sliced)


def test_the_year_so_far_is_that_of_the_period_s_last_day(values: pd.DataFrame) -> None:
    for sliced in ("total", "region"):
        sold = _sales("monthly", sliced)
        wide = sold.to_frame("total") if sliced == "total" else sold.unstack()
        so_far = wide.groupby(wide.index.str[:4]).cumsum()
        expected = so_far["total"] if sliced == "total" else so_far.stack()
        assert_equals(values, "sales_year_to_date", expected, sliced=sliced)
        years = _sales("yearly", sliced)
        assert_equals(values, "sales_year_to_date", years, cadence="yearly", sliced=sliced)


def test_90_days_are_90_days_and_their_customers_count_once(values: pd.DataFrame) -> None:
    orders = _orders()
    for sliced in ("total", "region"):
        counted = []
        for month in MONTHS[3:]:  # 90 days before the end of March begin before the data
            end = pd.Period(month, "M").end_time.normalize()
            start = end - pd.Timedelta(days=89)
            window = orders[orders["ordered_on"].between(start, end)]
            keys = ["period"] if sliced == "total" else ["period", sliced]
            counted.append(window.assign(period=month).groupby(keys)["customer_id"].nunique())
        expected = pd.concat(counted)
        assert_equals(values, "customers_of_90_days", expected, sliced=sliced)
    found = statuses(values, "customers_of_90_days")
    assert {found[month] for month in MONTHS[:3]} == {("pending", "WARM_UP")}
    assert {found[month] for month in MONTHS[3:]} == {("final", "")}
    assert found["2018-01"] == ("pending", "NOT_DUE")


def test_a_formula_divides_what_its_inputs_publish(values: pd.DataFrame) -> None:
    for cadence in ("monthly", "yearly"):
        for sliced in ("total", "region", "segment"):
            customers = _by(_lines(), cadence, sliced)["customer_id"].nunique()
            expected = _sales(cadence, sliced) / customers
            assert_equals(values, "sales_per_customer", expected, cadence=cadence, sliced=sliced)


# Algebra between what is published.


def test_slices_of_sums_and_counts_add_up(values: pd.DataFrame) -> None:
    assert_slices_add_up(values, ADDITIVE)


def test_months_add_up_to_years(values: pd.DataFrame) -> None:
    for kpi in ADDITIVE:
        months = total_of(values, kpi)["value"].dropna()
        by_year = months.groupby(months.index.str[:4]).sum()
        years = total_of(values, kpi, "yearly")["value"].dropna()
        assert years.to_dict() == pytest.approx(by_year.to_dict(), rel=1e-12)


def test_distinct_counts_do_not_add_up_where_an_order_is_in_two_slices(
    values: pd.DataFrame,
) -> None:
    by_category = rows_of(values, "orders_with_category", "yearly", "category")["value"]
    total = total_of(values, "orders_with_category", "yearly")["value"].dropna()
    assert total.sum() == 5_009
    assert (by_category.groupby("period").sum().reindex(total.index) > total).all()
    # A customer has one segment, and buys in several regions: the one adds up, the other does not.
    customers = total_of(values, "customers", "yearly")["value"].dropna()
    segments = rows_of(values, "customers", "yearly", "segment")["value"].groupby("period").sum()
    regions = rows_of(values, "customers", "yearly", "region")["value"].groupby("period").sum()
    assert segments.reindex(customers.index).to_dict() == customers.to_dict()
    assert (regions.reindex(customers.index) > customers).all()


# What is measured and what is not.


def test_every_month_says_whether_it_was_measured(values: pd.DataFrame) -> None:
    final = dict.fromkeys(MONTHS, ("final", ""))
    waiting = {"2018-01": ("pending", "NOT_DUE")}
    for kpi in (*ADDITIVE, "profit_margin", "customers", "average_discount", "slow_shipment"):
        assert statuses(values, kpi) == final | waiting
    # Orders of December may still wait for their shipment.
    late = {"2017-12": ("provisional", "")}
    assert statuses(values, "days_to_ship") == final | late | waiting
    first_year = dict.fromkeys(MONTHS[:12], ("pending", "WARM_UP"))
    assert statuses(values, "sales_growth_yearly") == final | first_year | waiting
    first_month = {MONTHS[0]: ("pending", "WARM_UP")}
    assert statuses(values, "sales_growth") == final | first_month | waiting


def test_no_slice_has_a_period_missing_and_no_row_lacks_its_reason(values: pd.DataFrame) -> None:
    assert_no_period_is_missing(values)
    assert_rows_without_value_say_why(values)


def test_people_are_told_of_empty_slices_only(superstore: Path) -> None:
    """No total is unmeasurable, and of the open month nobody is told."""
    incidents = open_incidents(superstore)
    assert {(severity, reason) for severity, reason, _, _ in incidents} == {("slice", "NO_ROWS")}
    assert {root for _, _, root, _ in incidents} == {
        "kpi:profit_margin", "kpi:orders_with_category",  # a region without a category, for a month
        "kpi:sales",  # the same in the last week, whose Sunday the extract does not reach
        "kpi:days_to_ship", "kpi:slow_shipment",  # months without a shipment on the same day
    }  # fmt: skip
