"""A run that is asked for an earlier day (`--as-of`) tells nobody that something has ended."""

import datetime as dt

import pytest
from alert_desk import NOW, Desk

from orchestration.alerts import foresee, record_incidents
from orchestration.run_log import ensure_run_log

HOUR = dt.timedelta(hours=1)  # NOW is the morning of 15 June 2017


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    ensure_run_log(desk.con)
    return desk


def run(desk, run_id, clock, *, hours=0, status="published"):
    """Incidents of a run with this day of June as its clock, which ends like this afterwards."""
    now = NOW + hours * HOUR
    day = dt.date(2017, 6, clock)
    desk.con.execute(
        "INSERT INTO audit.runs (run_id, as_of, started_at, status) VALUES (?, ?, ?, 'running')",
        [run_id, day, now],
    )
    foreseen = foresee(desk.con, desk.project, run_id=run_id, now=now)
    found = record_incidents(desk.con, desk.project, run_id=run_id, now=now)
    assert [one["state"] for one in foreseen] == [one.state for one in found]
    desk.con.execute("UPDATE audit.runs SET status = ? WHERE run_id = ?", [status, run_id])
    return found


def test_a_look_back_ends_nothing_and_the_next_run_says_nothing_twice(desk):
    desk.days("ctr", [13, 14], "SOURCE_STALE")
    run(desk, "today", 15)
    desk.clear()
    desk.day("ctr", 9)
    (still,) = run(desk, "back", 10, hours=1)
    assert (still.state, still.last_seen_at) == ("open", NOW)
    desk.clear()
    desk.days("ctr", [13, 14], "SOURCE_STALE")
    run(desk, "today again", 15, hours=2)
    assert desk.outbox("event") == [("opened",)]


def test_a_look_back_opens_nothing_of_that_day(desk):
    desk.day("ctr", 14)
    run(desk, "today", 15)
    desk.clear()
    desk.day("ctr", 9, "SOURCE_STALE")
    assert run(desk, "back", 10, hours=1) == ()
    assert desk.outbox() == []


def test_what_fails_in_a_look_back_itself_is_told(desk):
    run(desk, "today", 15)
    desk.day("ctr", 9, "COMPUTE_ERROR", party="platform", root="kpi:ctr", status="error")
    desk.day("cpc", 9, "SOURCE_STALE")
    (broken,) = run(desk, "back", 10, hours=1)
    assert (broken.reason_code, broken.owner) == ("COMPUTE_ERROR", "platform")


def test_two_looks_back_in_a_row_are_both_looks_back(desk):
    desk.day("ctr", 14, "SOURCE_STALE")
    run(desk, "today", 15)
    desk.clear()
    run(desk, "back", 10, hours=1)
    run(desk, "back less far", 12, hours=2)
    assert desk.outbox("event") == [("opened",)]


def test_a_clock_that_was_wrong_once_silences_nobody(desk):
    """The machine's clock said the 28th for one run; that of the 15th goes by the real one."""
    desk.day("ctr", 27, "SOURCE_STALE")
    run(desk, "wrong clock", 28)
    desk.clear()
    desk.day("ctr", 14)
    (ended,) = run(desk, "right clock", 15, hours=1)
    assert ended.state == "resolved"


def test_an_earlier_clock_than_that_of_a_run_that_published_nothing_is_no_look_back(desk):
    desk.day("ctr", 13, "SOURCE_STALE")
    run(desk, "failed", 15, status="failed")
    desk.clear()
    desk.day("ctr", 12)
    (ended,) = run(desk, "asked", 14, hours=1)
    assert ended.state == "resolved"
