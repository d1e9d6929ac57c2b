"""Runs that failed, died or did not come, over a run log by hand. KPIs of the desk are daily."""

import datetime as dt
from dataclasses import replace

import pytest
from alert_desk import Desk

from orchestration.alerts import check_runs, deliver, record_incidents
from orchestration.paths import ProjectPaths
from orchestration.run_lock import hold_run_lock
from orchestration.run_log import ensure_run_log
from orchestration.sensors import look_and_send

HOUR = dt.timedelta(hours=1)


def at(day, hour=0, minute=0):
    return dt.datetime(2017, 6, day, hour, minute, tzinfo=dt.UTC)


def log_run(desk, run_id, begun, status, message=""):
    ended = None if status == "running" else (begun + HOUR).replace(tzinfo=None)
    desk.con.execute(
        "INSERT INTO audit.runs (run_id, started_at, finished_at, status, message) "
        "VALUES (?, ?, ?, ?, ?)",
        [run_id, begun.replace(tzinfo=None), ended, status, message],
    )


def told(desk, now):
    """Codes that are wrong now, and everything in the outbox by its first line."""
    found = check_runs(desk.con, desk.project, now=now)
    deliver(desk.con, desk.project, now=now)
    lines = [text.partition("\n")[0] for (text,) in desk.outbox("payload->>'text'")]
    return [one.reason_code for one in found], lines


@pytest.fixture
def desk(tmp_path):
    """A run ended well on the morning of the 14th."""
    desk = Desk(tmp_path)
    ensure_run_log(desk.con)
    log_run(desk, "r1", at(14, 6), "published")
    return desk


MISSED = "RUN: NO RUN has ended well since 2017-06-14 07:00 UTC (RUN_MISSED)"


def test_a_schedule_that_did_not_run_is_one_alert_and_the_next_run_ends_it(desk):
    assert told(desk, at(15, 11, 59)) == ([], [])  # until noon: six hours after six
    assert told(desk, at(15, 12)) == (["RUN_MISSED"], [MISSED])
    assert told(desk, at(16, 3)) == (["RUN_MISSED"], [MISSED])
    log_run(desk, "r2", at(16, 3, 30), "unchanged")
    resolved = "RESOLVED after 17 hours: the run that was due (RUN_MISSED)"
    assert told(desk, at(16, 5)) == ([], [MISSED, resolved])
    assert desk.con.execute("SELECT owner, state FROM audit.incidents").fetchall() == [
        ("platform", "resolved")
    ]


def test_the_message_says_what_readers_have_and_what_to_do(desk):
    told(desk, at(15, 12))
    ((text, incident),) = desk.outbox("payload->>'text', incident_id")
    assert text.splitlines()[1:] == [
        "Why: a run was due by 2017-06-15 12:00 (UTC), and none has ended well since that day "
        "began.",
        "Readers have what was published last; it grows old without saying so.",
        "Next: platform: start the scheduler ('kpi ui', or cron), and run 'kpi run'.",
        f"Incident: {incident}",
    ]


@pytest.mark.parametrize(
    ("status", "message", "why"),
    [
        ("failed", "OSError: disk full", "OSError: disk full"),
        ("died", "", "its process ended without a word"),
        ("running", "", "its process ended without a word"),  # the caller holds the run lock
    ],
)
def test_a_run_that_crashed_is_one_alert_until_a_publication(desk, status, message, why):
    log_run(desk, "r2", at(15, 6), status, message)
    head = "RUN: THE LAST RUN FAILED; none has ended well since 2017-06-14 07:00 UTC (RUN_FAILED)"
    assert told(desk, at(15, 8)) == (["RUN_FAILED"], [head])
    log_run(desk, "r3", at(16, 6), "failed", "again")
    assert told(desk, at(17, 8)) == (["RUN_FAILED"], [head])  # and no second one for the schedule
    ((text,),) = desk.outbox("payload->>'text'")
    assert f"Why: run r2, begun 2017-06-15 06:00 UTC: {why}" in text
    record_incidents(desk.con, desk.project, run_id="r4", now=at(17, 9))
    (_, (event, text)) = desk.outbox("event, payload->>'text'")
    assert event == "resolved"
    assert "A run has ended well." in text


def test_a_run_by_hand_on_the_day_counts_and_one_of_a_part_does_not(desk):
    log_run(desk, "r2", at(15, 0, 5), "published")
    log_run(desk, "r3", at(15, 9), "unpublished")
    assert told(desk, at(15, 13))[0] == []
    assert told(desk, at(16, 13))[0] == ["RUN_MISSED"]


def test_the_hour_is_the_projects_own_in_its_zone(tmp_path):
    desk = Desk(tmp_path, run_by="09:30")
    desk.project = replace(
        desk.project, settings=desk.project.settings.model_copy(update={"time_zone": "Asia/Tehran"})
    )
    ensure_run_log(desk.con)
    log_run(desk, "r1", at(14, 6), "published")
    assert told(desk, at(15, 4, 59))[0] == []  # Tehran is 4:30 ahead in June 2017
    assert told(desk, at(15, 5))[0] == ["RUN_MISSED"]


@pytest.mark.parametrize(
    ("cadence", "day", "wrong"),
    [
        ("weekly", at(18, 23), []),  # a Sunday; the run on Monday the 12th was made on the 14th
        ("weekly", at(19, 12), ["RUN_MISSED"]),
        ("monthly", at(30, 23), []),
        ("monthly", at(30, 23) + 13 * HOUR, ["RUN_MISSED"]),
    ],
)
def test_the_finest_cadence_says_when_a_run_is_due(desk, cadence, day, wrong):
    kpis = {k: v.model_copy(update={"cadence": (cadence,)}) for k, v in desk.project.kpis.items()}
    desk.project = replace(desk.project, kpis=kpis)
    assert told(desk, day)[0] == wrong


def test_of_a_clock_that_stands_still_no_run_is_expected(desk):
    settings = desk.project.settings.model_copy(update={"as_of": dt.date(2017, 6, 10)})
    desk.project = replace(desk.project, settings=settings)
    assert told(desk, at(29))[0] == []


def test_a_new_warehouse_without_a_run_is_told(desk):
    desk.con.execute("DELETE FROM audit.runs")
    assert told(desk, at(15, 12))[1] == [
        "RUN: NO RUN has ended well since the beginning (RUN_MISSED)"
    ]


def test_the_sensor_tells_and_sends_and_stands_aside_while_a_run_is_under_way(tmp_path):
    paths = ProjectPaths(tmp_path)
    assert look_and_send(Desk(tmp_path).project, paths, at(15, 12)) == (
        "there is no warehouse yet: nothing has run."
    )
    paths.var.mkdir()
    desk = Desk(tmp_path, database=paths.warehouse)
    desk.con.close()
    with hold_run_lock(paths.var, "a run"):
        assert look_and_send(desk.project, paths, at(15, 12)) == (
            "a run is under way; it sends what waits."
        )
    assert look_and_send(desk.project, paths, at(15, 12)) == "RUN_MISSED; 1 sent, 0 pending."
    assert look_and_send(desk.project, paths, at(15, 12)) == "RUN_MISSED; 0 sent, 0 pending."
