"""That a cause is gone does not mean that a KPI has its value back: what is told when it ends."""

import dataclasses
import datetime as dt
import json

from alert_desk import NOW

from orchestration.alerts import record_incidents

HOUR = dt.timedelta(hours=1)


def record(desk, now=NOW):
    return record_incidents(desk.con, desk.project, run_id="r1", now=now)


def last_words(desk):
    """The lines of the resolved notice, without the last two: owner and incident."""
    contents = [json.loads(one) for (one,) in desk.outbox("payload")]
    (ended,) = [one for one in contents if one["event"] == "resolved"]
    return ended["text"].splitlines()[:-2]


def test_a_kpi_that_another_cause_has_now_is_not_told_as_measurable(desk):
    desk.days("ctr", [9, 10], "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.days("ctr", [9, 10], "COLUMN_MISSING", root="column:ads.clicks")
    (now_open, _) = record(desk, NOW + HOUR)
    assert last_words(desk) == [
        "CLOSED after 60 minutes: source Ad platform (ads) (SOURCE_STALE); no KPI has its value "
        "back",
        f"Without a value, for another cause: CTR (COLUMN_MISSING, {now_open.incident_id}, data)",
    ]


def test_a_day_of_two_that_still_lacks_its_value_is_told(desk):
    for kpi in ("ctr", "cpc"):
        desk.days(kpi, [9, 10], "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.days("ctr", [9, 10])
    desk.day("cpc", 9)
    desk.day("cpc", 10, "PERIOD_INCOMPLETE")
    (gap, _) = record(desk, NOW + HOUR)
    assert last_words(desk) == [
        "RESOLVED after 60 minutes: source Ad platform (ads) (SOURCE_STALE)",
        "Measurable again: CTR",
        "Measurable again in part, the rest not for another cause: CPC (PERIOD_INCOMPLETE, "
        f"{gap.incident_id}, data)",
    ]


def test_what_is_measured_in_part_only_is_no_incident_without_a_result(desk):
    desk.days("ctr", [9, 10], "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9)
    desk.day("ctr", 10, "COLUMN_MISSING", root="column:ads.clicks")
    record(desk, NOW + HOUR)
    assert last_words(desk)[0] == (
        "RESOLVED after 60 minutes: source Ad platform (ads) (SOURCE_STALE)"
    )


def test_a_slice_with_a_value_is_no_value_of_the_total(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9, "PERIOD_INCOMPLETE")
    desk.day("ctr", 9, slice=("channel", "web"))
    record(desk, NOW + HOUR)
    assert last_words(desk)[0].startswith("CLOSED")


def test_a_gap_on_another_day_is_no_reason_to_deny_the_end(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9)
    desk.day("ctr", 3, "PERIOD_INCOMPLETE")
    record(desk, NOW + HOUR)
    assert last_words(desk)[1:] == ["Measurable again: CTR"]


def test_slices_without_a_value_do_not_deny_that_the_total_has_one(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9)
    desk.day("ctr", 9, "LOW_SAMPLE", slice=("channel", "web"))
    record(desk, NOW + HOUR)
    assert last_words(desk)[1:] == ["Measurable again: CTR"]


def test_slices_that_end_because_the_total_fails_are_not_measurable(desk):
    desk.day("ctr", 9)
    desk.day("ctr", 9, "LOW_SAMPLE", slice=("channel", "web"), party="marketing")
    record(desk)
    desk.clear()
    desk.day("ctr", 9, "SOURCE_STALE")
    desk.day("ctr", 9, "SOURCE_STALE", slice=("channel", "web"))
    (stale, _) = record(desk, NOW + HOUR)
    assert last_words(desk)[1:] == [
        f"Without a value, for another cause: CTR (SOURCE_STALE, {stale.incident_id}, data)"
    ]


def test_who_gave_a_source_away_reads_who_has_its_incident_now(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9, "SOURCE_STALE", party="marketing")
    (theirs, _) = record(desk, NOW + HOUR)
    assert theirs.owner == "marketing"
    assert last_words(desk)[1:] == [
        f"Without a value, for another cause: CTR (SOURCE_STALE, {theirs.incident_id}, marketing)"
    ]


def test_a_kpi_that_is_taken_out_of_the_specs_is_not_told_as_measurable(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    rest = {key: kpi for key, kpi in desk.project.kpis.items() if key != "ctr"}
    desk.project = dataclasses.replace(desk.project, kpis=rest)
    record(desk, NOW + HOUR)
    assert last_words(desk) == [
        "CLOSED after 60 minutes: source Ad platform (ads) (SOURCE_STALE); no KPI has its value "
        "back",
        "No longer in the specs: ctr",
    ]


def test_a_period_that_waits_is_told_as_such(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9, "NOT_DUE", status="pending")
    record(desk, NOW + HOUR)
    assert last_words(desk) == [
        "CLOSED after 60 minutes: source Ad platform (ads) (SOURCE_STALE); no KPI has its value "
        "back",
        "Not due yet: CTR",
    ]


def test_where_one_kpi_is_held_and_another_one_waits_none_has_its_value_back(desk):
    for kpi in ("ctr", "cpc"):
        desk.day(kpi, 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9, "COLUMN_MISSING", root="column:ads.clicks")
    desk.day("cpc", 9, "NOT_DUE", status="pending")
    (now_open, _) = record(desk, NOW + HOUR)
    assert last_words(desk) == [
        "CLOSED after 60 minutes: source Ad platform (ads) (SOURCE_STALE); no KPI has its value "
        "back",
        "Not due yet: CPC",
        f"Without a value, for another cause: CTR (COLUMN_MISSING, {now_open.incident_id}, data)",
    ]


def test_the_machine_reads_what_became_of_each_kpi(desk):
    desk.day("ctr", 9, "SOURCE_STALE")
    record(desk)
    desk.clear()
    desk.day("ctr", 9)
    record(desk, NOW + HOUR)
    (content,) = [one for (one,) in desk.outbox("payload") if '"resolved"' in one]
    assert json.loads(content)["kpis"] == [
        {"kpi": "ctr", "title": "CTR", "now": "measured", "held_by": ""}
    ]
