"""The judge counts the rows of a dataset on the same business days as the compiler."""

import datetime as dt

from small_warehouse import Warehouse, dataset, kpi, project, source

# New York has summer time from Sunday 12 March 2017, 02:00: the 12th begins at 05:00 UTC and ends
# at 04:00 UTC of the 13th.
MOMENTS = {
    "2017-03-10 04:30": "2017-03-09",  # 23:30
    "2017-03-10 05:00": "2017-03-10",
    "2017-03-12 04:59": "2017-03-11",
    "2017-03-12 05:00": "2017-03-12",
    "2017-03-13 03:30": "2017-03-12",  # 23:30 of summer time
    "2017-03-13 04:00": "2017-03-13",  # midnight of summer time, 23:00 of winter time
    "2017-03-14 04:00": "2017-03-14",
    "2017-03-15 03:59": "2017-03-14",  # 23:59 on the clock's day
    "2017-03-15 04:00": "2017-03-15",  # after it: not seen
}


def shop(*more: str) -> Warehouse:
    """Orders at these moments of UTC, and at those of `more`."""
    specs = project(
        kpis=[kpi(availability={"complete": {"every": "day"}})],
        sources=[source(expects=None, event_time=None)],
        datasets=[dataset(time_zone="UTC", key=["happened_at"])],
        time_zone="America/New_York",
        history_from=dt.date(2017, 3, 9),
    )
    made = Warehouse(specs, dt.date(2017, 3, 14))
    made.load()
    made.fill_source()
    made.con.execute("create table marts.fct_sales (day timestamp, happened_at timestamp)")
    for moment in (*MOMENTS, *more):
        made.con.execute("insert into marts.fct_sales select ?, ?", [moment, moment])
    made.fill_kpi(first=dt.date(2017, 3, 9))
    return made


def test_rows_are_counted_on_their_day_in_the_projects_zone():
    made = shop()
    made.judge()
    found = made.con.execute(
        "select cast(business_date as varchar), row_count from audit.dataset_days order by 1"
    ).fetchall()
    by_hand = [("09", 1), ("10", 1), ("11", 1), ("12", 2), ("13", 1), ("14", 2)]
    assert found == [(f"2017-03-{day}", rows) for day, rows in by_hand]
    assert {row.short for row in made.verdicts().values()} == {
        ("final", ""),
        ("pending", "NOT_DUE"),
    }


def test_a_day_without_rows_where_we_are_is_absent_whatever_it_has_in_utc():
    made = shop()
    made.con.execute("delete from marts.fct_sales where day = '2017-03-13 04:00'")
    made.con.execute("insert into marts.fct_sales select '2017-03-13 02:00', '2017-03-13 02:00'")
    made.judge()
    verdicts = made.verdicts()
    assert verdicts["2017-03-12"].short == ("final", "")
    assert verdicts["2017-03-13"].short == ("unmeasurable", "PERIOD_INCOMPLETE")


def test_keys_that_stand_twice_take_the_day_where_we_are():
    made = shop("2017-03-13 03:30")
    made.judge()
    codes = {period: row["reason_codes"] for period, row in made.verdicts().items()}
    assert [period for period, found in codes.items() if found == "DUPLICATE_KEYS"] == [
        "2017-03-12"
    ]


def test_the_days_of_the_table_are_those_that_python_finds():
    """A check of the expected days themselves, by another library's rules."""
    from zoneinfo import ZoneInfo

    for moment, day in MOMENTS.items():
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        assert at.astimezone(ZoneInfo("America/New_York")).date().isoformat() == day
