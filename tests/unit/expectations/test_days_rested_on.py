"""A value is measured only if all days are there that it rests on, and no other day matters.

The clock stands on Saturday 2017-03-11, history starts on the 1st, every day has one row.
"""

import datetime as dt
from typing import Any

import pytest
from small_warehouse import Warehouse, dataset, days, kpi, project, source

CARRIED = {"dataset": "sales", "snapshot": {"of": "amount", "entity": "shop", "at": "period_end",
                                            "missing": "carry"}}  # fmt: skip
AT_START = {"dataset": "sales", "snapshot": {"of": "amount", "entity": "shop", "at": "period_start",
                                             "missing": "zero"}}  # fmt: skip
ON_THE_DAY = {"dataset": "sales", "snapshot": {"of": "amount", "entity": "shop", "at": "period_end",
                                               "missing": "zero"}}  # fmt: skip
FIRST = {"dataset": "sales", "first_time": {"entity": "shop"}}
FIRST_IN_TWO = {"dataset": "sales", "first_time": {"entity": "shop", "lookback": "2 days"}}
CAME_BACK = {"dataset": "sales", "repeat": {"entity": "shop", "event": "id"}}
CAME_TWICE = {"dataset": "sales", "repeat": {"entity": "shop", "event": "id", "times": 2}}
FOLLOWED = {"dataset": "sales", "conversion": {"entity": "shop", "base": {}, "within": "3 days",
                                               "converted": {"dataset": "refunds"}}}  # fmt: skip
LACKS = "unmeasurable"


def _day(day: int) -> dt.date:
    return dt.date(2017, 3, day)


def _statuses(shop: Warehouse, name: str = "revenue") -> dict[int, str]:
    """Day of March -> data_status, up to yesterday."""
    found = shop.verdicts(name)
    return {day: found[f"2017-03-{day:02}"]["data_status"] for day in range(1, 11)}


def _lacking(*days_lacking: int, warming_up: int = 0) -> dict[int, str]:
    statuses = {day: LACKS if day in days_lacking else "final" for day in range(1, 11)}
    return statuses | dict.fromkeys(range(1, warming_up + 1), "pending")


@pytest.mark.parametrize(
    ("metric", "warm_up", "expected"),
    [
        # Whatever happened on the 5th: the balance of every later day may rest on it.
        (CARRIED, 0, _lacking(5, 6, 7, 8, 9, 10)),
        (FIRST, 1, _lacking(5, 6, 7, 8, 9, 10, warming_up=1)),
        (CAME_BACK, 1, _lacking(5, 6, 7, 8, 9, 10, warming_up=1)),
        # The 8th looks back on the 6th and the 7th.
        (FIRST_IN_TWO, 2, _lacking(5, 6, 7, warming_up=2)),
        (CAME_TWICE, 0, _lacking(5)),
        (ON_THE_DAY, 0, _lacking(5)),
        ({"dataset": "sales", "simple": {"sum": "amount"}}, 0, _lacking(5)),
    ],
    ids=["carried", "first", "came back", "first in two days", "came twice", "zero", "sum"],
)
def test_an_absent_day_takes_those_that_look_back_on_it(
    metric: dict[str, Any], warm_up: int, expected: dict[int, str]
) -> None:
    shop = Warehouse(
        project(kpis=[kpi(metric=metric, availability={"warm_up": f"{warm_up} days"})])
    ).fill()
    shop.fill_source(on=[d for d in days() if d.day != 5])
    shop.judge()
    assert _statuses(shop) == expected


def test_the_reason_names_the_earlier_days() -> None:
    shop = Warehouse(project(kpis=[kpi(metric=CARRIED)])).fill()
    shop.fill_source(on=[d for d in days() if d.day not in (4, 6)])
    shop.judge()
    row = shop.verdicts()["2017-03-09"]
    assert row.short == ("unmeasurable", "PERIOD_INCOMPLETE")
    assert (row["party"], row["root"], row["coverage"]) == ("till_owner", "source:till", 0.75)
    assert row["reason"] == (
        "It rests on the days before it as well: 6 of 8 of them are there, where all are "
        "needed; the source till lacks 2017-03-04, 2017-03-06."
    )


def test_an_earlier_day_with_too_few_rows_or_an_unreadable_line_is_no_better() -> None:
    counted = {"complete": {"every": "day", "min_rows": 2}}
    shop = Warehouse(
        project(kpis=[kpi("counted", CARRIED, availability=counted), kpi(metric=CARRIED)])
    ).fill()
    shop.fill_dataset(on=[d for d in days() for _ in range(1 if d.day == 4 else 2)])
    shop.reject(lines=1, day=_day(7))
    shop.judge()
    # Keys stand twice here; that is told after what is absent, and takes every day.
    found = shop.verdicts("counted")["2017-03-05"]
    assert found["reason"].endswith("the dataset sales lacks 2017-03-04.")
    assert shop.verdicts()["2017-03-08"]["reason"] == (
        "Lines of the source till could not be read (1 in a.csv), so the earlier days that this "
        "period rests on may lack rows."
    )
    assert shop.verdicts()["2017-03-07"]["reason"] == (
        "Lines of the source till could not be read (1 in a.csv), so this period lacks rows or may "
        "lack them."
    )


def test_a_coverage_below_one_holds_for_the_period_and_for_the_days_before_it() -> None:
    loose = {"complete": {"every": "day", "coverage": 0.8}}
    shop = Warehouse(project(kpis=[kpi(metric=CARRIED, availability=loose)])).fill()
    shop.fill_source(on=[d for d in days() if d.day != 3])
    shop.judge()
    # The 3rd has nothing of its own, however many days lie before it. Before the 4th and 5th there
    # are 2 of 3 and 3 of 4 days, before the 6th 4 of 5.
    assert _statuses(shop) == _lacking(3, 4, 5)


def test_an_open_period_waits_for_the_earlier_days() -> None:
    shop = Warehouse(
        project(kpis=[kpi(metric=CARRIED, cadence="monthly")], history_from=dt.date(2017, 2, 1))
    ).fill()
    on = [d for d in days("2017-02-01") if d != dt.date(2017, 2, 27)]
    shop.fill_source(on=on)
    shop.fill_dataset(on=on)
    shop.fill_kpi(first=dt.date(2017, 2, 1))
    shop.judge()
    row = shop.verdicts()["2017-03"]
    assert row.short == ("pending", "NOT_DUE")
    assert row["reason"] == (
        "The period is due on 2017-04-01; 27 of 28 earlier days that it rests on are there."
    )


@pytest.mark.parametrize("absent", [2, 4])
def test_what_has_not_begun_lacks_nothing(absent: int) -> None:
    """The till has rows from the 1st on, the desk from the 4th."""
    shop = Warehouse(
        project(
            sources=[source(), source("desk")],
            datasets=[dataset(sources=["till", "desk"])],
            kpis=[kpi(metric=CARRIED)],
        )
    ).fill()
    shop.fill_source("till", on=[d for d in days() if d.day != absent])
    shop.fill_source("desk", on=days("2017-03-04"))
    shop.judge()
    assert _statuses(shop) == _lacking(*range(4, 11), warming_up=3)
    sentence = shop.verdicts()["2017-03-10"]["reason"]
    assert sentence.endswith(f"the source till lacks 2017-03-{absent:02}.")


def test_a_desk_that_began_later_is_no_fault_of_the_days_before() -> None:
    shop = Warehouse(
        project(
            sources=[source(), source("desk")],
            datasets=[dataset(sources=["till", "desk"])],
            kpis=[kpi(metric=CARRIED)],
        )
    ).fill()
    shop.fill_source("desk", on=days("2017-03-04"))
    shop.judge()
    assert _statuses(shop) == _lacking(warming_up=3)


def test_a_window_of_first_events_looks_back_from_its_first_day() -> None:
    window = {"cumulative": {"of": "taken", "window": "2 days"}}
    taken = kpi("taken", FIRST_IN_TWO, availability={"warm_up": "2 days"})
    shop = Warehouse(project(kpis=[taken, kpi(metric=window)])).fill()
    shop.fill_source(on=[d for d in days() if d.day != 5])
    shop.judge()
    # 5 and 6 take the 5th; 7 takes the 6th, 8 the 7th, and both look back on the 5th.
    found = _statuses(shop)
    assert {day: found[day] for day in range(4, 11)} == {
        day: LACKS if day in (5, 6, 7, 8) else "final" for day in range(4, 11)
    }


def test_a_key_that_stood_twice_takes_the_days_that_look_back_on_it() -> None:
    shop = Warehouse(project(kpis=[kpi(metric=FIRST, availability={"warm_up": "1 day"})])).fill()
    shop.fill_dataset(on=[*days(), _day(4)])
    shop.judge()
    assert _statuses(shop) == _lacking(*range(4, 11), warming_up=1)
    assert shop.verdicts()["2017-03-09"]["reason_codes"] == "DUPLICATE_KEYS"


@pytest.mark.parametrize(("absent", "expected"), [(8, "final"), (6, LACKS)])
def test_a_balance_at_the_start_rests_on_the_first_day_alone(absent: int, expected: str) -> None:
    shop = Warehouse(
        project(kpis=[kpi(metric=AT_START, cadence="weekly")]), dt.date(2017, 3, 14)
    ).fill()
    shop.fill_source(on=[d for d in days(last="2017-03-13") if d.day != absent])
    shop.judge()
    assert shop.verdicts()["2017-W10"]["data_status"] == expected


@pytest.mark.parametrize(
    ("absent_source", "absent", "expected"),
    [
        ("till", 5, {4: "final", 5: LACKS, 6: "final"}),
        # What follows the events of the 4th is known by the 7th, that of the 6th is not.
        ("desk", 8, {4: "final", 6: LACKS, 8: LACKS}),
        ("desk", 5, {4: LACKS, 5: LACKS, 6: "final"}),
    ],
)
def test_an_event_needs_its_own_day_of_its_source_and_those_after_it_of_the_other(
    absent_source: str, absent: int, expected: dict[int, str]
) -> None:
    shop = Warehouse(
        project(
            sources=[source(), source("desk")],
            datasets=[dataset(), dataset("refunds", sources=["desk"])],
            kpis=[kpi(metric=FOLLOWED)],
        ),
        dt.date(2017, 3, 14),
    ).fill()
    for name in ("till", "desk"):
        on = days(last="2017-03-13")
        shop.fill_source(name, [d for d in on if (name, d.day) != (absent_source, absent)])
    for name in ("sales", "refunds"):
        shop.fill_dataset(name, days(last="2017-03-13"))
    shop.judge()
    found = _statuses(shop)
    assert {day: found[day] for day in expected} == expected


@pytest.mark.parametrize(
    ("open_until", "absent", "expected"),
    [
        # An event that was not followed waited to the 6th, or, begun later, to the 9th.
        (_day(6), 7, "final"),
        (_day(6), 6, LACKS),
        (_day(9), 9, LACKS),
        # All were followed: what came after does not matter.
        (None, 5, "final"),
        (None, 4, LACKS),
    ],
)
def test_what_follows_an_event_matters_as_long_as_it_waits(
    open_until: dt.date | None, absent: int, expected: str
) -> None:
    shop = Warehouse(
        project(
            sources=[source(), source("desk")],
            datasets=[dataset(), dataset("refunds", sources=["desk"])],
            kpis=[kpi(metric=FOLLOWED)],
        ),
        dt.date(2017, 3, 14),
    ).fill()
    for name in ("till", "desk"):
        on = days(last="2017-03-13")
        shop.fill_source(name, [d for d in on if (name, d.day) != ("desk", absent)])
    for name in ("sales", "refunds"):
        shop.fill_dataset(name, days(last="2017-03-13"))
    shop.con.execute("alter table kpi.kpi_revenue add column open_rows bigint default 0")
    shop.con.execute("alter table kpi.kpi_revenue add column open_until date")
    shop.con.execute("update kpi.kpi_revenue set open_until = ?", [open_until])
    shop.judge()
    assert _statuses(shop)[4] == expected


def test_days_before_the_calendar_are_looked_at_as_well() -> None:
    """The calendar begins on Wednesday the 8th, the till's rows on the 1st; the 7th is absent."""
    window = {"dataset": "sales", "cumulative": {"of": {"sum": "amount"}, "window": "2 days"}}
    specs = project(
        kpis=[kpi(metric=window), kpi("weekly", cadence="weekly"), kpi("carried", CARRIED)],
        history_from=_day(8),
    )
    shop = Warehouse(specs, dt.date(2017, 3, 14))
    shop.load()
    shop.fill_source(on=[d for d in days(last="2017-03-13") if d.day != 7])
    shop.fill_dataset(on=days(last="2017-03-13"))
    for name in specs.kpis:
        shop.fill_kpi(name, first=_day(8))
    shop.judge()
    found = shop.verdicts()
    assert found["2017-03-08"]["reason"].endswith("the source till lacks 2017-03-07.")
    assert found["2017-03-09"].short == ("final", "")
    assert shop.verdicts("weekly")["2017-W10"].short == ("unmeasurable", "PERIOD_INCOMPLETE")
    assert shop.verdicts("carried")["2017-03-12"].short == ("unmeasurable", "PERIOD_INCOMPLETE")


def test_a_day_closed_by_contract_is_not_missed_before_the_calendar_either() -> None:
    window = {"dataset": "sales", "cumulative": {"of": {"sum": "amount"}, "window": "3 days"}}
    closed = source(expects={"rows_per_day": 1, "closed_on": ["03-06", "2017-03-07"]})
    specs = project(kpis=[kpi(metric=window)], sources=[closed], history_from=_day(8))
    shop = Warehouse(specs).fill()
    shop.fill_source(on=[d for d in days() if d.day not in (6, 7)])
    shop.fill_kpi(first=_day(8))
    shop.judge()
    assert {row.short for period, row in shop.verdicts().items() if period < "2017-03-11"} == {
        ("final", "")
    }


def test_data_through_is_the_day_that_all_sources_reach_and_the_value_takes() -> None:
    """Sources through the 9th and the 7th, the clock on the 11th, in an open week from the 6th."""
    specs = project(
        sources=[source(), source("desk", arrives=None, expects=None)],
        datasets=[dataset(sources=["till", "desk"])],
        kpis=[
            kpi("both", cadence=["daily", "weekly"]),
            kpi("at_start", AT_START, cadence="weekly"),
            kpi("of_both", {"derived": {"formula": "a * 2", "inputs": {"a": {"kpi": "both"}}}},
                cadence="weekly"),
        ],
    )  # fmt: skip
    shop = Warehouse(specs).fill()
    shop.fill_source("till", on=days(last="2017-03-09"))
    shop.fill_source("desk", on=days(last="2017-03-07"))
    shop.judge()
    daily = shop.verdicts("both")
    assert daily["2017-03-05"]["data_through"] == _day(5)
    assert daily["2017-03-08"]["data_through"] == _day(7)
    assert daily["2017-W10"]["data_through"] == _day(7)
    assert shop.verdicts("of_both")["2017-W10"]["data_through"] == _day(7)
    assert shop.verdicts("at_start")["2017-W10"]["data_through"] == _day(6)


def test_many_earlier_days_are_counted_not_listed() -> None:
    shop = Warehouse(project(kpis=[kpi(metric=CARRIED)])).fill()
    shop.fill_source(on=[d for d in days() if d.day not in (2, 4, 5, 6, 8)])
    shop.judge()
    found = shop.verdicts()
    assert found["2017-03-07"]["reason"].endswith(
        "lacks 2017-03-02, 2017-03-04, 2017-03-05 and 1 more."
    )
    assert found["2017-03-10"]["reason"].endswith(
        "lacks 2017-03-02, 2017-03-04, 2017-03-05 and 2 more."
    )


def test_only_the_days_looked_back_on_are_named() -> None:
    specs = project(kpis=[kpi(metric=FIRST_IN_TWO, availability={"warm_up": "2 days"})])
    shop = Warehouse(specs).fill()
    shop.fill_source(on=[d for d in days() if d.day not in (3, 8)])
    shop.judge()
    assert shop.verdicts()["2017-03-09"]["reason"] == (
        "It rests on the days before it as well: 1 of 2 of them are there, where all are "
        "needed; the source till lacks 2017-03-08."
    )


def test_a_row_of_the_year_17_is_told_and_not_waited_for() -> None:
    """The days from 1901 on are looked at, none of two thousand years."""
    shop = Warehouse(project(kpis=[kpi(metric=CARRIED)])).fill()
    shop.fill_source(on=[dt.date(17, 3, 1), *days()])
    shop.judge()
    row = shop.verdicts()["2017-03-01"]
    absent = (_day(1) - dt.date(1901, 1, 1)).days
    assert row["reason"].endswith(
        f"lacks 1901-01-01, 1901-01-02, 1901-01-03 and {absent - 3} more."
    )
