"""A KPI computed from another inherits its verdict: current period, base period, root and party."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from small_warehouse import Warehouse, days, kpi, project, source

from orchestration.alerts.findings import find

Rows = Mapping[str, Mapping[str, Any]]
PREVIOUS = {"growth": {"of": "revenue", "versus": "previous_period"}}


def _shop(revenue: Rows | None = None, growth: Rows | None = None, **more: Any) -> Warehouse:
    """Growth against the previous period, listed before the KPI that it rests on."""
    metric = more.pop("metric", PREVIOUS)
    specs = project(
        kpis=[kpi("growth", metric, **more.pop("of_growth", {})), kpi("revenue", **more)]
    )
    return Warehouse(specs).fill(revenue=revenue or {}, growth=growth or {})


def _verdicts(shop: Warehouse, **errors: str) -> dict[str, Any]:
    shop.judge(**errors)
    return shop.verdicts("growth")


def test_the_first_period_has_nothing_to_compare_with() -> None:
    row = _verdicts(_shop(growth={"2017-03-01": {"value": None, "denominator": None}}))[
        "2017-03-01"
    ]
    assert row.short == ("pending", "WARM_UP")
    assert row["reason"] == (
        "There is not enough history for this period: there is no earlier period with a value of "
        "revenue to compare with."
    )


def test_an_unmeasurable_input_takes_its_period_and_the_next_with_the_root_of_its_verdict() -> None:
    shop = _shop()
    shop.fill_source(on=[d for d in days() if d.day != 5])
    verdicts = _verdicts(shop)
    assert verdicts["2017-03-04"].short == ("final", "")
    for period in ("2017-03-05", "2017-03-06"):
        row = verdicts[period]
        assert row.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
        assert (row["root"], row["party"]) == ("source:till", "till_owner")
    assert verdicts["2017-03-06"]["reason"].startswith(
        "It is computed from revenue, which has no value for 2017-03-05: 0 of 1 days are there"
    )
    assert verdicts["2017-03-07"].short == ("final", "")


def test_a_base_of_zero_has_no_growth() -> None:
    row = _verdicts(_shop(growth={"2017-03-05": {"value": None, "denominator": 0.0}}))["2017-03-05"]
    assert row.short == ("unmeasurable", "ZERO_DENOMINATOR")
    assert row["party"] == "sales_owner"


def test_a_pending_input_makes_it_pending_and_tells_nobody() -> None:
    row = _verdicts(_shop())["2017-03-11"]
    assert (row.short, row["party"]) == (("pending", "NOT_DUE"), "")


def test_an_input_in_warm_up_is_warm_up_here_too() -> None:
    verdicts = _verdicts(_shop(availability={"warm_up": "3 days"}))
    assert verdicts["2017-03-03"].short == ("pending", "WARM_UP")
    assert verdicts["2017-03-04"].short == ("pending", "WARM_UP")  # its base is the 3rd
    assert verdicts["2017-03-05"].short == ("final", "")


def test_a_provisional_input_makes_it_provisional() -> None:
    verdicts = _verdicts(_shop(availability={"mature": "3 days"}))
    assert verdicts["2017-03-08"].short == ("final", "")
    assert verdicts["2017-03-09"].short == ("provisional", "")
    assert verdicts["2017-03-09"]["closed_at"] == dt.date(2017, 3, 12)


def test_an_open_period_is_not_compared_with_a_whole_one() -> None:
    monthly = {"cadence": ["monthly"], "of_growth": {"cadence": ["monthly"]}}
    empty = {"2017-03": {"value": None, "denominator": None}}
    assert _verdicts(_shop(growth=empty, **monthly))["2017-03"].short == (
        "pending",
        "WARM_UP,NOT_DUE",
    )


def test_the_same_elapsed_days_of_an_open_period_give_a_provisional_value() -> None:
    metric = {"growth": PREVIOUS["growth"] | {"compare": "same_elapsed_days"}}
    weekly = {"cadence": ["daily", "weekly"], "of_growth": {"cadence": ["weekly"]}}
    shop = _shop(metric=metric, **weekly)
    shop.con.execute("update marts.fct_sales set day = day - 2 where day = '2017-03-01'")
    shop.fill_source(on=days("2017-02-27"))  # so that the first week is whole
    shop.judge()
    assert shop.verdicts("growth")["2017-W10"].short == ("provisional", "")


def test_a_year_ago_that_lies_before_history_is_warm_up() -> None:
    year_ago = {"growth": {"of": "revenue", "versus": "same_period_last_year"}}
    assert _verdicts(_shop(metric=year_ago))["2017-03-05"].short == ("pending", "WARM_UP")


def test_a_failed_computation_hits_what_is_computed_from_it() -> None:
    shop = _shop()
    row = _verdicts(shop, revenue="out of memory")["2017-03-05"]
    assert row.short == ("error", "COMPUTE_ERROR")
    assert (row["root"], row["party"]) == ("kpi:revenue", "platform_team")
    assert row["reason"] == "Computing revenue failed: out of memory."


def test_a_missing_source_is_the_reason_here_as_well() -> None:
    shop = _shop()
    shop.con.execute("delete from audit.loads")
    row = _verdicts(shop)["2017-03-05"]
    assert (row.short, row["root"]) == (("unmeasurable", "SOURCE_MISSING"), "source:till")


def test_growth_of_growth_passes_the_root_on() -> None:
    specs = project(
        kpis=[
            kpi("change", {"growth": {"of": "growth", "versus": "previous_period"}}),
            kpi("growth", PREVIOUS),
            kpi("revenue"),
        ]
    )
    shop = Warehouse(specs).fill()
    shop.fill_source(on=[d for d in days() if d.day != 5])
    shop.judge()
    verdicts = shop.verdicts("change")
    assert verdicts["2017-03-07"].short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert verdicts["2017-03-07"]["root"] == "source:till"
    assert verdicts["2017-03-08"].short == ("final", "")


def test_slices_are_compared_with_their_own_slice() -> None:
    specs = project(
        kpis=[
            kpi("revenue", grain=[[], ["channel"]]),
            kpi("growth", PREVIOUS, grain=[[], ["channel"]]),
        ]
    )
    shop = Warehouse(specs).fill()
    slices = {"total": "total", "web": "channel", "shop": "channel"}
    empty = {"2017-03-05/web": {"value": 0.0, "row_count": 0}}
    shop.fill_kpi("revenue", empty, slices=slices)
    shop.fill_kpi("growth", slices=slices)
    shop.judge()
    assert shop.verdicts("revenue", "web")["2017-03-05"].short == ("unmeasurable", "NO_ROWS")
    assert shop.verdicts("growth", "web")["2017-03-06"].short == (
        "unmeasurable",
        "UPSTREAM_UNMEASURABLE",
    )
    assert shop.verdicts("growth", "shop")["2017-03-06"].short == ("final", "")
    assert shop.verdicts("growth")["2017-03-06"].short == ("final", "")


WEEKLY = {"cadence": ["daily", "weekly"], "availability": {"due": "5 days"}}


@pytest.mark.parametrize(
    ("compare", "as_of", "through", "expected"),
    [
        # The week of 6 to 12 March; its source may be 3 days late, it is due on the 17th.
        ("complete", 12, 9, ("pending", "NOT_DUE")),
        ("complete", 13, 10, ("pending", "NOT_DUE")),  # 5 days against 7
        ("complete", 15, 12, ("pending", "NOT_DUE")),
        ("complete", 17, 14, ("final", "")),
        ("same_elapsed_days", 12, 9, ("provisional", "")),  # 4 days against 4
        ("same_elapsed_days", 13, 10, ("pending", "NOT_DUE")),
        ("same_elapsed_days", 15, 12, ("provisional", "")),  # 7 days against 7
        ("same_elapsed_days", 17, 14, ("final", "")),
    ],
)
def test_a_week_that_has_ended_is_not_compared_before_its_days_are_there(
    compare: str, as_of: int, through: int, expected: tuple[str, str]
) -> None:
    metric = {"growth": PREVIOUS["growth"] | {"compare": compare}}
    specs = project(
        history_from=dt.date(2017, 2, 27),
        sources=[source(arrives={"every": "day", "within": "3 days"})],
        kpis=[kpi("growth", metric, cadence=["weekly"]), kpi("revenue", **WEEKLY)],
    )
    shop = Warehouse(specs, dt.date(2017, 3, as_of))
    shop.load()
    shop.fill_source(on=days("2017-02-27", f"2017-03-{through:02}"))
    shop.fill_dataset(on=days("2017-02-27", f"2017-03-{through:02}"))
    for name in ("growth", "revenue"):
        shop.fill_kpi(name, first=dt.date(2017, 2, 27))
    assert _verdicts(shop)["2017-W10"].short == expected
    assert shop.verdicts("growth")["2017-W10"]["due_at"] == dt.date(2017, 3, 17)


_LAST_YEAR = {"growth": {"of": "revenue", "versus": "same_period_last_year"}}
_LESS_LAST_YEAR = {
    "dataset": "sales",
    "derived": {
        "formula": "now - before",
        "inputs": {
            "now": {"sum": "amount"},
            "before": {"kpi": "revenue", "shift": "same_period_last_year"},
        },
    },
}


def _leap_year(metric: Mapping[str, Any]) -> Warehouse:
    """Data from 2015-02-25 to 2016-03-02, the clock on the day after; the 29th has no value."""
    first = dt.date(2015, 2, 25)
    specs = project(
        kpis=[kpi("growth", metric), kpi("revenue"), kpi("twice", _growth_of_growth())],
        history_from=first,
    )
    shop = Warehouse(specs, dt.date(2016, 3, 3))
    on = days("2015-02-25", "2016-03-02")
    shop.load()
    shop.fill_source(on=on)
    shop.fill_dataset(on=on)
    shop.fill_kpi("revenue", first=first)
    for name in ("growth", "twice"):
        shop.fill_kpi(name, {"2016-02-29": {"value": None, "denominator": None}}, first=first)
    shop.judge()
    return shop


def _growth_of_growth() -> dict[str, Any]:
    return {"growth": {"of": "growth", "versus": "previous_period"}}


@pytest.mark.parametrize("metric", [_LAST_YEAR, _LESS_LAST_YEAR], ids=["growth", "derived"])
def test_a_day_that_last_year_did_not_have_is_never_compared_and_nobodys_fault(
    metric: Mapping[str, Any],
) -> None:
    shop = _leap_year(metric)
    found = shop.verdicts("growth")
    day = found["2016-02-29"]
    assert day.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert (day["party"], day["root"]) == ("", "")
    assert day["reason"] == (
        "It is compared with revenue a year before, and the calendar has no such period for "
        "2016-02-29."
    )
    assert found["2016-02-28"].short == found["2016-03-01"].short == ("final", "")
    assert found["2016-02-24"].short == ("pending", "WARM_UP")  # its base lies before history
    # What is computed from it has no value on that day and the next, and tells nobody either.
    for period in ("2016-02-29", "2016-03-01"):
        row = shop.verdicts("twice")[period]
        assert (row.short, row["party"]) == (("unmeasurable", "UPSTREAM_UNMEASURABLE"), "")
    assert find(shop.con, shop.project) == ()


def test_a_measure_beside_earlier_values_alone_is_measured() -> None:
    metric = {
        "dataset": "sales",
        "derived": {
            "formula": "now - before",
            "inputs": {
                "now": {"sum": "amount"},
                "before": {"kpi": "revenue", "shift": "previous_period"},
            },
        },
    }
    shop = _shop(metric=metric)
    shop.fill_source(on=[d for d in days() if d.day != 5])
    found = _verdicts(shop)
    assert found["2017-03-01"].short == ("pending", "WARM_UP")
    assert found["2017-03-04"].short == ("final", "")
    assert (found["2017-03-04"]["data_through"], found["2017-03-04"]["coverage"]) == (
        dt.date(2017, 3, 4),
        1.0,
    )
    # The 5th lacks its own rows, the 6th the value before.
    assert found["2017-03-05"].short == ("unmeasurable", "PERIOD_INCOMPLETE")
    assert found["2017-03-06"].short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert found["2017-03-07"].short == ("final", "")
