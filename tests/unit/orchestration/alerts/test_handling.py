"""Reminders, acknowledging, sending again, and causes that come back."""

import datetime as dt
import json

import duckdb
import pytest
from alert_desk import NOW, Desk

from orchestration.alerts import NotFoundError, acknowledge, deliver, record_incidents, resend

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def run(desk, now):
    found = record_incidents(desk.con, desk.project, run_id="r1", now=now)
    deliver(desk.con, desk.project, now=now)
    return found


def events(desk):
    return [event for (event,) in desk.outbox("event")]


@pytest.fixture
def late(desk):
    """An incident that was told at NOW."""
    desk.day("ctr", 1, "SOURCE_STALE")
    (incident,) = run(desk, NOW)
    return incident


def test_an_open_incident_is_told_again_a_week_later_and_every_week(desk, late):
    for day in range(1, 16):
        deliver(desk.con, desk.project, now=NOW + day * DAY)  # runs with nothing new
    assert desk.outbox("event, sent_at") == [
        ("opened", NOW), ("reminded", NOW + 7 * DAY), ("reminded", NOW + 14 * DAY),
    ]  # fmt: skip
    ((text,),) = desk.con.execute(
        "SELECT payload->>'text' FROM audit.outbox WHERE created_at = ?", [NOW + 14 * DAY]
    ).fetchall()
    assert text.splitlines()[0] == (
        "REMINDER, open for 14 days: 1 KPI cannot be measured since 2017-06-01 (SOURCE_STALE)"
    )
    assert text.splitlines()[1:] == late.message.splitlines()[1:]


def test_what_is_told_anew_is_no_reason_for_a_reminder_until_a_week_after(desk, late):
    desk.clear()
    desk.day("ctr", 1, "SOURCE_STALE")
    desk.day("ctr", 2)
    desk.day("ctr", 3, "SOURCE_STALE")
    run(desk, NOW + 6 * DAY)
    deliver(desk.con, desk.project, now=NOW + 12 * DAY)
    assert events(desk) == ["opened", "extended"]
    deliver(desk.con, desk.project, now=NOW + 13 * DAY)
    assert events(desk) == ["opened", "extended", "reminded"]


def test_zero_days_are_no_reminders(tmp_path):
    desk = Desk(tmp_path, remind_after="0 days")
    desk.day("ctr", 1, "SOURCE_STALE")
    run(desk, NOW)
    deliver(desk.con, desk.project, now=NOW + 99 * DAY)
    assert events(desk) == ["opened"]


def test_who_acknowledges_is_not_reminded_and_is_told_of_the_end(desk, late):
    acknowledge(desk.con, late.incident_id, by="sara", note="the file comes Monday", now=NOW + HOUR)
    deliver(desk.con, desk.project, now=NOW + 30 * DAY)
    assert events(desk) == ["opened"]
    desk.clear()
    run(desk, NOW + 31 * DAY)
    assert events(desk) == ["opened", "resolved"]
    said = "acknowledged_at, acknowledged_by, note"
    assert desk.con.execute(f"SELECT {said} FROM audit.incidents").fetchall() == [
        (NOW + HOUR, "sara", "the file comes Monday")
    ]


def test_only_an_open_incident_is_acknowledged(desk, late):
    with pytest.raises(NotFoundError) as told:
        acknowledge(desk.con, "INC-1", by="sara", note="", now=NOW)
    assert str(told.value) == f"no open incident is called 'INC-1'. There are: {late.incident_id}."
    desk.clear()
    run(desk, NOW + HOUR)
    with pytest.raises(NotFoundError) as told:
        acknowledge(desk.con, late.incident_id, by="sara", note="", now=NOW + HOUR)
    assert str(told.value).endswith("There are: none.")


def test_a_channel_on_which_a_message_waits_gets_no_reminder(tmp_path, receiver):
    desk = Desk(tmp_path, webhook=receiver.url)
    receiver.status = 503
    desk.day("ctr", 1, "SOURCE_STALE")
    run(desk, NOW)
    deliver(desk.con, desk.project, now=NOW + 7 * DAY)
    assert desk.outbox("event, channel, state") == [
        ("opened", "log", "sent"), ("opened", "webhook", "pending"), ("reminded", "log", "sent"),
    ]  # fmt: skip


def test_a_cause_that_comes_back_within_a_day_reopens_its_incident(desk, late):
    acknowledge(desk.con, late.incident_id, by="sara", note="", now=NOW)
    desk.clear()
    run(desk, NOW + HOUR)
    desk.day("ctr", 2, "SOURCE_STALE")
    for hour in (24, 25, 26):
        (again,) = run(desk, NOW + hour * HOUR)
    assert (again.incident_id, again.opened_at) == (late.incident_id, NOW)
    assert (again.state, again.resolved_at) == ("notified", None)
    (text,) = desk.outbox("payload->>'text'")[-1]
    assert text.startswith("REOPENED: 1 KPI cannot be measured since 2017-06-02")
    assert events(desk) == ["opened", "resolved", "reopened"]
    desk.clear()
    desk.day("ctr", 2)
    run(desk, NOW + 27 * HOUR)
    assert events(desk) == ["opened", "resolved", "reopened", "resolved"]
    assert "RESOLVED after 27 hours" in desk.outbox("payload->>'text'")[-1][0]
    # That somebody saw to it was before.
    assert desk.con.execute("SELECT acknowledged_by FROM audit.incidents").fetchall() == [(None,)]


@pytest.mark.parametrize(("within", "after"), [("1 day", DAY), ("0 days", HOUR)])
def test_a_cause_that_comes_back_later_is_a_new_incident(tmp_path, within, after):
    desk = Desk(tmp_path, reopen_within=within)
    desk.day("ctr", 1, "SOURCE_STALE")
    (first,) = run(desk, NOW)
    desk.clear()
    run(desk, NOW + HOUR)
    desk.day("ctr", 1, "SOURCE_STALE")
    (second,) = run(desk, NOW + HOUR + after)
    assert second.incident_id != first.incident_id
    assert events(desk) == ["opened", "resolved", "opened"]


@pytest.fixture
def webhook(tmp_path, receiver):
    desk = Desk(tmp_path, webhook=receiver.url)
    desk.day("ctr", 1, "SOURCE_STALE")
    receiver.refuses = "source:ads"
    run(desk, NOW)
    assert desk.outbox("channel, state") == [("log", "sent"), ("webhook", "failed")]
    receiver.refuses = None
    receiver.got.clear()
    return desk


@pytest.mark.parametrize("which", ["incident_id", "message_id", None])
def test_what_was_refused_is_sent_once_more_on_request(webhook, receiver, which):
    if which:
        ((which,),) = webhook.con.execute(
            f"SELECT {which} FROM audit.outbox WHERE state = 'failed'"
        ).fetchall()
    assert resend(webhook.con, which, now=NOW + HOUR) == 1
    assert deliver(webhook.con, webhook.project, now=NOW + HOUR).sent == 1
    assert len(receiver.got) == 1


def test_of_an_incident_that_was_told_the_newest_message_is_sent_again(desk, late):
    desk.clear()
    run(desk, NOW + HOUR)
    assert resend(desk.con, late.incident_id, now=NOW + 2 * HOUR) == 1
    assert desk.outbox("event, state") == [("opened", "sent"), ("resolved", "pending")]
    with pytest.raises(NotFoundError, match="no incident or message is called 'INC-2'"):
        resend(desk.con, "INC-2", now=NOW)


def test_tables_of_an_earlier_version_keep_their_rows(desk):
    desk.con.execute(
        """
        CREATE TABLE audit.incidents (
            incident_id VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL, root VARCHAR NOT NULL,
            reason_code VARCHAR NOT NULL, owner VARCHAR NOT NULL, severity VARCHAR NOT NULL,
            state VARCHAR NOT NULL CHECK (state IN ('open', 'notified', 'resolved')),
            opened_at TIMESTAMP NOT NULL, last_seen_at TIMESTAMP NOT NULL, resolved_at TIMESTAMP,
            kpis VARCHAR NOT NULL, periods VARCHAR NOT NULL, message VARCHAR NOT NULL,
            run_id VARCHAR
        );
        CREATE TABLE audit.outbox (
            message_id VARCHAR PRIMARY KEY, incident_id VARCHAR NOT NULL,
            event VARCHAR NOT NULL CHECK (event IN ('opened', 'extended', 'resolved')),
            channel VARCHAR NOT NULL, payload VARCHAR NOT NULL,
            state VARCHAR NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
            attempts INTEGER NOT NULL, last_error VARCHAR, created_at TIMESTAMP NOT NULL,
            sent_at TIMESTAMP, next_attempt_at TIMESTAMP NOT NULL
        )
        """
    )
    desk.con.execute(
        "INSERT INTO audit.incidents VALUES ('INC-1', 'kpi|source:ads|SOURCE_STALE|data', "
        "'source:ads', 'SOURCE_STALE', 'data', 'kpi', 'notified', ?, ?, NULL, ?, '[]', "
        "'UNMEASURABLE: ctr', 'r0')",
        [NOW - 7 * DAY, NOW - 7 * DAY, json.dumps(["ctr"])],
    )
    desk.day("ctr", 1, "SOURCE_STALE")
    (incident,) = run(desk, NOW)
    assert (incident.incident_id, incident.opened_at) == ("INC-1", NOW - 7 * DAY)
    assert events(desk) == ["reminded"]
    with pytest.raises(duckdb.ConstraintException):
        desk.con.execute("UPDATE audit.outbox SET event = 'nothing'")
