"""A service that takes short messages only gets a long alert in parts, and not never."""

import apprise
import pytest
from alert_desk import NOW, Desk
from apprise.manager_plugins import NotificationManager

from orchestration.alerts import deliver, record_incidents

GOT: list[str] = []


class Terse(apprise.NotifyBase):
    """Refuses more than 200 characters, as Telegram does more than 4,096."""

    service_name = "Terse"
    secure_protocol = "terse"
    body_maxlen = 200
    title_maxlen = 0

    def url(self, *args, **kwargs):
        return "terse://localhost"

    def send(self, body, **kwargs):
        if len(body) > self.body_maxlen:
            self.logger.warning("Bad Request: message is too long")
            return False
        GOT.append(body)
        return True


@pytest.fixture
def terse():
    services = NotificationManager()
    services.add(Terse, schemas="terse")
    GOT.clear()
    yield
    services.remove("terse")


def send(root, url):
    desk = Desk(root, owners={"platform": ("log",), "marketing": (), "data": (url,)})
    for kpi in ("ctr", "cpc", "roas", "growth"):
        desk.days(kpi, [9, 10], "SOURCE_STALE")
    record_incidents(desk.con, desk.project, run_id="r", now=NOW)
    return deliver(desk.con, desk.project, now=NOW)


@pytest.mark.usefixtures("terse")
def test_a_long_alert_comes_in_parts_and_as_a_whole(tmp_path):
    report = send(tmp_path, "terse://localhost")
    assert (report.sent, report.pending, report.errors) == (2, 0, ())
    assert len(GOT) > 1
    whole = "".join(GOT)
    for words in ("4 KPIs cannot be measured", "kpi_ctr", "kpi_growth", "Incident: INC-"):
        assert words in whole


@pytest.mark.usefixtures("terse")
def test_what_the_route_says_of_long_messages_holds(tmp_path):
    report = send(tmp_path, "terse://localhost?overflow=truncate")
    assert (report.sent, len(GOT)) == (2, 1)
