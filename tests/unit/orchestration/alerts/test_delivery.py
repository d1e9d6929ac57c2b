import datetime as dt
import logging
import logging.config
import re

import pytest
from alert_desk import NOW, Desk

from orchestration.alerts import deliver, record_incidents
from orchestration.alerts.channels import LOGGER

MINUTE = dt.timedelta(minutes=1)


def record(desk, now=NOW):
    return record_incidents(desk.con, desk.project, run_id="r1", now=now)


def states(desk):
    return desk.con.execute("SELECT state FROM audit.incidents ORDER BY root").fetchall()


@pytest.fixture
def alerted(receiver, tmp_path):
    """A project with a webhook and one open incident."""
    desk = Desk(tmp_path, webhook=receiver.url)
    desk.day("ctr", 1, "SOURCE_STALE")
    record(desk)
    return desk


def test_an_incident_reaches_the_log_and_the_webhook(alerted, receiver, caplog):
    with caplog.at_level(logging.WARNING, LOGGER):
        report = deliver(alerted.con, alerted.project, now=NOW)
    assert (report.sent, report.failed, report.pending, report.errors) == (2, 0, 0, ())
    assert report.told == 1  # by two channels
    ((key, body),) = receiver.got
    assert key.startswith("INC-")
    assert (body["event"], body["owner"], body["owner_name"]) == ("opened", "data", "Data")
    assert (body["root"], body["reason_code"]) == ("source:ads", "SOURCE_STALE")
    assert [one["kpi"] for one in body["kpis"]] == ["ctr"]
    assert caplog.messages == [body["text"]]
    assert states(alerted) == [("notified",)]


def log_of(root):
    return (root / "var" / "logs" / "alerts.log").read_text(encoding="utf-8")


def test_the_log_is_a_file_of_the_project(alerted, tmp_path):
    deliver(alerted.con, alerted.project, now=NOW)
    first, second, *_ = log_of(tmp_path).splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC WARNING", first)
    assert second == "UNMEASURABLE: 1 KPI cannot be measured since 2017-06-01 (SOURCE_STALE)"


def test_control_characters_of_the_data_are_shown_in_the_log_and_not_written(tmp_path, caplog):
    desk = Desk(tmp_path)
    desk.day("ctr", 1, "SOURCE_STALE", reason="The shop is 'a\x00b\x1b[2J\r\x9b'.")
    record(desk)
    with caplog.at_level(logging.WARNING, LOGGER):
        deliver(desk.con, desk.project, now=NOW)
    for told in (log_of(tmp_path), *caplog.messages):
        assert "The shop is 'a\\x00b\\x1b[2J\\x0d\\x9b'." in told
        assert all(one.isprintable() or one == "\n" for one in told)


def test_who_listens_to_the_logger_is_told_beside_the_file(alerted, tmp_path):
    told = []
    listener = logging.Handler()
    listener.emit = lambda record: told.append(record.getMessage())
    logging.getLogger(LOGGER).addHandler(listener)
    try:
        deliver(alerted.con, alerted.project, now=NOW)
    finally:
        logging.getLogger(LOGGER).removeHandler(listener)
    (message,) = told
    assert message in log_of(tmp_path)


def test_a_library_that_disables_loggers_does_not_lose_alerts(alerted, tmp_path):
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
    assert logging.getLogger(LOGGER).disabled
    deliver(alerted.con, alerted.project, now=NOW)
    assert "UNMEASURABLE" in log_of(tmp_path)


def test_a_library_that_silences_warnings_does_not_lose_alerts(alerted, tmp_path):
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.disable(logging.CRITICAL)
    try:
        deliver(alerted.con, alerted.project, now=NOW)
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger().setLevel(before)
    assert "UNMEASURABLE" in log_of(tmp_path)


def test_a_log_that_cannot_be_written_is_a_dead_channel(alerted, tmp_path):
    (tmp_path / "var" / "logs" / "alerts.log").mkdir(parents=True)
    report = deliver(alerted.con, alerted.project, now=NOW)
    assert (report.sent, report.pending) == (1, 1)
    assert report.errors[0].startswith("log: cannot be written: [Errno 21] Is a directory")


def test_nothing_is_sent_twice(alerted, receiver):
    deliver(alerted.con, alerted.project, now=NOW)
    record(alerted, NOW + MINUTE)
    report = deliver(alerted.con, alerted.project, now=NOW + MINUTE)
    assert report.sent == 0
    assert len(receiver.got) == 1


def test_a_dead_channel_leaves_its_messages_pending_and_is_tried_later(alerted, receiver):
    receiver.status = 503
    report = deliver(alerted.con, alerted.project, now=NOW)
    assert (report.sent, report.pending) == (1, 1)  # the log took it
    assert report.errors == ("webhook: answered 503 Service Unavailable",)
    assert alerted.outbox("channel, state, attempts, last_error") == [
        ("log", "sent", 1, None),
        ("webhook", "pending", 1, "answered 503 Service Unavailable"),
    ]
    receiver.status = 200
    assert deliver(alerted.con, alerted.project, now=NOW + MINUTE / 2).sent == 0  # not yet
    assert deliver(alerted.con, alerted.project, now=NOW + MINUTE).sent == 1


def test_the_wait_doubles_up_to_a_day(alerted, receiver):
    receiver.status = 500
    waits = []
    now = NOW
    for _ in range(13):
        deliver(alerted.con, alerted.project, now=now)
        ((due,),) = alerted.con.execute(
            "SELECT next_attempt_at FROM audit.outbox WHERE state = 'pending'"
        ).fetchall()
        waits.append((due - now) / MINUTE)
        now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]


def test_a_dead_channel_is_asked_once_per_delivery(alerted, receiver):
    alerted.day("cpc", 1, "NO_ROWS", root="kpi:cpc")
    record(alerted, NOW + MINUTE)
    receiver.status = 503
    report = deliver(alerted.con, alerted.project, now=NOW + MINUTE)
    assert (report.sent, report.pending) == (2, 2)
    assert len(receiver.got) == 1


def test_a_webhook_that_nobody_listens_to_is_pending(tmp_path):
    desk = Desk(tmp_path, webhook="http://127.0.0.1:9/closed")
    desk.day("ctr", 1, "SOURCE_STALE")
    record(desk)
    report = deliver(desk.con, desk.project, now=NOW)
    assert report.pending == 1
    assert "does not answer" in report.errors[0]


def test_one_refused_message_does_not_hold_up_the_others(alerted, receiver):
    alerted.day("cpc", 1, "NO_ROWS", root="kpi:cpc")
    record(alerted, NOW + MINUTE)
    receiver.refuses = "source:ads"
    report = deliver(alerted.con, alerted.project, now=NOW + MINUTE)
    assert (report.sent, report.failed, report.pending) == (3, 1, 0)
    assert alerted.outbox("channel, state, last_error")[1] == (
        "webhook", "failed", "answered 422 Unprocessable Entity",
    )  # fmt: skip


def test_a_payload_that_cannot_be_read_does_not_hold_up_the_others(alerted, receiver):
    alerted.con.execute("UPDATE audit.outbox SET payload = '{' WHERE channel = 'log'")
    report = deliver(alerted.con, alerted.project, now=NOW)
    assert (report.sent, report.failed) == (1, 1)


def test_a_webhook_must_be_http(tmp_path):
    desk = Desk(tmp_path, webhook="file:///etc/hostname")
    desk.day("ctr", 1, "SOURCE_STALE")
    record(desk)
    report = deliver(desk.con, desk.project, now=NOW)
    assert report.errors == (
        "webhook: 'file:///etc/hostname' is not a http or https URL; correct it in the specs",
    )


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ((), ["log"]),  # nobody has a route: the log
        (("log",), ["log"]),
        (("http://127.0.0.1:9/team",), ["http://127.0.0.1:9/team", "log"]),
    ],
)
def test_an_owner_without_a_route_gets_those_of_the_default_owner(tmp_path, routes, expected):
    desk = Desk(tmp_path, owners={"platform": routes, "data": ()})
    desk.day("ctr", 1, "SOURCE_STALE")
    record(desk)
    assert [channel for (channel,) in desk.outbox("channel")] == expected
