"""Specs that cannot be loaded keep every run from starting: somebody is told all the same."""

import datetime as dt

import duckdb
import pytest
from alert_desk import NOW, Desk

from kpi_specs.language.problems import Problem
from orchestration.alerts import check_runs, deliver, specs_are_valid, tell_invalid
from orchestration.paths import ProjectPaths
from orchestration.run_log import ensure_run_log
from orchestration.sensors import look_and_send

HOUR = dt.timedelta(hours=1)
TYPO = Problem("kpi_specs/kpis/ads/ctr.yml", 9, "unknown-column", "'clikcs' is not a column.")
OWNERS = Problem("kpi_specs/owners.yml", 2, "bad-yaml", "a value is missing.")


@pytest.fixture
def desk(tmp_path):
    """A run ended well at NOW."""
    desk = Desk(tmp_path)
    ensure_run_log(desk.con)
    desk.con.execute(
        "INSERT INTO audit.runs (run_id, started_at, finished_at, status) "
        "VALUES ('r1', ?, ?, 'published')",
        [NOW, NOW],
    )
    specs_are_valid(desk.con, desk.project, now=NOW)
    return desk


def tell(desk, *problems, hours=1):
    return tell_invalid(desk.con, desk.project.root, problems, now=NOW + hours * HOUR)


def test_the_default_owner_and_the_kpis_owner_are_told_once(desk):
    for hours in (1, 2):
        tell(desk, TYPO, hours=hours)
    assert sorted(desk.outbox("owner, event, payload->>'root'")) == [
        ("marketing", "opened", "run:specs"),
        ("platform", "opened", "run:specs"),
    ]
    ((text, incident),) = desk.con.execute(
        "SELECT payload->>'text', incident_id FROM audit.outbox WHERE owner = 'marketing'"
    ).fetchall()
    assert text.splitlines() == [
        "RUN: NO RUN CAN START, the specs are invalid; none has ended well since "
        "2017-06-15 06:00 UTC (SPEC_INVALID)",
        "Why: kpi_specs/kpis/ads/ctr.yml:9 [unknown-column] 'clikcs' is not a column.",
        "Readers have what was published last; it grows old without saying so.",
        "Next: marketing: correct the specs ('kpi validate' lists what is wrong), then run "
        "'kpi run'.",
        f"Incident: {incident}",
    ]


def test_what_is_in_no_kpis_file_is_the_default_owners(desk):
    tell(desk, OWNERS)
    assert desk.outbox("owner") == [("platform",)]


def test_each_owner_reads_of_their_own_kpi_and_the_default_owner_of_all(desk):
    tell(desk, OWNERS, TYPO)
    texts = dict(desk.con.execute("SELECT owner, payload->>'text' FROM audit.outbox").fetchall())
    assert "owners.yml" in texts["platform"]
    assert "ctr.yml" in texts["platform"]
    assert "owners.yml" not in texts["marketing"]


def test_of_many_problems_the_first_are_told_and_the_others_counted(desk):
    tell(desk, *[Problem("kpi_specs/project.yml", n, "r", f"no {n}.") for n in range(1, 8)])
    ((text,),) = desk.outbox("payload->>'text'")
    assert text.splitlines()[1].endswith("kpi_specs/project.yml:5 [r] no 5. (and 2 more)")


def test_it_is_sent_by_the_routes_of_the_last_run(receiver, tmp_path):
    """Whoever is told stands in the specs, and just these cannot be read."""
    desk = Desk(tmp_path, owners={"platform": (receiver.url,), "marketing": (), "data": ("log",)})
    ensure_run_log(desk.con)
    specs_are_valid(desk.con, desk.project, now=NOW)
    known = tell(desk, OWNERS)
    assert known is not None
    assert deliver(desk.con, known, now=NOW + HOUR).errors == ()
    ((_, body),) = receiver.got
    assert (body["reason_code"], body["owner"]) == ("SPEC_INVALID", "platform")


def test_the_next_run_ends_it(desk):
    tell(desk, OWNERS)
    specs_are_valid(desk.con, desk.project, now=NOW + 3 * HOUR)
    assert desk.con.execute("SELECT state FROM audit.incidents").fetchall() == [("resolved",)]
    text = desk.outbox("payload->>'text'")[-1][0]
    assert text.splitlines()[:2] == [
        "RESOLVED after 2 hours: the specs (SPEC_INVALID)", "The specs are valid again.",
    ]  # fmt: skip


def test_a_look_for_runs_ends_it_too(desk):
    tell(desk, OWNERS)
    check_runs(desk.con, desk.project, now=(NOW + 3 * HOUR).replace(tzinfo=dt.UTC))
    assert desk.con.execute("SELECT state FROM audit.incidents").fetchall() == [("resolved",)]


def test_a_warehouse_without_a_run_knows_nobody(tmp_path):
    desk = Desk(tmp_path)
    ensure_run_log(desk.con)
    assert tell(desk, OWNERS) is None
    assert desk.outbox() == []


def test_the_sensor_tells_of_specs_that_broke_after_it_had_started(tmp_path):
    paths = ProjectPaths(tmp_path)
    paths.var.mkdir()
    desk = Desk(tmp_path, database=paths.warehouse)
    ensure_run_log(desk.con)
    specs_are_valid(desk.con, desk.project, now=NOW)
    desk.con.close()
    at = NOW.replace(tzinfo=dt.UTC)
    assert look_and_send(desk.project, paths, at, [OWNERS]) == "SPEC_INVALID; 1 sent, 0 pending."
    assert look_and_send(desk.project, paths, at, [OWNERS]) == "SPEC_INVALID; 0 sent, 0 pending."
    with duckdb.connect(str(paths.warehouse)) as con:
        assert con.execute("SELECT owner FROM audit.incidents").fetchall() == [("platform",)]
