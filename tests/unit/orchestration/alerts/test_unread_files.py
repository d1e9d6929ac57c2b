"""A file that cannot be read is told, also where no day lacks anything without it."""

import dataclasses
import datetime as dt
import json

import pytest
from alert_desk import NOW, Desk

from kpi_specs.language.dataset import Dataset
from orchestration.alerts import record_incidents
from orchestration.ingest.audit import ensure_schemas

HOUR = dt.timedelta(hours=1)
BAD = "landing/ads_b.csv"
HEADER = "the header is not valid utf-8"


@pytest.fixture
def desk(tmp_path):
    """Every day of the ads is there, and CTR is measured."""
    desk = Desk(tmp_path)
    orders = Dataset.model_validate(
        {
            "dataset": "orders", "model": "fct_orders", "row": "r", "key": ["id"], "time": "day",
            "sources": ["ads"],
        }
    )  # fmt: skip
    one = {"ctr": desk.project.kpis["ctr"]}
    desk.project = dataclasses.replace(desk.project, datasets={"orders": orders}, kpis=one)
    (tmp_path / "landing").mkdir()
    ensure_schemas(desk.con)
    desk.day("ctr", 9)
    return desk


def try_file(desk, name, status="failed", message=HEADER):
    """The newest attempt at a file that lies there."""
    (desk.project.root / name).write_text("x", encoding="utf-8")
    number = desk.con.execute("SELECT count(*) FROM audit.loads").fetchall()[0][0]
    desk.con.execute(
        "INSERT INTO audit.loads (load_id, source, file, status, message, loaded_at) "
        "VALUES (?, 'ads', ?, ?, ?, ?)",
        [f"l{number}", name, status, message, NOW],
    )


def record(desk, hours=0):
    return record_incidents(desk.con, desk.project, run_id="r", now=NOW + hours * HOUR)


def told(desk):
    return desk.outbox("event, owner, payload->>'reason_code'")


def test_the_sources_owner_is_told_once_and_when_it_is_over(desk):
    try_file(desk, BAD)
    for hours in range(3):
        (incident, *_) = record(desk, hours)
    assert told(desk) == [("opened", "data", "FILE_UNREADABLE")]
    assert incident.message.splitlines() == [
        "WARNING: a file of source Ad platform (ads) cannot be read; values stand without it "
        "(FILE_UNREADABLE)",
        f"Why: {BAD}: {HEADER}",
        "Cause: source Ad platform (ads)",
        "KPIs over it: CTR",
        "Next: Data (data): deliver it anew, take it away, or correct the source's contract; then "
        "run again.",
        f"Incident: {incident.incident_id}",
    ]
    desk.con.execute("UPDATE audit.loads SET status = 'superseded'")
    record(desk, 3)
    assert told(desk)[1:] == [("resolved", "data", "FILE_UNREADABLE")]
    text = desk.outbox("payload->>'text'")[-1][0]
    assert text.splitlines()[:2] == [
        "RESOLVED after 3 hours: source Ad platform (ads) (FILE_UNREADABLE)",
        "Every file that is there can be read.",
    ]


def test_a_further_file_is_told(desk):
    try_file(desk, BAD)
    record(desk)
    try_file(desk, "landing/ads_c.csv")
    for hours in (1, 2):
        record(desk, hours)
    assert [event for event, *_ in told(desk)] == ["opened", "extended"]
    assert "WARNING: 2 files of source Ad platform (ads)" in desk.outbox("payload->>'text'")[-1][0]


def test_of_many_files_the_first_are_named_and_all_are_in_the_json(desk):
    for number in range(5):
        try_file(desk, f"landing/ads_{number}.csv")
    (incident,) = record(desk)
    assert incident.message.splitlines()[1:5] == [
        f"Why: landing/ads_0.csv: {HEADER}",
        f"     landing/ads_1.csv: {HEADER}",
        f"     landing/ads_2.csv: {HEADER}",
        "     and 2 more files",
    ]
    ((content,),) = desk.outbox("payload")
    assert len(json.loads(content)["files"]) == 5


def test_a_file_that_was_taken_away_is_no_matter_any_more(desk):
    try_file(desk, BAD)
    (desk.project.root / BAD).unlink()
    assert record(desk) == ()


def test_where_days_are_missing_the_file_stands_in_their_alert(desk):
    try_file(desk, BAD)
    desk.day("ctr", 10, "SOURCE_STALE")
    (incident,) = record(desk)
    assert incident.reason_code == "SOURCE_STALE"
    assert f"File: {BAD}: {HEADER}" in incident.message.splitlines()
    assert told(desk) == [("opened", "data", "SOURCE_STALE")]


def test_a_missing_column_of_the_source_has_its_file_with_it(desk):
    try_file(desk, BAD, message="COLUMN_MISSING: the file has no column clicks")
    desk.day("ctr", 10, "COLUMN_MISSING", root="column:ads.clicks")
    (incident,) = record(desk)
    assert f"File: {BAD}: COLUMN_MISSING: the file has no column clicks" in incident.message


def test_it_stays_open_while_days_of_the_source_are_missing(desk):
    try_file(desk, BAD)
    record(desk)
    desk.day("ctr", 10, "SOURCE_STALE")
    record(desk, 1)
    assert [event for event, *_ in told(desk)] == ["opened", "opened"]  # none is resolved


@pytest.mark.parametrize(("had_rows", "alerts"), [(True, 1), (False, 0)])
def test_an_empty_file_is_told_where_it_had_rows_before(desk, had_rows, alerts):
    if had_rows:
        try_file(desk, BAD, status="loaded", message="")
    try_file(desk, BAD, status="empty", message="the file holds no data row")
    record(desk)
    assert len(told(desk)) == alerts
