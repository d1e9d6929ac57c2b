"""A source whose rows are of a week or a month, dated by its first day.

Weeks begin on Monday: 27 February, 6, 13, 20 and 27 March 2017. A row is promised three days after
its week has ended: that of the 6th by Wednesday the 15th.
"""

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError
from small_warehouse import Row, Warehouse, kpi, project, source

WEEKLY = {
    "arrives": {"every": "week", "within": "3 days"},
    "expects": {"rows_per_week": 1},
    "covers": "week",
}
MONTHLY = {
    "arrives": {"every": "month", "within": "3 days"},
    "expects": {"rows_per_month": 1},
    "covers": "month",
}


def _verdict(as_of: str, period: str, rows: list[str], cadence: str, **more: Any) -> Row:
    first = dt.date.fromisoformat(rows[0])
    specs = project(
        kpis=[kpi(cadence=cadence)], sources=[source(**(WEEKLY | more))], history_from=first
    )
    shop = Warehouse(specs, dt.date.fromisoformat(as_of))
    on = [dt.date.fromisoformat(day) for day in rows]
    shop.load()
    shop.fill_source(on=on)
    shop.fill_dataset(on=on)
    shop.fill_kpi(first=first)
    shop.judge()
    return shop.verdicts()[period]


TO_THE_12TH = ["2017-02-27", "2017-03-06"]


@pytest.mark.parametrize(
    ("as_of", "period", "expected"),
    [
        ("2017-03-15", "2017-W10", ("final", "")),
        # Until the next week's row is promised the source is not late.
        ("2017-03-21", "2017-W10", ("final", "")),
        ("2017-03-22", "2017-W10", ("final", "")),
        ("2017-03-22", "2017-W11", ("unmeasurable", "SOURCE_STALE")),
    ],
)
def test_a_weekly_source_is_late_when_a_whole_week_is(
    as_of: str, period: str, expected: tuple[str, str]
) -> None:
    row = _verdict(as_of, period, TO_THE_12TH, "weekly")
    assert row.short == expected
    if expected[1]:
        assert row["reason"] == (
            "The source till is late: its newest day is 2017-03-12, expected 2017-03-19 or later."
        )
    else:
        assert row["data_through"] == dt.date(2017, 3, 12)


def test_rows_of_a_day_end_with_it() -> None:
    """Why `covers` is needed: the row of the 6th says nothing of the 12th."""
    row = _verdict("2017-03-15", "2017-W10", TO_THE_12TH, "weekly", covers="day")
    assert row.short == ("unmeasurable", "SOURCE_STALE")


def test_a_week_without_its_row_is_absent() -> None:
    rows = ["2017-02-27", "2017-03-13"]
    row = _verdict("2017-03-22", "2017-W10", rows, "weekly")
    assert row.short == ("unmeasurable", "PERIOD_INCOMPLETE")
    # Its newest week is judged as well: it is over when its row says so.
    assert _verdict("2017-03-22", "2017-W11", rows, "weekly").short == ("final", "")
    two = {"expects": {"rows_per_week": 2}}
    assert _verdict("2017-03-22", "2017-W11", rows, "weekly", **two).short == (
        "unmeasurable",
        "PERIOD_INCOMPLETE",
    )


@pytest.mark.parametrize(
    ("as_of", "newest", "expected"),
    [
        # March ends on a Friday, its last week on 2 April; that week's row counts in March.
        ("2017-04-03", "2017-03-20", ("pending", "NOT_DUE")),
        ("2017-04-04", "2017-03-20", ("pending", "NOT_DUE")),
        ("2017-04-05", "2017-03-20", ("unmeasurable", "SOURCE_STALE")),
        ("2017-04-03", "2017-03-27", ("final", "")),
    ],
)
def test_a_month_that_ends_within_a_week_waits_for_it(
    as_of: str, newest: str, expected: tuple[str, str]
) -> None:
    rows = ["2017-02-27", "2017-03-06", "2017-03-13", "2017-03-20", "2017-03-27"]
    row = _verdict(as_of, "2017-03", [day for day in rows if day <= newest], "monthly")
    assert row.short == expected
    if expected[0] == "pending":
        assert row["reason"] == (
            "The period is due on 2017-04-03; the week of till that it ends in is promised for "
            "later."
        )


@pytest.mark.parametrize(
    ("as_of", "period", "expected"),
    [
        ("2017-03-03", "2017-02", ("final", "")),
        ("2017-04-02", "2017-02", ("final", "")),
        ("2017-04-03", "2017-03", ("unmeasurable", "SOURCE_STALE")),
    ],
)
def test_a_monthly_source_is_late_when_a_whole_month_is(
    as_of: str, period: str, expected: tuple[str, str]
) -> None:
    row = _verdict(as_of, period, ["2017-01-01", "2017-02-01"], "monthly", **MONTHLY)
    assert row.short == expected


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"expects": {"rows_per_day": 1}},
            "Value error, a row covers a week, so rows of every day cannot be expected; say "
            "rows_per_week",
        ),
        (
            {"covers": "month"},
            "Value error, a row covers a month, so rows of every week cannot be expected; say "
            "rows_per_month",
        ),
        (
            {"expects": {"values": {"amount": ["1"]}}},
            "Value error, a row covers a week, so values cannot be expected of every day; leave "
            "them out",
        ),
        (
            {"event_time": None},
            "Value error, rows that cover a week need an event_time: the day that it begins with",
        ),
    ],
)
def test_what_is_expected_is_as_coarse_as_what_a_row_covers(
    more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        source(**(WEEKLY | more))
    assert [error["msg"] for error in refused.value.errors()] == [said]
