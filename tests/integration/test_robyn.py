"""Weekly revenue and media spend of a simulated advertiser: 208 weeks, each dated by its Monday.

Weeks are ISO weeks, whose year is not always that of their days; 2015 has a week 53. Every week
must equal pandas on the raw file.
"""

import datetime as dt
from collections.abc import Callable
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

DATA = shared("robyn_weekly_mmm")
WEEKS = labels_between(dt.date(2015, 11, 23), dt.date(2019, 11, 17), "weekly")
OPEN = "2019-W47"  # the clock stands on its Monday
CHANNELS = {
    "tv_S": "tv", "ooh_S": "out_of_home", "print_S": "print", "search_S": "search",
    "facebook_S": "facebook",
}  # fmt: skip


@pytest.fixture(scope="session")
def robyn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after one run. Only to be read."""
    return run_project("robyn", DATA, tmp_path_factory.mktemp("robyn"))


@pytest.fixture(scope="session")
def values(robyn: Path) -> pd.DataFrame:
    return published_table(robyn)


@cache
def _weeks() -> pd.DataFrame:
    raw = pd.read_csv(DATA / "dt_simulated_weekly.csv", keep_default_na=False)
    return raw.set_index(period_labels(raw["DATE"], "weekly")).sort_index()


def _spend() -> pd.Series:
    return _weeks()[list(CHANNELS)].sum(axis=1)


def _divided(amount: pd.Series, by: pd.Series) -> pd.Series:
    """Only where there is something to divide by."""
    return (amount[by > 0] / by[by > 0]).rename("value")


def _year_ago(week: str) -> str:
    """The week's label a year before. Of the years whose weeks have one, none is a long one."""
    year, number = week.split("-W")
    return f"{int(year) - 1}-W{number}"


def test_all_weeks_are_there() -> None:
    assert (len(WEEKS), WEEKS[0], WEEKS[-1]) == (208, "2015-W48", "2019-W46")
    assert list(_weeks().index) == WEEKS
    assert "2015-W53" in WEEKS  # 28 December to 3 January


def test_every_week_of_a_sum_equals_pandas(values: pd.DataFrame) -> None:
    assert_equals(values, "revenue", _weeks()["revenue"], cadence="weekly")
    assert_equals(values, "media_spend", _spend(), cadence="weekly")
    by_channel = _weeks()[list(CHANNELS)].rename(columns=CHANNELS).stack()
    assert_equals(values, "media_spend", by_channel, cadence="weekly", sliced="channel")
    on_tv = (_weeks()["tv_S"] > 0).astype(int)
    assert on_tv.sum() == 208 - 116
    assert_equals(values, "weeks_with_tv", on_tv, cadence="weekly")


@pytest.mark.parametrize(
    ("kpi", "computed", "without"),
    [
        ("return_on_ad_spend", lambda w: _divided(w["revenue"], _spend()), None),
        (
            "cost_per_thousand_impressions",
            lambda w: _divided(w["facebook_S"] * 1000, w["facebook_I"]),
            106,
        ),
    ],
)
def test_every_week_of_a_ratio_equals_pandas_or_has_no_value_where_it_would_divide_by_zero(
    values: pd.DataFrame,
    kpi: str,
    computed: Callable[[pd.DataFrame], pd.Series],
    without: int | None,
) -> None:
    expected = computed(_weeks())
    if without is not None:
        assert len(expected) == 208 - without
    assert_equals(values, kpi, expected, cadence="weekly")
    nothing = dict.fromkeys(WEEKS, ("unmeasurable", "ZERO_DENOMINATOR"))
    measured = dict.fromkeys(expected.index, ("final", ""))
    assert statuses(values, kpi, "weekly") == nothing | measured | {OPEN: ("pending", "NOT_DUE")}


def test_a_week_with_few_clicks_has_no_price_that_says_something(values: pd.DataFrame) -> None:
    weeks = _weeks()
    clicks = weeks["search_clicks_P"]
    assert (clicks == 0).sum() == 32
    expected = {
        week: ("unmeasurable", "ZERO_DENOMINATOR" if clicks[week] == 0 else "LOW_SAMPLE")
        if clicks[week] < 10_000
        else ("final", "")
        for week in WEEKS
    }
    assert list(expected.values()).count(("unmeasurable", "LOW_SAMPLE")) > 10
    found = statuses(values, "cost_per_click", "weekly")
    assert found == expected | {OPEN: ("pending", "NOT_DUE")}
    enough = weeks[clicks >= 10_000]
    assert_equals(
        values, "cost_per_click", enough["search_S"] / enough["search_clicks_P"], cadence="weekly"
    )


def test_growth_compares_week_with_week_by_label(values: pd.DataFrame) -> None:
    revenue = _weeks()["revenue"]
    before = (revenue / revenue.shift() - 1).iloc[1:]
    assert_equals(values, "revenue_growth", before, cadence="weekly")
    bases = {week: _year_ago(week) for week in WEEKS if _year_ago(week) in WEEKS}
    # Week 1 of 2017 is compared with week 1 of 2016, 52 rows back; but a row-offset from 2016-W48
    # would miss 2015-W48 by one row, for week 53 of 2015 lies between.
    assert WEEKS.index("2016-W48") - WEEKS.index(bases["2016-W48"]) == 53
    expected = pd.Series({week: revenue[week] / revenue[base] - 1 for week, base in bases.items()})
    assert_equals(values, "revenue_growth_yearly", expected, cadence="weekly")
    young = dict.fromkeys(set(WEEKS) - set(bases), ("pending", "WARM_UP"))
    assert len(young) == 6 + 47  # the weeks of 2015, and those of 2016 before week 48
    final = dict.fromkeys(bases, ("final", ""))
    assert statuses(values, "revenue_growth_yearly", "weekly") == (
        young | final | {OPEN: ("pending", "NOT_DUE")}
    )


def test_a_return_of_four_weeks_is_their_revenue_over_their_spend(values: pd.DataFrame) -> None:
    revenue, spend = _weeks()["revenue"], _spend()
    expected = (revenue.rolling(4).sum() / spend.rolling(4).sum()).iloc[3:]
    assert_equals(values, "return_on_ad_spend_of_4_weeks", expected, cadence="weekly")
    found = statuses(values, "return_on_ad_spend_of_4_weeks", "weekly")
    young = dict.fromkeys(WEEKS[:3], ("pending", "WARM_UP"))
    final = dict.fromkeys(WEEKS[3:], ("final", ""))  # also where the week itself has no spend
    assert found == young | final | {OPEN: ("pending", "NOT_DUE")}


def test_channels_add_up_to_the_spend(values: pd.DataFrame) -> None:
    assert_slices_add_up(values, ["media_spend"])
    spend = total_of(values, "media_spend", "weekly")["value"].dropna()
    divided_by = total_of(values, "return_on_ad_spend", "weekly")["denominator"].dropna()
    assert (spend == 0).sum() == 2  # weeks without media have no return on it
    assert spend[spend > 0].to_dict() == pytest.approx(divided_by.to_dict(), rel=1e-12)


def test_a_week_without_spend_is_an_honest_zero(values: pd.DataFrame) -> None:
    channels = rows_of(values, "media_spend", "weekly", "channel")
    tv = channels.xs("tv", level="slice_value").drop(OPEN)
    assert (tv["value"] == 0).sum() == 116
    assert set(tv["data_status"]) == {"final"}


def test_every_week_of_what_is_always_there_is_final(values: pd.DataFrame) -> None:
    final = dict.fromkeys(WEEKS, ("final", "")) | {OPEN: ("pending", "NOT_DUE")}
    for kpi in ("revenue", "media_spend", "weeks_with_tv"):
        assert statuses(values, kpi, "weekly") == final


def test_no_slice_has_a_period_missing_and_no_row_lacks_its_reason(values: pd.DataFrame) -> None:
    assert_no_period_is_missing(values)
    assert_rows_without_value_say_why(values)


def test_people_are_told_of_prices_without_a_denominator_only(robyn: Path) -> None:
    told = {(reason, root) for _, reason, root, _ in open_incidents(robyn)}
    assert told == {
        ("ZERO_DENOMINATOR", "kpi:return_on_ad_spend"),
        ("ZERO_DENOMINATOR", "kpi:cost_per_click"),
        ("LOW_SAMPLE", "kpi:cost_per_click"),
        ("ZERO_DENOMINATOR", "kpi:cost_per_thousand_impressions"),
    }
