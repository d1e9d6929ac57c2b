"""Since when a check fails, and what it saw then, whatever came later."""

import datetime as dt
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.publish import check_history, history, rollback
from orchestration.publish.history import Entry

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2017, 6, 1)


def fails(world, period, check, observed, verdict="fail", *, slice_=("total", "total")):
    """The check of a period, in place of what it said before."""
    world.con.execute(
        "DELETE FROM audit.checks WHERE period = ? AND check_name = ? AND slice_value = ?",
        [period, check, slice_[1]],
    )
    world.con.execute(
        "INSERT INTO audit.checks VALUES ('revenue', 'monthly', ?, ?, ?, ?, 'NO_ROWS', 'fact', "
        "'yes', ?, ?, 'r')",
        [period, *slice_, check, observed, verdict],
    )


def told(world, period="2017-03"):
    return world.read(
        "SELECT check_name, verdict, observed, run_id, shown_on FROM kpi_check_history "
        f"WHERE period = '{period}' ORDER BY shown_from, check_name"
    )


def publish(world, *numbers):
    for number in numbers:
        world.publish(f"run{number}", FIRST + (number - 1) * DAY)


def test_a_check_is_told_when_it_first_fails_sees_something_else_and_no_longer_fails(shop):
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    fails(shop, "2017-02", "days_are_there", "28 of 28 days", "pass")
    publish(shop, 1, 2)
    fails(shop, "2017-03", "days_are_there", "25 of 31 days")
    publish(shop, 3, 4)
    fails(shop, "2017-03", "days_are_there", "31 of 31 days", "pass")
    shop.set("revenue", "2017-03", 115.0)
    publish(shop, 5, 6)
    assert told(shop) == [
        ("days_are_there", "fail", "20 of 31 days", "run1", dt.date(2017, 6, 1)),
        ("days_are_there", "fail", "25 of 31 days", "run3", dt.date(2017, 6, 3)),
        ("days_are_there", "pass", "31 of 31 days", "run5", dt.date(2017, 6, 5)),
    ]
    assert told(shop, "2017-02") == [], "it never failed"


def test_one_that_is_not_listed_any_more_is_absent_and_may_come_back(shop):
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    publish(shop, 1)
    shop.con.execute("DELETE FROM audit.checks")
    fails(shop, "2017-03", "table_is_computed", "boom")
    publish(shop, 2)
    shop.con.execute("DELETE FROM audit.checks")
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    publish(shop, 3)
    assert [row[:4] for row in told(shop)] == [
        ("days_are_there", "fail", "20 of 31 days", "run1"),
        ("days_are_there", "absent", "", "run2"),
        ("table_is_computed", "fail", "boom", "run2"),
        ("days_are_there", "fail", "20 of 31 days", "run3"),
        ("table_is_computed", "absent", "", "run3"),
    ]


def test_a_period_that_waits_has_no_failures(shop):
    shop.con.execute("UPDATE audit.verdicts SET data_status = 'pending' WHERE period = '2017-03'")
    for number in (1, 2):
        fails(shop, "2017-03", "period_is_due_or_complete_so_far", f"{number} of 31 days")
        publish(shop, number)
    assert told(shop) == []


def test_a_slice_has_a_history_of_its_own(shop):
    web = ("channel", "web")
    shop.add("revenue", "2017-05", None, "unmeasurable", slice=web)
    shop.add("revenue", "2017-06", 5.0, "provisional", slice=web)
    fails(shop, "2017-05", "sample_is_large_enough", "3 of 30", slice_=web)
    publish(shop, 1)
    shop.con.execute("DELETE FROM audit.checks")  # of slices, checks that pass are not listed
    publish(shop, 2)
    assert shop.read(
        "SELECT slice, slice_value, verdict, run_id FROM kpi_check_history ORDER BY shown_from"
    ) == [("channel", "web", "fail", "run1"), ("channel", "web", "absent", "run2")]


def test_of_a_judge_that_breaks_one_check_of_each_total_is_kept(shop):
    web = ("channel", "web")
    shop.add("revenue", "2017-05", None, "error", slice=web)
    shop.add("revenue", "2017-06", None, "error", slice=web)
    shop.con.execute("UPDATE audit.verdicts SET data_status = 'error', reason_codes = "
                     "'CHECK_ERROR', reason = 'r'")  # fmt: skip
    for month in range(1, 7):
        for check in ("days_are_there", "sources_are_fresh", "table_is_computed"):
            fails(shop, f"2017-{month:02}", check, "the disk is gone", "error")
            if month > 4:
                fails(shop, f"2017-{month:02}", check, "the disk is gone", "error", slice_=web)
    publish(shop, 1, 2)
    assert shop.read(
        "SELECT period, slice, check_name, verdict FROM kpi_check_history ORDER BY period"
    ) == [(f"2017-{month:02}", "total", "days_are_there", "error") for month in range(1, 7)]


def test_an_earlier_clock_and_a_rollback_are_as_in_the_history_of_values(shop):
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    publish(shop, 1)
    fails(shop, "2017-03", "days_are_there", "25 of 31 days")
    publish(shop, 2)
    rollback(shop.paths, now=FIRST + 2 * DAY)
    publish(shop, 4)
    assert [row[1:4] for row in told(shop)] == [
        ("fail", "20 of 31 days", "run1"),
        ("fail", "25 of 31 days", "run2"),
        ("fail", "20 of 31 days", "run1"),  # put back
        ("fail", "25 of 31 days", "run4"),
    ]
    shop.as_of = dt.date(2017, 6, 1)
    shop.con.execute(
        "UPDATE audit.verdicts SET data_status = 'pending', reason_codes = 'NOT_DUE', "
        "reason = 'r' WHERE period = '2017-06'"
    )
    fails(shop, "2017-03", "days_are_there", "1 of 31 days")
    publish(shop, 5)
    assert len(told(shop)) == 4, "a look back is not history"


@pytest.mark.parametrize("lost", ["warehouse", "live file"])
def test_it_survives_a_lost_warehouse_and_a_damaged_file(shop, lost):
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    publish(shop, 1)
    publish(shop, 2)
    if lost == "warehouse":
        for table in history.HISTORY_TABLES:
            shop.con.execute(f"DROP TABLE audit.{table.name}")
    else:
        shop.paths.published_file.write_bytes(b"not a database")
    publish(shop, 3)
    assert [row[3] for row in told(shop)] == ["run1"]


def test_a_publication_of_before_check_history_is_put_back_and_gets_one(shop):
    publish(shop, 1)
    fails(shop, "2017-03", "days_are_there", "20 of 31 days")
    with duckdb.connect(str(shop.paths.published_file)) as live:
        live.execute("DROP TABLE kpi_check_history")
    shop.con.execute("DROP TABLE audit.kpi_check_history")
    publish(shop, 2)
    rollback(shop.paths, now=FIRST + 2 * DAY)
    assert [row[1:4] for row in told(shop)] == [
        ("fail", "20 of 31 days", "run2"), ("absent", "", "run1"),
    ]  # fmt: skip


SEEN = st.one_of(
    st.none(),  # not listed
    st.tuples(
        st.sampled_from(["yes", "at least 1"]),
        st.sampled_from(["0 of 2", "1 of 2"]),
        st.sampled_from(["pass", "fail", "fail", "error"]),
    ),
)
PERIOD = st.tuples(
    st.sampled_from(["unmeasurable", "final", "pending"]), SEEN, SEEN
)  # its status and two checks


def _published(con, periods):
    con.execute("DELETE FROM kpi_values; DELETE FROM kpi_checks")
    for period, (status, *checks) in periods.items():
        con.execute(
            "INSERT INTO kpi_values VALUES ('k', 'd', ?, 'total', 't', ?)", [period, status]
        )
        for name, seen in zip("ab", checks, strict=True):
            if seen is not None:
                con.execute(
                    "INSERT INTO kpi_checks "
                    "VALUES ('k', 'd', ?, 'total', 't', ?, 'R', 'e', ?, ?, ?)",
                    [period, name, *seen],
                )


@settings(max_examples=40)
@given(st.lists(st.tuples(PERIOD, PERIOD), min_size=1, max_size=6))
def test_at_each_publication_it_holds_what_failed_then_and_nothing_twice(shown):
    con = duckdb.connect()
    key = "kpi VARCHAR, cadence VARCHAR, period VARCHAR, slice VARCHAR, slice_value VARCHAR"
    con.execute(f"CREATE TABLE kpi_values ({key}, data_status VARCHAR)")
    con.execute(
        f"CREATE TABLE kpi_checks ({key}, check_name VARCHAR, reason_code VARCHAR, "
        "evidence VARCHAR, expected VARCHAR, observed VARCHAR, verdict VARCHAR)"
    )
    history.ensure(con, "main")
    for number, periods in enumerate(shown):
        at = FIRST + number * DAY
        _published(con, dict(zip("pq", periods, strict=True)))
        entry = Entry("run", f"r{number}", at, at.date(), at, at.date(), None)
        check_history.write_checks(con, entry, "main")
    for number, periods in enumerate(shown):
        found = con.execute(
            "SELECT period, check_name, expected, observed, verdict FROM kpi_check_history "
            "WHERE shown_from <= ? QUALIFY row_number() OVER "
            "(PARTITION BY period, check_name ORDER BY shown_from DESC) = 1",
            [FIRST + number * DAY],
        ).fetchall()
        assert {row for row in found if row[-1] not in ("pass", "absent")} == {
            (period, name, *seen)
            for period, (status, *checks) in zip("pq", periods, strict=True)
            for name, seen in zip("ab", checks, strict=True)
            if status != "pending"
            and seen is not None
            and seen[-1] != "pass"
            and not (name == "b" and seen[-1] == "error" and (checks[0] or ("",))[-1] == "error")
        }
    for period in "pq":
        for name in "ab":
            rows = con.execute(
                "SELECT expected, observed, verdict FROM kpi_check_history "
                "WHERE period = ? AND check_name = ? ORDER BY shown_from",
                [period, name],
            ).fetchall()
            assert all(one != other for one, other in pairwise(rows))
