"""Sales and returns of a fictional bicycle maker: joined dimensions, two ways to write a date, and
a return rate whose two sides come from two systems.

Its published totals (many dashboards quote them) must come out of the published table, and every
month, quarter and year must equal pandas on the raw files.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
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

DATA = shared("adventureworks")
FIRST, LAST = dt.date(2021, 1, 1), dt.date(2023, 6, 30)
MONTHS = labels_between(FIRST, LAST, "monthly")
ADDITIVE = ("revenue", "units_sold", "units_returned")


@pytest.fixture(scope="session")
def adventureworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after one run. Only to be read."""
    return run_project("adventureworks", DATA, tmp_path_factory.mktemp("adventureworks"))


@pytest.fixture(scope="session")
def values(adventureworks: Path) -> pd.DataFrame:
    return published_table(adventureworks)


# Published totals: written here as they stand beside the data.


@pytest.mark.parametrize("cadence", ["monthly", "yearly"])
@pytest.mark.parametrize(
    ("kpi", "slices", "column", "total"),
    [
        ("revenue", ["total", "category", "country", "occupation"], "value", 24_914_586.82),
        ("revenue", ["category+country"], "value", 24_914_586.82),
        ("profit_margin", ["total", "category"], "numerator", 10_457_715.43),
        ("profit_margin", ["total", "category"], "denominator", 24_914_586.82),
        ("orders", ["total", "country"], "value", 25_164),
        ("units_sold", ["total", "category"], "value", 84_174),
        ("units_returned", ["total", "category", "country"], "value", 1_828),
        ("return_rate", ["total", "category", "subcategory", "country"], "numerator", 1_828),
        ("return_rate", ["total", "category", "subcategory", "country"], "denominator", 84_174),
    ],
)
def test_periods_add_up_to_the_published_total(
    values: pd.DataFrame, kpi: str, slices: list[str], cadence: str, column: str, total: float
) -> None:
    for sliced in slices:
        assert round(rows_of(values, kpi, cadence, sliced)[column].sum(), 2) == total


def test_the_return_rate_over_all_is_the_published_one(values: pd.DataFrame) -> None:
    years = total_of(values, "return_rate", "yearly")
    assert round(years["numerator"].sum() / years["denominator"].sum() * 100, 4) == 2.1717


def test_no_line_is_rejected_and_none_is_dated_by_its_day_first(adventureworks: Path) -> None:
    """Read day first, the lines of the first twelve days of a month would land in other months."""
    with duckdb.connect(str(adventureworks / "var/warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from audit.rejects").fetchall() == [(0,)]
        found = con.execute(
            'select count(*), min("OrderDate"), max("OrderDate"), count(distinct "OrderDate") '
            "from raw.sales"
        ).fetchall()
    assert found == [(56_046, FIRST, LAST, (LAST - FIRST).days + 1)]


def test_names_in_latin_1_are_read(adventureworks: Path) -> None:
    with duckdb.connect(str(adventureworks / "var/warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            'select "FirstName" from raw.customers where "CustomerKey" = 29483'
        ).fetchall()
    assert found == [("JÉSUS",)]


# Every period against pandas. Money is counted in whole ten-thousandths, as precise as the prices.


def _csv(name: str, **options: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"AdventureWorks_{name}.csv", keep_default_na=False, **options)


def _ten_thousandths(amounts: pd.Series) -> list[int]:
    return [int(Decimal(text).scaleb(4).to_integral_exact()) for text in amounts]


@cache
def _products() -> pd.DataFrame:
    products = _csv("Products", dtype=str).merge(
        _csv("Product_Subcategories", dtype=str), on="ProductSubcategoryKey", validate="m:1"
    )
    products = products.merge(
        _csv("Product_Categories", dtype=str), on="ProductCategoryKey", validate="m:1"
    )
    return pd.DataFrame(
        {
            "ProductKey": products["ProductKey"].astype(int),
            "category": products["CategoryName"],
            "subcategory": products["SubcategoryName"],
            "price": _ten_thousandths(products["ProductPrice"]),
            "cost": _ten_thousandths(products["ProductCost"]),
        }
    )


def _with_dimensions(rows: pd.DataFrame, territory: str = "TerritoryKey") -> pd.DataFrame:
    territories = _csv("Territories").rename(columns={"Country": "country"})
    return rows.merge(_products(), on="ProductKey", validate="m:1").merge(
        territories, left_on=territory, right_on="SalesTerritoryKey", validate="m:1"
    )


@cache
def _lines() -> pd.DataFrame:
    lines = pd.concat([_csv(f"Sales_{year}") for year in (2021, 2022, 2023)])
    # Both ways to write a date have the month first, whatever stands between.
    parts = lines["OrderDate"].str.split("[-/]", regex=True, expand=True).astype(int)
    parts.columns = pd.Index(["month", "day", "year"])
    dates = pd.to_datetime(parts.assign(year=parts["year"] % 100 + 2000))
    customers = _csv("Customers", encoding="latin-1")[["CustomerKey", "Occupation"]]
    lines = _with_dimensions(lines.assign(on=dates)).merge(
        customers.rename(columns={"Occupation": "occupation"}), on="CustomerKey", validate="m:1"
    )
    return lines.assign(
        revenue=lines["OrderQuantity"] * lines["price"],
        margin=lines["OrderQuantity"] * (lines["price"] - lines["cost"]),
    )


@cache
def _returns() -> pd.DataFrame:
    returns = _csv("Returns")
    dates = pd.to_datetime(returns["ReturnDate"], format="%m/%d/%Y")
    return _with_dimensions(returns.assign(on=dates))


def _by(frame: pd.DataFrame, cadence: str, sliced: str) -> pd.api.typing.DataFrameGroupBy:
    dimensions = [] if sliced == "total" else sliced.split("+")
    return frame.assign(period=period_labels(frame["on"], cadence)).groupby(["period", *dimensions])


def _zero_filled(sums: pd.Series, cadence: str) -> pd.Series:
    """Of a slice that sells nothing in a period it sells 0: every day of the period is there."""
    labels = labels_between(FIRST, LAST, cadence)
    if not isinstance(sums.index, pd.MultiIndex):
        return sums.reindex(labels, fill_value=0)
    wide = sums.unstack(list(range(1, sums.index.nlevels))).reindex(labels).fillna(0)
    return wide.stack(list(range(wide.columns.nlevels)))


def _revenue(cadence: str, sliced: str) -> pd.Series:
    return _zero_filled(_by(_lines(), cadence, sliced)["revenue"].sum() / 10_000, cadence)


def _sold(cadence: str, sliced: str) -> pd.Series:
    return _zero_filled(_by(_lines(), cadence, sliced)["OrderQuantity"].sum(), cadence)


def _returned(cadence: str, sliced: str) -> pd.Series:
    return _zero_filled(_by(_returns(), cadence, sliced)["ReturnQuantity"].sum(), cadence)


def _return_rate(cadence: str, sliced: str) -> pd.Series:
    sold = _by(_lines(), cadence, sliced)["OrderQuantity"].sum()
    returned = _by(_returns(), cadence, sliced)["ReturnQuantity"].sum()
    assert returned.index.isin(sold.index).all()
    return returned.reindex(sold.index, fill_value=0) / sold


def _margin(cadence: str, sliced: str) -> pd.Series:
    groups = _by(_lines(), cadence, sliced)
    return groups["margin"].sum() / groups["revenue"].sum()


def _orders(cadence: str, sliced: str) -> pd.Series:
    return _zero_filled(_by(_lines(), cadence, sliced)["OrderNumber"].nunique(), cadence)


@pytest.mark.parametrize(
    ("kpi", "cadences", "slices", "computed"),
    [
        (
            "revenue",
            ["monthly", "quarterly", "yearly"],
            ["total", "category", "country", "category+country", "occupation"],
            _revenue,
        ),
        ("profit_margin", ["monthly", "yearly"], ["total", "category"], _margin),
        ("orders", ["monthly", "yearly"], ["total", "category", "country"], _orders),
        (
            "customers",
            ["monthly", "yearly"],
            ["total", "country"],
            lambda cadence, sliced: _by(_lines(), cadence, sliced)["CustomerKey"].nunique(),
        ),
        ("units_sold", ["daily", "monthly", "yearly"], ["total", "category"], _sold),
        ("units_returned", ["monthly", "yearly"], ["total", "category", "country"], _returned),
        (
            "return_rate",
            ["monthly", "yearly"],
            ["total", "category", "subcategory", "country"],
            _return_rate,
        ),
    ],
)
def test_every_period_equals_pandas(
    values: pd.DataFrame,
    kpi: str,
    cadences: list[str],
    slices: list[str],
    computed: Callable[[str, str], pd.Series],
) -> None:
    for cadence in cadences:
        for sliced in slices:
            assert_equals(values, kpi, computed(cadence, sliced), cadence=cadence, sliced=sliced)


@pytest.mark.parametrize(("cadence", "year"), [("monthly", 12), ("quarterly", 4), ("yearly", 1)])
def test_growth_compares_by_label_and_waits_for_the_year_s_end(
    values: pd.DataFrame, cadence: str, year: int
) -> None:
    for sliced in ("total", "category"):
        sold = _revenue(cadence, sliced)
        wide = sold.to_frame("total") if sliced == "total" else sold.unstack()
        # Half a year is not compared with a whole one; nor is anything with nothing.
        wide = wide.drop("2023") if cadence == "yearly" else wide
        change = (wide / wide.shift(year).replace(0, float("nan")) - 1).stack().dropna()
        expected = change.droplevel(1) if sliced == "total" else change
        assert_equals(values, "revenue_growth_yearly", expected, cadence=cadence, sliced=sliced)


def test_the_fiscal_year_goes_from_july_to_june(values: pd.DataFrame) -> None:
    """A first half year before the data begins is not shown as a year."""
    lines = _lines()
    halves = lines["on"].dt.year.astype(str) + (lines["on"].dt.month > 6).map(
        {True: "b", False: "a"}
    )
    sold = lines.groupby(halves)["revenue"].sum() / 10_000
    years = total_of(values, "revenue_fiscal", "yearly")
    found = years["value"].dropna().to_dict()
    assert found == pytest.approx(
        {"FY2022": sold["2021b"] + sold["2022a"], "FY2023": sold["2022b"] + sold["2023a"]}
    )
    assert statuses(values, "revenue_fiscal", "yearly") == {
        "FY2021": ("pending", "WARM_UP"),
        "FY2022": ("final", ""),
        "FY2023": ("final", ""),
        "FY2024": ("pending", "NOT_DUE"),
    }
    quarters = total_of(values, "revenue_fiscal", "quarterly")["value"].dropna()
    gregorian = total_of(values, "revenue", "quarterly")["value"].dropna()
    assert list(quarters.index[:3]) == ["FY2021-Q3", "FY2021-Q4", "FY2022-Q1"]
    assert list(quarters) == pytest.approx(list(gregorian), rel=1e-12)
    assert_slices_add_up(values, ["revenue_fiscal"])


def test_the_fiscal_year_so_far_starts_in_july(values: pd.DataFrame) -> None:
    sold = _revenue("monthly", "total")
    months = total_of(values, "revenue_fiscal_to_date")["value"].dropna()
    assert list(months.index) == [
        f"FY{year}-P{n:02d}" for year in (2022, 2023) for n in range(1, 13)
    ]
    expected = [*sold["2021-07":"2022-06"].cumsum(), *sold["2022-07":"2023-06"].cumsum()]
    assert list(months) == pytest.approx(expected, rel=1e-12)
    found = statuses(values, "revenue_fiscal_to_date")
    assert {found[f"FY2021-P{n:02d}"] for n in range(7, 13)} == {("pending", "WARM_UP")}


# Algebra between what is published.


def test_slices_of_sums_add_up(values: pd.DataFrame) -> None:
    assert_slices_add_up(values, ADDITIVE)


def test_days_months_and_quarters_add_up_to_years(values: pd.DataFrame) -> None:
    finer = [("units_sold", "daily"), ("units_sold", "monthly"), ("units_returned", "monthly"),
             ("revenue", "monthly"), ("revenue", "quarterly")]  # fmt: skip
    for kpi, cadence in finer:
        fine = total_of(values, kpi, cadence)["value"].dropna()
        years = total_of(values, kpi, "yearly")["value"].dropna()
        assert list(years.index) == ["2021", "2022", "2023"]
        by_year = fine.groupby(fine.index.str[:4]).sum()
        assert years.to_dict() == pytest.approx(by_year.to_dict(), rel=1e-12)


def test_an_order_of_two_categories_counts_once_in_the_total(values: pd.DataFrame) -> None:
    total = total_of(values, "orders", "yearly")["value"].dropna()
    by_category = rows_of(values, "orders", "yearly", "category")["value"]
    assert (by_category.groupby("period").sum()["2022":] > total["2022":]).all()


# What is measured and what is not.


def test_every_month_says_whether_it_was_measured(values: pd.DataFrame) -> None:
    final = dict.fromkeys(MONTHS, ("final", ""))
    waiting = {"2023-07": ("pending", "NOT_DUE")}
    # From July 2022 on four times as many lines are sold, for good: 58 on the 4th, where the median
    # of eight Mondays is 10.5, 58 on the 9th (10) and 69 on the 11th (11.5). Returns are too few.
    more_lines = {"2022-07": ("final", "VOLUME_ANOMALY")}
    for kpi in (*ADDITIVE, "profit_margin", "orders", "customers", "return_rate"):
        told = {} if kpi == "units_returned" else more_lines
        assert statuses(values, kpi) == final | told | waiting, kpi
    first_year = dict.fromkeys(MONTHS[:12], ("pending", "WARM_UP"))
    assert statuses(values, "revenue_growth_yearly") == final | first_year | more_lines | waiting


def test_half_a_year_is_provisional(values: pd.DataFrame) -> None:
    whole = {"2021": ("final", ""), "2022": ("final", "")}
    for kpi in (*ADDITIVE, "profit_margin", "return_rate"):
        assert statuses(values, kpi, "yearly") == whole | {"2023": ("provisional", "")}
    assert statuses(values, "revenue_growth_yearly", "yearly") == {
        "2021": ("pending", "WARM_UP"), "2022": ("final", ""), "2023": ("pending", "NOT_DUE")
    }  # fmt: skip
    waiting = total_of(values, "revenue_growth_yearly", "yearly").loc["2023", "reason"]
    assert waiting == "The period is due on 2024-01-01; it is compared once it is whole."


def test_no_slice_has_a_period_missing_and_no_row_lacks_its_reason(values: pd.DataFrame) -> None:
    assert_no_period_is_missing(values)
    assert_rows_without_value_say_why(values)


def test_people_are_told_of_growth_from_nothing_and_not_of_what_was_not_sold_yet(
    adventureworks: Path,
) -> None:
    """Bikes are sold from the start, accessories and clothing from July 2022 on."""
    assert [row[:3] for row in open_incidents(adventureworks)] == [
        ("slice", "ZERO_DENOMINATOR", "kpi:revenue_growth_yearly"),
    ]
