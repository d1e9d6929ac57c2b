"""Invalid specs: each KPI's is one alert, and what keeps every run from starting another."""

import datetime as dt
from dataclasses import replace

import duckdb
import pytest
from alert_desk import NOW, Desk

from kpi_specs.language import Loaded
from kpi_specs.language.problems import Problem
from orchestration.alerts import (
    check_runs,
    deliver,
    record_incidents,
    specs_are_read,
    tell_invalid,
    tell_unloadable,
)
from orchestration.paths import ProjectPaths
from orchestration.run_log import ensure_run_log
from orchestration.sensors import look_and_send

HOUR = dt.timedelta(hours=1)
TYPO = Problem("kpi_specs/kpis/ads/ctr.yml", 9, "unknown-column", "'clikcs' is not a column.")
OWNERS = Problem("kpi_specs/owners.yml", 2, "bad-yaml", "a value is missing.")
SAID = "kpi_specs/kpis/ads/ctr.yml:9 [unknown-column] 'clikcs' is not a column."


def ran(desk):
    """A run ended well at NOW."""
    ensure_run_log(desk.con)
    desk.con.execute(
        "INSERT INTO audit.runs (run_id, started_at, finished_at, status) "
        "VALUES ('r1', ?, ?, 'published')",
        [NOW, NOW],
    )
    specs_are_read(desk.con, desk.project, now=NOW)
    return desk


@pytest.fixture
def desk(tmp_path):
    return ran(Desk(tmp_path))


def broken(desk, *, rows=True):
    """The project with an invalid `ctr`, of which rows are known or not."""
    kpis = {key: kpi for key, kpi in desk.project.kpis.items() if rows or key != "ctr"}
    return replace(desk.project, kpis=kpis, invalid={"ctr": (TYPO,)})


def withhold(desk):
    """The verdicts of a run with it, over two KPIs."""
    desk.day("ctr", 1, "SPEC_INVALID", party="marketing", root="spec:ctr", status="error")
    desk.day(
        "roas", 1, "UPSTREAM_UNMEASURABLE", party="marketing", root="spec:ctr",
        reason=f"It is computed from ctr, the spec of which is invalid: {SAID}",
    )  # fmt: skip


def events(desk):
    return desk.outbox("owner, event, payload->>'root'")


def texts(desk):
    return [text for (text,) in desk.outbox("payload->>'text'")]


def test_its_owner_is_told_before_any_run_and_once(desk):
    for hours in (1, 2):
        tell_invalid(desk.con, broken(desk), now=NOW + hours * HOUR)
    assert events(desk) == [("marketing", "opened", "spec:ctr")]
    ((text, incident),) = desk.con.execute(
        "SELECT payload->>'text', incident_id FROM audit.outbox"
    ).fetchall()
    assert text.splitlines() == [
        "SPEC: the spec of CTR (ctr) is invalid (SPEC_INVALID)",
        f"Why: {SAID}",
        "From the next run on the KPI has no value, nor has what is computed from it; one that was "
        "never valid is not published.",
        "Next: Marketing (marketing): correct the spec ('kpi validate' lists what is wrong), then "
        "run 'kpi run'.",
        f"Incident: {incident}",
    ]


def test_the_run_that_withholds_it_goes_on_with_what_was_told(desk):
    tell_invalid(desk.con, broken(desk), now=NOW + HOUR)
    withhold(desk)
    record_incidents(desk.con, broken(desk), run_id="r2", now=NOW + 2 * HOUR)
    specs_are_read(desk.con, broken(desk), now=NOW + 2 * HOUR)
    tell_invalid(desk.con, broken(desk), now=NOW + 3 * HOUR)
    assert events(desk) == [("marketing", "opened", "spec:ctr")]
    ((kpis,),) = desk.con.execute("SELECT kpis FROM audit.incidents").fetchall()
    assert kpis == '["ctr", "roas"]'


def test_a_look_after_the_run_that_told_says_nothing_more(desk):
    withhold(desk)
    record_incidents(desk.con, broken(desk), run_id="r2", now=NOW + HOUR)
    tell_invalid(desk.con, broken(desk), now=NOW + 2 * HOUR)
    assert events(desk) == [("marketing", "opened", "spec:ctr")]


def test_the_run_after_it_was_mended_says_what_is_measurable_again(desk):
    tell_invalid(desk.con, broken(desk), now=NOW + HOUR)
    withhold(desk)
    record_incidents(desk.con, broken(desk), run_id="r2", now=NOW + 2 * HOUR)
    desk.con.execute("DELETE FROM audit.verdicts")
    desk.day("ctr", 1, status="final")
    desk.day("roas", 1, status="final")
    record_incidents(desk.con, desk.project, run_id="r3", now=NOW + 4 * HOUR)
    specs_are_read(desk.con, desk.project, now=NOW + 4 * HOUR)
    assert [event for _, event, _ in events(desk)] == ["opened", "resolved"]
    assert texts(desk)[-1].splitlines()[:2] == [
        "RESOLVED after 3 hours: the spec of CTR (ctr) (SPEC_INVALID)",
        "Measurable again: CTR, ROAS",
    ]


def test_one_that_was_mended_before_any_run_is_over_with_a_run_that_has_nothing_to_do(desk):
    tell_invalid(desk.con, broken(desk), now=NOW + HOUR)
    specs_are_read(desk.con, desk.project, now=NOW + 3 * HOUR)
    assert [event for _, event, _ in events(desk)] == ["opened", "resolved"]
    assert texts(desk)[-1].splitlines()[:2] == [
        "RESOLVED after 2 hours: the spec of CTR (ctr) (SPEC_INVALID)",
        "It is valid again, or no longer there.",
    ]


def test_one_without_rows_is_the_default_owners_and_every_run_keeps_it_open(desk):
    project = broken(desk, rows=False)
    for hours in (1, 2):
        record_incidents(desk.con, project, run_id=f"r{hours + 1}", now=NOW + hours * HOUR)
        specs_are_read(desk.con, project, now=NOW + hours * HOUR)
        tell_invalid(desk.con, project, now=NOW + hours * HOUR)
    assert events(desk) == [("platform", "opened", "spec:ctr")]
    assert texts(desk)[0].splitlines()[2] == (
        "No valid version of the KPI is known, so it is not published; what is computed from it "
        "has no value."
    ), "nothing is left to the next run"
    specs_are_read(desk.con, desk.project, now=NOW + 3 * HOUR)
    assert [event for _, event, _ in events(desk)] == ["opened", "resolved"]


def test_what_is_computed_from_one_without_rows_is_told_with_it(desk):
    desk.day(
        "roas", 1, "UPSTREAM_UNMEASURABLE", party="platform", root="spec:ctr",
        reason=f"It is computed from ctr, the spec of which is invalid: {SAID}",
    )  # fmt: skip
    project = broken(desk, rows=False)
    record_incidents(desk.con, project, run_id="r2", now=NOW + HOUR)
    specs_are_read(desk.con, project, now=NOW + HOUR)
    assert desk.outbox("owner, event, payload->>'root', payload->>'reason_code'") == [
        ("platform", "opened", "spec:ctr", "SPEC_INVALID")
    ]


def test_a_run_that_looks_back_tells_of_it_all_the_same(desk):
    for run, as_of in (("r2", "2017-06-14"), ("r3", "2017-06-01")):
        desk.con.execute(
            "INSERT INTO audit.runs (run_id, as_of, started_at, status) VALUES (?, ?, ?, ?)",
            [run, as_of, NOW, "published" if run == "r2" else "running"],
        )
    withhold(desk)
    record_incidents(desk.con, broken(desk), run_id="r3", now=NOW + HOUR)
    assert events(desk) == [("marketing", "opened", "spec:ctr")]


def tell(desk, *problems, hours=1):
    return tell_unloadable(desk.con, desk.project.root, problems, now=NOW + hours * HOUR)


def test_where_no_run_can_start_the_default_owner_is_told_once(desk):
    for hours in (1, 2):
        tell(desk, OWNERS, hours=hours)
    assert events(desk) == [("platform", "opened", "run:specs")]
    ((text, incident),) = desk.con.execute(
        "SELECT payload->>'text', incident_id FROM audit.outbox"
    ).fetchall()
    assert text.splitlines() == [
        "RUN: NO RUN CAN START, the specs are invalid; none has ended well since "
        "2017-06-15 06:00 UTC (SPEC_INVALID)",
        "Why: kpi_specs/owners.yml:2 [bad-yaml] a value is missing.",
        "Readers have what was published last; it grows old without saying so.",
        "Next: platform: correct the specs ('kpi validate' lists what is wrong), then run "
        "'kpi run'.",
        f"Incident: {incident}",
    ]


def test_a_kpi_that_is_invalid_besides_stays_its_owners_own_alert(desk):
    tell_invalid(desk.con, broken(desk), now=NOW + HOUR)
    tell(desk, OWNERS, TYPO, hours=2)
    assert events(desk) == [
        ("marketing", "opened", "spec:ctr"), ("platform", "opened", "run:specs"),
    ]  # fmt: skip
    assert "ctr.yml" not in texts(desk)[-1]


def test_where_no_kpi_is_valid_each_is_told_to_its_owner_and_nothing_twice(desk):
    tell(desk, TYPO)
    assert events(desk) == [("marketing", "opened", "spec:ctr")]


def test_one_that_breaks_while_no_run_can_start_is_told_to_the_owner_known_last(desk):
    tell(desk, OWNERS, TYPO)
    assert sorted(events(desk)) == [
        ("marketing", "opened", "spec:ctr"), ("platform", "opened", "run:specs"),
    ]  # fmt: skip


def test_of_many_problems_the_first_are_told_and_the_others_counted(desk):
    tell(desk, *[Problem("kpi_specs/project.yml", n, "r", f"no {n}.") for n in range(1, 8)])
    ((text,),) = desk.outbox("payload->>'text'")
    assert text.splitlines()[1].endswith("kpi_specs/project.yml:5 [r] no 5. (and 2 more)")


def test_it_is_sent_by_the_routes_of_the_last_run(receiver, tmp_path):
    """Whoever is told stands in the specs, and just these cannot be read."""
    desk = Desk(tmp_path, owners={"platform": (receiver.url,), "marketing": (), "data": ("log",)})
    ensure_run_log(desk.con)
    specs_are_read(desk.con, desk.project, now=NOW)
    known = tell(desk, OWNERS)
    assert known is not None
    assert deliver(desk.con, known, now=NOW + HOUR).errors == ()
    ((_, body),) = receiver.got
    assert (body["reason_code"], body["owner"]) == ("SPEC_INVALID", "platform")


def test_the_next_run_ends_it(desk):
    tell(desk, OWNERS)
    specs_are_read(desk.con, desk.project, now=NOW + 3 * HOUR)
    assert desk.con.execute("SELECT state FROM audit.incidents").fetchall() == [("resolved",)]
    text = desk.outbox("payload->>'text'")[-1][0]
    assert text.splitlines()[:2] == [
        "RESOLVED after 2 hours: the specs (SPEC_INVALID)", "Runs can start again.",
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
    desk = ran(Desk(tmp_path, database=paths.warehouse))
    desk.con.close()
    at = NOW.replace(tzinfo=dt.UTC)
    no_project = Loaded(None, (OWNERS,))
    of_a_kpi = Loaded(broken(desk), (TYPO,))
    for loaded, said in (
        (no_project, "SPEC_INVALID; 1 sent, 0 pending."),
        (no_project, "SPEC_INVALID; 0 sent, 0 pending."),
        (of_a_kpi, "SPEC_INVALID of ctr; 2 sent, 0 pending."),  # and that runs can start again
        (of_a_kpi, "SPEC_INVALID of ctr; 0 sent, 0 pending."),
    ):
        assert look_and_send(desk.project, paths, at, loaded) == said
    with duckdb.connect(str(paths.warehouse)) as con:
        found = con.execute("SELECT owner, root, state FROM audit.incidents ORDER BY root")
        assert found.fetchall() == [
            ("platform", "run:specs", "resolved"), ("marketing", "spec:ctr", "notified"),
        ]  # fmt: skip
