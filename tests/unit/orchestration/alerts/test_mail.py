"""Routes of apprise, against a real mail server on loopback."""

import datetime as dt
import json

import pytest
from alert_desk import NOW, Desk
from mail_server import MailServer

from orchestration.alerts import deliver, record_incidents

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def server():
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def mailed(server, tmp_path):
    """A project whose data team is told by mail."""
    return Desk(tmp_path, owners={"platform": ("log",), "data": ("log", server.url)})


def record(desk, now=NOW):
    return record_incidents(desk.con, desk.project, run_id="r1", now=now)


def run(desk, now):
    """What a run does at its end."""
    record(desk, now)
    return deliver(desk.con, desk.project, now=now)


def test_repeats_are_one_mail_and_the_end_is_one_mail(mailed, server):
    mailed.days("ctr", [9, 10], "SOURCE_STALE", reason="داده‌ی تبلیغات نرسیده است.")
    for hour in range(4):
        assert run(mailed, NOW + hour * HOUR).errors == ()
    (opened,) = server.got
    assert opened[0] == ["team@example.com"]
    assert opened[1] == (
        "[shop] UNMEASURABLE: 1 KPI cannot be measured since 2017-06-09 (SOURCE_STALE)"
    )
    assert opened[2].splitlines()[0] == "Why: داده‌ی تبلیغات نرسیده است."
    mailed.clear()
    mailed.days("ctr", [9, 10])
    for hour in range(4, 8):
        run(mailed, NOW + hour * HOUR)
    assert [subject for _, subject, _ in server.got[1:]] == [
        "[shop] RESOLVED after 4 hours: source Ad platform (ads) (SOURCE_STALE)"
    ]


def test_pending_periods_are_no_mail(mailed, server):
    mailed.day("ctr", 1, "NOT_DUE", status="pending")
    run(mailed, NOW)
    assert server.got == []


def test_a_mail_that_is_not_taken_is_sent_once_the_server_takes_it(mailed, server):
    mailed.day("ctr", 1, "SOURCE_STALE")
    server.answer = "451 come back later"
    report = run(mailed, NOW)
    assert (report.sent, report.pending) == (1, 1)  # the log took it
    assert report.told == 0  # who reads mail knows nothing yet
    assert report.errors == (f'{server.url}: Sending email to "team@example.com" failed.',)
    server.answer = "250 taken"
    assert run(mailed, NOW + MINUTE / 2).sent == 0  # not yet
    report = run(mailed, NOW + MINUTE)
    assert (report.sent, report.told) == (1, 1)
    assert len(server.got) == 1


def test_an_incident_that_ends_before_its_mail_is_taken_is_told_in_order(mailed, server):
    mailed.day("ctr", 1, "SOURCE_STALE")
    server.answer = "451 come back later"
    run(mailed, NOW)
    server.answer = "250 taken"
    mailed.clear()
    mailed.day("ctr", 1)
    run(mailed, NOW + MINUTE / 2)  # what opened it is not due yet
    assert server.got == []
    run(mailed, NOW + MINUTE)
    assert [subject.split()[1] for _, subject, _ in server.got] == ["UNMEASURABLE:", "RESOLVED"]


def test_messages_that_are_never_taken_do_not_hold_up_the_others(mailed, server):
    server.refuses = "NO_ROWS"
    for kpi in ("cpc", "ctr", "roas"):
        mailed.day(kpi, 1, "NO_ROWS", root=f"kpi:{kpi}")
    run(mailed, NOW)
    mailed.day("growth", 1, "SOURCE_STALE")
    run(mailed, NOW + 24 * HOUR)
    assert [subject.rpartition(" ")[2] for _, subject, _ in server.got] == ["(SOURCE_STALE)"]


def test_a_dead_server_is_asked_for_two_messages_only(mailed, server):
    server.stop()
    for kpi in ("cpc", "ctr", "roas"):
        mailed.day(kpi, 1, "NO_ROWS", root=f"kpi:{kpi}")
    report = run(mailed, NOW)
    assert (len(report.errors), report.pending) == (2, 3)


def test_secrets_are_filled_in_when_a_message_is_sent_and_stand_nowhere(
    server, tmp_path, monkeypatch
):
    route = server.url.replace("127.0.0.1", "${MAIL_HOST}").replace("team", "${TEAM}")
    desk = Desk(tmp_path, owners={"platform": (), "data": (route,)})
    desk.day("ctr", 1, "SOURCE_STALE")
    report = run(desk, NOW)
    assert report.errors == (
        f"{route}: needs the environment variable MAIL_HOST, TEAM, which is not set",
    )
    monkeypatch.setenv("MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("TEAM", "sales+alerts")
    server.answer = "451 come back later"
    report = run(desk, NOW + MINUTE)
    assert report.errors == (f'{route}: Sending email to "${{TEAM}}@example.com" failed.',)
    kept = json.dumps(desk.outbox("* EXCLUDE (created_at, sent_at, next_attempt_at)"))
    assert route in kept
    assert "127.0.0.1" not in kept
    server.answer = "250 taken"
    run(desk, NOW + HOUR)
    assert [to for to, _, _ in server.got] == [["sales+alerts@example.com"]]


def test_a_route_that_apprise_cannot_read_is_told(tmp_path):
    desk = Desk(tmp_path, owners={"platform": (), "data": ("slack://",)})
    desk.day("ctr", 1, "SOURCE_STALE")
    assert run(desk, NOW).errors == (
        "slack://: apprise cannot read this URL; correct it in owners.yml",
    )


def test_a_service_that_breaks_does_not_hold_up_the_others(mailed, server, monkeypatch):
    import apprise

    def broken(*_, **__):
        raise RuntimeError("no such emoji")

    monkeypatch.setattr(apprise.plugins.email.NotifyEmail, "notify", broken)
    mailed.day("ctr", 1, "SOURCE_STALE")
    report = run(mailed, NOW)
    assert (report.sent, report.pending) == (1, 1)
    assert report.errors == (f"{server.url}: RuntimeError: no such emoji",)
