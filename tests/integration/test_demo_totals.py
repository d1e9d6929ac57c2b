"""The demo's published numbers against pandas on the raw files, and against what a person expects.

Which periods have a value is written down here by hand, from the specs in words: an empty table, a
period lost at either end or a value that should not be there fails as loudly as a wrong number.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.copies import REPOSITORY
from tests.integration import independent
from tests.integration.independent import Raw, Slice

pytestmark = pytest.mark.integration

CENT = 0.005  # sums of money are equal to the cent
RELATIVE = 1e-9  # ratios
KEY = ["period", "slice_value"]

# The demo's clock stands on 2018-01-01 (Monday, 2018-W01): nothing of that day is known yet.
OPEN = {
    "daily": "2018-01-01", "weekly": "2018-W01", "monthly": "2018-01", "quarterly": "2018-Q1",
    "yearly": "2018",
}  # fmt: skip
# Data begins on Sunday, 2017-01-01, the last day of 2016-W52.
FIRST = {
    "daily": "2017-01-01", "weekly": "2016-W52", "monthly": "2017-01", "quarterly": "2017-Q1",
    "yearly": "2017",
}  # fmt: skip
UNMEASURABLE = "customer_satisfaction"  # declared, its source is not connected


@dataclass(frozen=True)
class Measured:
    """The periods in which the total of a KPI has a value, all bounds inclusive.

    From `first` to `final` the value is final, after that to `last` provisional. Later periods are
    not due yet.
    """

    first: str
    final: str
    last: str
    without: tuple[str, ...] = ()


NEVER = Measured("9", "0", "0")
DAYS = Measured("2017-01-01", "2017-12-31", "2017-12-31")
WEEKS = Measured("2017-W01", "2017-W52", "2017-W52")
MONTHS = Measured("2017-01", "2017-12", "2017-12")
QUARTERS = Measured("2017-Q1", "2017-Q4", "2017-Q4")
YEAR = Measured("2017", "2017", "2017")
PROVISIONAL_YEAR = Measured("2017", "2016", "2017")
# Platforms revise a week back: 2017-12-25 is closed on 2018-01-01, 12-26 is not.
AD_DAYS = Measured("2017-01-01", "2017-12-25", "2017-12-31")
AD_WEEKS = Measured("2017-W01", "2017-W51", "2017-W52")
AD_MONTHS = Measured("2017-01", "2017-11", "2017-12")
# Refunds follow for three weeks: the week that ends on 12-10 is the last closed one.
REFUND_WEEKS = Measured("2017-W01", "2017-W49", "2017-W52")
# 90 days of history from 1 January on: periods that begin on 1 April or later.
WARM_WEEKS = Measured("2017-W14", "2017-W52", "2017-W52")
WARM_MONTHS = Measured("2017-04", "2017-12", "2017-12")

MEASURED: dict[str, dict[str, Measured]] = {
    "active_customers": {"weekly": WEEKS, "monthly": MONTHS, "yearly": YEAR},
    # The fourth week's 28 days begin on 2 January; those of the third before the data.
    "active_customers_28_days": {"weekly": Measured("2017-W04", "2017-W52", "2017-W52")},
    "ad_spend": {
        "daily": AD_DAYS, "weekly": AD_WEEKS, "monthly": AD_MONTHS, "yearly": PROVISIONAL_YEAR,
    },
    # The stores are closed on 25 December: 0 orders, and no average of them.
    "average_order_value": {
        "daily": Measured("2017-01-01", "2017-12-31", "2017-12-31", without=("2017-12-25",)),
        "weekly": WEEKS,
        "monthly": MONTHS,
    },
    # It matures in three days, and its sources revise a week.
    "click_through_rate": {"daily": AD_DAYS, "weekly": AD_WEEKS, "monthly": AD_MONTHS},
    "conversion_rate": {"daily": AD_DAYS, "weekly": AD_WEEKS, "monthly": AD_MONTHS},
    "cost_per_acquisition": {"weekly": AD_WEEKS, "monthly": AD_MONTHS},
    "cost_per_click": {"daily": AD_DAYS, "weekly": AD_WEEKS, "monthly": AD_MONTHS},
    "customer_acquisition_cost": {"monthly": Measured("2017-04", "2017-11", "2017-12")},
    "discount_rate": {"weekly": WEEKS, "monthly": MONTHS},
    "gross_revenue": {
        "daily": DAYS, "weekly": WEEKS, "monthly": MONTHS, "quarterly": QUARTERS, "yearly": YEAR,
    },
    "impressions": {"daily": AD_DAYS, "weekly": AD_WEEKS, "monthly": AD_MONTHS},
    # A lead may be won for 90 days: September closes on 29 December, October on 29 January.
    "lead_win_rate": {
        "monthly": Measured("2017-01", "2017-09", "2017-12"), "yearly": PROVISIONAL_YEAR,
    },
    "leads": {"weekly": WEEKS, "monthly": MONTHS},
    "marketing_share_of_revenue": {
        "weekly": AD_WEEKS, "monthly": AD_MONTHS, "yearly": PROVISIONAL_YEAR,
    },
    "net_revenue": {"weekly": REFUND_WEEKS, "monthly": AD_MONTHS, "yearly": PROVISIONAL_YEAR},
    "new_customers": {"weekly": WARM_WEEKS, "monthly": WARM_MONTHS},
    "orders": {"daily": DAYS, "weekly": WEEKS, "monthly": MONTHS},
    "refund_rate": {"weekly": REFUND_WEEKS, "monthly": AD_MONTHS},
    "regular_customer_share": {"quarterly": QUARTERS},
    "repeat_purchase_rate": {"monthly": WARM_MONTHS},
    "return_on_ad_spend": {"weekly": AD_WEEKS, "monthly": AD_MONTHS},
    "return_on_investment": {"monthly": AD_MONTHS, "yearly": PROVISIONAL_YEAR},
    # 2016-W52 ends on 1 January: the first day of the year is the whole year to date.
    "revenue_year_to_date": {
        "weekly": Measured("2016-W52", "2017-W52", "2017-W52"), "monthly": MONTHS,
    },
    # Deals may arrive three days late: December is due on 2018-01-03.
    "sales_cycle_length": {"monthly": Measured("2017-05", "2017-11", "2017-12")},
    "sales_growth": {"monthly": Measured("2017-02", "2017-12", "2017-12")},
    "sales_volume": {"weekly": WEEKS, "monthly": MONTHS},
    UNMEASURABLE: {"monthly": NEVER},
}  # fmt: skip

CHANNELS: tuple[Slice, ...] = (("channel",), ("channel", "campaign"))
SLICES: dict[str, tuple[Slice, ...]] = {
    "ad_spend": CHANNELS,
    "click_through_rate": CHANNELS,
    "conversion_rate": CHANNELS,
    "cost_per_acquisition": CHANNELS,
    "cost_per_click": CHANNELS,
    "discount_rate": (("brand",),),
    "gross_revenue": (("department",),),
    "impressions": CHANNELS,
    "lead_win_rate": (("origin",),),
    "leads": (("origin",),),
    "return_on_ad_spend": CHANNELS,
    "return_on_investment": (("channel",),),
    "revenue_year_to_date": (("department",),),
    "sales_growth": (("department",),),
    "sales_volume": (("department",),),
}
SLICE_VALUES = {"brand": 3, "channel": 3, "channel+campaign": 10, "department": 31, "origin": 7}

MONEY_SUMS = {"gross_revenue", "revenue_year_to_date", "net_revenue", "ad_spend"}
COUNTS = {
    "orders", "sales_volume", "active_customers", "active_customers_28_days", "new_customers",
    "impressions", "leads",
}  # fmt: skip
ADDITIVE = sorted((MONEY_SUMS | COUNTS) & SLICES.keys())
SMALLEST_SAMPLE = {
    "lead_win_rate": 30, "click_through_rate": 100, "repeat_purchase_rate": 100,
    "regular_customer_share": 100,
}  # fmt: skip

CADENCES = [(kpi, cadence) for kpi, cadences in MEASURED.items() for cadence in cadences]
COMPUTED = [(kpi, cadence) for kpi, cadence in CADENCES if kpi != UNMEASURABLE]
SLICED = [(kpi, cadence, "+".join(by)) for kpi, cadence in COMPUTED for by in SLICES.get(kpi, ())]


@pytest.fixture(scope="module")
def raw(demo: Path) -> Raw:
    return independent.read(demo / "landing")


@pytest.fixture(scope="module")
def values(demo: Path) -> pd.DataFrame:
    return _table(demo, "kpi_values")


def _table(demo: Path, name: str) -> pd.DataFrame:
    with duckdb.connect(str(demo / "published" / "kpis.duckdb"), read_only=True) as con:
        return con.execute(f"select * from {name}").df()


def _rows(values: pd.DataFrame, kpi: str, cadence: str, sliced: str = "total") -> pd.DataFrame:
    """Published rows of one KPI, cadence and slice, by (period, slice value)."""
    found = values[
        (values["kpi"] == kpi) & (values["cadence"] == cadence) & (values["slice"] == sliced)
    ]
    return found.set_index(KEY, verify_integrity=True).sort_index()


def _periods(cadence: str, first: str, last: str) -> list[str]:
    """Every period label from `first` to `last`, in order."""
    days = pd.date_range("2016-12-26", "2018-12-31")
    all_labels = dict.fromkeys(independent.label(day.date(), cadence) for day in days)
    return [period for period in all_labels if first <= period <= last]


def _measured_periods(kpi: str, cadence: str) -> list[str]:
    measured = MEASURED[kpi][cadence]
    found = _periods(cadence, measured.first, measured.last)
    return [period for period in found if period not in measured.without]


def _status(kpi: str, cadence: str, period: str) -> tuple[str, str]:
    """data_status and reason codes that a person expects for a total."""
    measured = MEASURED[kpi][cadence]
    if kpi == UNMEASURABLE:
        return "unmeasurable", "SOURCE_MISSING"
    if period in measured.without:
        return "unmeasurable", "NO_ROWS"
    if period > measured.last:
        return "pending", "NOT_DUE"
    if period < measured.first:
        return "pending", "WARM_UP"
    return ("final" if period <= measured.final else "provisional"), ""


def _expected(raw: Raw, kpi: str, cadence: str, by: Slice) -> pd.DataFrame:
    """What pandas gives for the periods that should have a value, by (period, slice value)."""
    computed = independent.compute(raw, kpi, cadence, by)
    periods = _measured_periods(kpi, cadence)
    if kpi in MONEY_SUMS | COUNTS:  # a complete period without rows is an honest 0
        slices = computed.index.unique("slice_value")
        every = pd.MultiIndex.from_product([periods, slices], names=KEY)
        filled = computed.reindex(every)
        return filled.assign(
            numerator=filled["numerator"].fillna(0), value=filled["value"].fillna(0)
        )
    expected = computed[computed.index.isin(periods, level="period")]
    return expected[~(expected["denominator"] < SMALLEST_SAMPLE.get(kpi, 0))]


def _assert_equal(found: pd.Series, expected: pd.Series, kpi: str) -> None:
    """Compare two columns with the same index. NaN equals NaN only."""
    assert found.isna().tolist() == expected.isna().tolist()
    if kpi in COUNTS:
        close = found.eq(expected)
    elif kpi in MONEY_SUMS:
        close = (found - expected).abs() < CENT
    else:
        # Growth of 0 and a return that just breaks even have nothing to be relative to.
        close = (found - expected).abs() <= RELATIVE * expected.abs().clip(lower=1e-6)
    wrong = ~(close | found.isna())
    both = pd.DataFrame({"published": found, "pandas": expected})
    assert not wrong.any(), f"{kpi}.{found.name}:\n{both[wrong]}"


def test_every_kpi_of_the_specs_is_published_and_computed_independently(
    values: pd.DataFrame,
) -> None:
    specs = {file.stem for file in (REPOSITORY / "kpi_specs" / "kpis").rglob("*.yml")}
    found = values.groupby("kpi")["cadence"].agg(set).to_dict()
    assert found == {kpi: set(cadences) for kpi, cadences in MEASURED.items()}
    assert specs == set(MEASURED)
    assert specs - {UNMEASURABLE} == set(independent.COMPUTATIONS)


def test_pandas_read_every_raw_row(raw: Raw, demo: Path) -> None:
    written = json.loads((demo / "landing" / "demo.json").read_text(encoding="utf-8"))["rows"]
    read = {
        "pos_transactions": len(raw.lines),
        "ad_google": int((raw.ads["channel"] == "search").sum()),
        "ad_meta": int((raw.ads["channel"] != "search").sum()),
        "ad_conversions": len(raw.conversions),
        "refunds": len(raw.refunds),
        "crm_leads": len(raw.leads),
        "crm_deals": len(raw.deals),
        "product_costs": len(raw.unit_costs),
    }
    assert read == {name: written[name] for name in read}
    # The package's own totals, known before this project.
    assert len(raw.lines) == 1_469_307
    assert raw.lines["sales"].sum() == 4_596_039_580_000
    # In New York the year ends where it should, and nobody sold on Christmas.
    days = set(raw.lines["date"])
    assert (min(days), max(days)) == (pd.Timestamp("2017-01-01"), pd.Timestamp("2017-12-31"))
    assert set(pd.date_range(min(days), max(days))) - days == {pd.Timestamp("2017-12-25")}


@pytest.mark.parametrize(("kpi", "cadence"), CADENCES)
def test_every_total_has_the_status_and_reason_that_a_person_expects(
    values: pd.DataFrame, kpi: str, cadence: str
) -> None:
    rows = _rows(values, kpi, cadence)
    found = {
        period: (row.data_status, row.reason_codes)
        for (period, _), row in zip(rows.index, rows.itertuples(), strict=True)
    }
    periods = _periods(cadence, FIRST[cadence], OPEN[cadence])
    expected = {period: _status(kpi, cadence, period) for period in periods}
    differing = {
        period: (found.get(period), expected.get(period))
        for period in sorted(found.keys() | expected.keys())
        if found.get(period) != expected.get(period)
    }
    assert not differing, f"{kpi} {cadence}, published against expected: {differing}"


@pytest.mark.parametrize(("kpi", "cadence", "sliced"), SLICED)
def test_a_slice_has_the_status_of_its_total_or_a_reason_of_its_own(
    values: pd.DataFrame, kpi: str, cadence: str, sliced: str
) -> None:
    own_reason = "LOW_SAMPLE" if kpi == "lead_win_rate" else "ZERO_DENOMINATOR"
    rows = _rows(values, kpi, cadence, sliced).reset_index()
    assert len(rows) > 0
    for row in rows.itertuples():
        expected = _status(kpi, cadence, row.period)
        if not expected[1] and pd.isna(row.value):
            assert kpi not in MONEY_SUMS | COUNTS
            expected = ("unmeasurable", own_reason)
        found = (row.data_status, row.reason_codes)
        assert found == expected, f"{kpi} {row.period} {row.slice_value}"


@pytest.mark.parametrize(("kpi", "cadence"), COMPUTED)
def test_totals_equal_pandas(values: pd.DataFrame, raw: Raw, kpi: str, cadence: str) -> None:
    _assert_as_computed(values, raw, kpi, cadence, ())


@pytest.mark.parametrize(("kpi", "cadence", "sliced"), SLICED)
def test_slices_equal_pandas(
    values: pd.DataFrame, raw: Raw, kpi: str, cadence: str, sliced: str
) -> None:
    _assert_as_computed(values, raw, kpi, cadence, tuple(sliced.split("+")))


def _assert_as_computed(values: pd.DataFrame, raw: Raw, kpi: str, cadence: str, by: Slice) -> None:
    rows = _rows(values, kpi, cadence, "+".join(by) or "total")
    published = rows[rows["value"].notna()]
    expected = _expected(raw, kpi, cadence, by)
    assert sorted(published.index.difference(expected.index)) == [], "values that pandas has not"
    assert sorted(expected.index.difference(published.index)) == [], "values that are missing"
    expected = expected.reindex(published.index)
    for column in ("value", "numerator", "denominator"):
        _assert_equal(published[column], expected[column], kpi)


def test_comparisons_are_not_empty(values: pd.DataFrame) -> None:
    """By hand: 12 months and 52 weeks less warm-up and growth, so that no comparison is of nothing.

    7 daily KPIs with 365 days and one with 364; 17 weekly with 52 weeks, one with 53, one with
    49 and one with 39; 20 monthly with 12 months, 3 with 9, one with 8 and one with 11; 2 quarterly
    with 4 quarters; 7 yearly with one year.
    """
    totals = values[(values["slice"] == "total") & values["value"].notna()]
    assert totals.groupby("cadence").size().to_dict() == {
        "daily": 7 * 365 + 364,
        "weekly": 17 * 52 + 53 + 49 + 39,
        "monthly": 20 * 12 + 3 * 9 + 8 + 11,
        "quarterly": 2 * 4,
        "yearly": 7,
    }


@pytest.mark.parametrize(("kpi", "cadence", "sliced"), SLICED)
def test_no_period_is_missing_in_any_slice(
    values: pd.DataFrame, raw: Raw, kpi: str, cadence: str, sliced: str
) -> None:
    rows = _rows(values, kpi, cadence, sliced)
    by = tuple(sliced.split("+"))
    frame = (
        raw.lines
        if by in {("department",), ("brand",)}
        else raw.leads
        if by == ("origin",)
        else raw.ads
    )
    slices = {" | ".join(key) for key in frame[list(by)].drop_duplicates().itertuples(index=False)}
    assert len(slices) == SLICE_VALUES[sliced]
    periods = _periods(cadence, FIRST[cadence], OPEN[cadence])
    expected = pd.MultiIndex.from_product([periods, sorted(slices)], names=KEY)
    assert rows.index.symmetric_difference(expected).tolist() == []


def test_only_the_slices_of_the_specs_are_published(values: pd.DataFrame) -> None:
    found = values.groupby("kpi")["slice"].agg(set).to_dict()
    assert found == {
        kpi: {"total", *("+".join(by) for by in SLICES.get(kpi, ()))} for kpi in MEASURED
    }


@pytest.mark.parametrize(
    ("kpi", "cadence", "sliced"), [case for case in SLICED if case[0] in ADDITIVE]
)
def test_slices_of_an_additive_kpi_add_up_to_the_total(
    values: pd.DataFrame, kpi: str, cadence: str, sliced: str
) -> None:
    total = _rows(values, kpi, cadence)["value"].dropna().droplevel("slice_value")
    parts = _rows(values, kpi, cadence, sliced)["value"]
    parts = parts[parts.index.isin(total.index, level="period")]
    assert total.index.tolist() == _measured_periods(kpi, cadence)
    assert parts.notna().all()
    assert len(parts) == len(total) * SLICE_VALUES[sliced]
    hundredths = (parts * 100).round().groupby(level="period").sum()
    assert hundredths.to_dict() == (total * 100).round().to_dict()


@pytest.mark.parametrize(
    ("kpi", "fine", "coarse", "sliced"),
    [
        ("gross_revenue", "daily", "monthly", "department"),
        ("gross_revenue", "daily", "weekly", "total"),
        ("gross_revenue", "monthly", "yearly", "department"),
        ("gross_revenue", "daily", "quarterly", "department"),
        ("ad_spend", "daily", "weekly", "channel+campaign"),
        ("ad_spend", "monthly", "yearly", "channel"),
        ("impressions", "daily", "monthly", "channel+campaign"),
        ("net_revenue", "monthly", "yearly", "total"),
        ("orders", "daily", "monthly", "total"),  # a basket lies on one day
    ],
)
def test_finer_periods_add_up_to_coarser_ones(
    values: pd.DataFrame, kpi: str, fine: str, coarse: str, sliced: str
) -> None:
    parts = _rows(values, kpi, fine, sliced).dropna(subset=["value"]).reset_index()
    parts["period"] = independent.labels(parts["period_start"], coarse)
    sums = (parts["value"] * 100).round().groupby([parts["period"], parts["slice_value"]]).sum()
    whole = (_rows(values, kpi, coarse, sliced)["value"].dropna() * 100).round()
    assert not whole.empty
    assert sums.reindex(whole.index).to_dict() == whole.to_dict()


def test_kpis_agree_with_each_other(values: pd.DataFrame) -> None:
    """Algebra between months of different KPIs, each from its own table."""

    def monthly(kpi: str, column: str = "value") -> pd.Series:
        return _rows(values, kpi, "monthly")[column].droplevel("slice_value")

    months = _periods("monthly", "2017-01", "2017-12")
    warm = _periods("monthly", "2017-04", "2017-12")
    gross, net = monthly("gross_revenue")[months], monthly("net_revenue")[months]
    assert np.allclose(gross - monthly("refund_rate", "numerator")[months], net, rtol=0, atol=CENT)
    basket = monthly("average_order_value")[months] * monthly("orders")[months]
    assert np.allclose(basket, gross, rtol=RELATIVE)
    cost = monthly("customer_acquisition_cost")[warm] * monthly("new_customers")[warm]
    assert np.allclose(cost, monthly("ad_spend")[warm], rtol=RELATIVE)
    click = monthly("cost_per_click")[months] / monthly("conversion_rate")[months]
    assert np.allclose(click, monthly("cost_per_acquisition")[months], rtol=RELATIVE)


def test_no_published_number_is_infinite_or_nan(demo: Path) -> None:
    """Asked of the file itself: pandas would not tell NaN from NULL."""
    with duckdb.connect(str(demo / "published" / "kpis.duckdb"), read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name from information_schema.columns "
            "where data_type in ('DOUBLE', 'FLOAT') order by all"
        ).fetchall()
        broken = {
            (table, column): count
            for table, column in columns
            for (count,) in con.execute(
                f'select count(*) from "{table}" where not isfinite("{column}")'
            ).fetchall()
            if count
        }
    looked_at = {table for table, _ in columns}
    assert {"kpi_values", "kpi_latest", *(f"kpi_{kpi}" for kpi in MEASURED)} <= looked_at
    assert broken == {}


def test_rows_without_a_value_have_no_number_at_all_but_a_reason(values: pd.DataFrame) -> None:
    measured = values["data_status"].isin(["final", "provisional"])
    assert set(values["data_status"]) == {"final", "provisional", "pending", "unmeasurable"}
    assert values.loc[measured, "value"].notna().all()
    assert (values.loc[measured, ["reason_codes", "reason"]] == "").all(axis=None)
    without = values[~measured]
    numbers = ["value", "numerator", "denominator", "attainment", "previous_value",
               "previous_change", "year_ago_value", "year_ago_change", "signal"]  # fmt: skip
    assert without[numbers].isna().all(axis=None)
    assert set(without["target_status"]) == {"not_judged"}
    assert (without["reason_codes"].str.len() > 0).all()
    assert (without["reason"].str.len() > 20).all()  # a sentence, not a code


def test_every_total_with_a_value_passed_all_its_checks_and_no_other_did(
    demo: Path, values: pd.DataFrame
) -> None:
    key = ["kpi", "cadence", "period", "slice", "slice_value"]
    checks = _table(demo, "kpi_checks")
    checks = checks[checks["slice"] == "total"]
    passed = checks.assign(ok=checks["verdict"] == "pass").groupby(key)["ok"].agg(["all", "size"])
    totals = values[values["slice"] == "total"].set_index(key)
    assert passed.index.symmetric_difference(totals.index).tolist() == []
    # At least: computed, sources, columns, history, due, rows, finite. Without the source nothing
    # is looked at: only the first three.
    least = [3 if kpi == UNMEASURABLE else 7 for kpi in passed.index.get_level_values("kpi")]
    assert (passed["size"] >= least).all()
    has_value = totals["value"].notna().reindex(passed.index)
    assert passed["all"].eq(has_value).all()


@pytest.mark.parametrize("kpi", sorted(MEASURED))
def test_the_table_of_a_kpi_says_the_same_as_kpi_values(demo: Path, kpi: str) -> None:
    dimensions = {name for by in SLICES.get(kpi, ()) for name in by}
    with duckdb.connect(str(demo / "published" / "kpis.duckdb"), read_only=True) as con:
        own = con.table(f"kpi_{kpi}")
        same = con.table("kpi_values").filter(f"kpi = '{kpi}'")
        limits = {
            "centre_line", "lower_limit", "upper_limit", "moving_range_limit", "limit_points",
            "signal_basis", "signal_rule",
        }  # fmt: skip
        assert set(own.columns) - set(same.columns) == {*dimensions, *limits}
        shared = own.project(", ".join(same.columns))
        assert len(own) == len(same) > 0
        assert shared.except_(same).fetchall() == same.except_(shared).fetchall() == []
        for name in dimensions:
            inside = f"list_contains(string_split(slice, '+'), '{name}')"
            assert own.filter(f"({name} is not null) <> {inside}").fetchall() == []
