"""How far each source reaches and should reach, by business day, as of Saturday 2017-03-11."""

import datetime as dt

import pytest
from small_warehouse import Warehouse, days, project, source

PROMISE = {"every": "day", "within": "1 day"}
CLOSED = {"rows_per_day": 1, "closed_on": ["2017-03-10"]}


def of(day):
    return day and dt.date(2017, 3, day)


@pytest.mark.parametrize(
    ("spec", "rows_to", "through", "promised", "late", "status"),
    [
        ({}, "2017-03-10", 10, 10, 0, "fresh"),
        ({}, "2017-03-08", 8, 10, 2, "late"),
        ({}, "2017-03-11", 11, 10, 0, "fresh"),
        ({}, "2017-03-15", 11, 10, 0, "fresh"),  # days after the clock are not seen
        ({"arrives": {"every": "day", "within": "3 days"}}, "2017-03-08", 8, 8, 0, "fresh"),
        ({"expects": CLOSED}, "2017-03-09", 9, 9, 0, "fresh"),  # a closed day is not awaited
        ({"arrives": None}, "2017-03-02", 2, None, 0, "no_promise"),
        ({"event_time": None, "expects": None}, "", 10, 10, 0, "fresh"),  # by its dataset's days
    ],
)
def test_a_source_reaches_as_far_as_its_rows(spec, rows_to, through, promised, late, status):
    shop = Warehouse(project(sources=[source(**spec)])).fill()
    if rows_to:
        shop.fill_source(on=days("2017-03-01", rows_to))
    shop.judge()
    found = shop.con.execute("select * exclude (missing_why) from audit.source_freshness")
    assert found.fetchall() == [("till", of(through), of(promised), late, status)]


def test_a_source_that_is_not_there_is_missing(tmp_path):
    shop = Warehouse(project())
    shop.judge()
    found = "select data_through, days_late, status from audit.source_freshness"
    assert shop.con.execute(found).fetchall() == [(None, 0, "missing")]


def test_a_file_of_whole_weeks_is_promised_by_whole_weeks():
    weekly = source(
        covers="week", arrives={"every": "week", "within": "8 days"}, expects=None
    )  # of the week that begins with the day
    shop = Warehouse(project(sources=[weekly])).fill()
    shop.fill_source(on=days("2017-02-20", "2017-02-20"))  # Monday to Sunday the 26th
    shop.judge()
    assert shop.con.execute(
        "select data_through, promised, days_late, status from audit.source_freshness"
    ).fetchall() == [(dt.date(2017, 2, 26), dt.date(2017, 2, 26), 0, "fresh")]
