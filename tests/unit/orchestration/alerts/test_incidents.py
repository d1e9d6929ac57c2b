import datetime as dt
import json

import pytest
from alert_desk import NOW

from expectations.reasons import REASONS
from orchestration.alerts import foresee, record_incidents
from orchestration.alerts.message import WARNINGS

HOUR = dt.timedelta(hours=1)


def record(desk, now=NOW):
    return record_incidents(desk.con, desk.project, run_id="r1", now=now)


def test_a_dead_source_is_one_incident_for_all_its_kpis(desk):
    for kpi in ("ctr", "cpc", "roas"):
        desk.days(kpi, range(1, 10))
        desk.days(kpi, range(10, 13), "SOURCE_STALE,PERIOD_INCOMPLETE,NO_ROWS")
    desk.con.execute(
        "INSERT INTO audit.checks VALUES ('cpc', 'daily', '2017-06-12', 'total', 'total', "
        "'source_fresh', 'SOURCE_STALE', 'stale_through', '2017-06-13', '2017-06-09', 'fail', 'r')"
    )
    desk.con.execute(
        "CREATE TABLE kpi.kpi_ctr AS SELECT 'daily' AS cadence, '2017-06-08' AS period, "
        "'total' AS slice, 'total' AS slice_value, 0.0213 AS value "
        "UNION ALL SELECT 'daily', '2017-06-09', 'total', 'total', 0.0221"
    )
    (incident,) = record(desk)
    assert (incident.owner, incident.root, incident.reason_code, incident.severity) == (
        "data", "source:ads", "SOURCE_STALE", "kpi",
    )  # fmt: skip
    assert incident.kpis == ("cpc", "ctr", "roas")
    assert incident.message == "\n".join(
        [
            "UNMEASURABLE: 3 KPIs cannot be measured since 2017-06-10 (SOURCE_STALE)",
            "Why: The ads are late.",
            "Check: source_fresh: expected 2017-06-13, observed 2017-06-09",
            "Cause: source Ad platform (ads); newest data: 2017-06-09",
            "- CPC [kpi_cpc]; no earlier value",
            "    daily: 2017-06-10 to 2017-06-12 (3)",
            "- CTR [kpi_ctr]; last good 2.21 % (2017-06-09)",
            "    daily: 2017-06-10 to 2017-06-12 (3)",
            "- ROAS [kpi_roas]; no earlier value",
            "    daily: 2017-06-10 to 2017-06-12 (3)",
            "Next: Data (data): deliver the data that is late, then run again.",
            f"Incident: {incident.incident_id}",
        ]
    )
    assert desk.outbox() == [("opened", "log", "pending")]


def test_where_no_value_is_left_an_alert_names_the_last_one_of_its_definition_that_was_published(
    desk,
):
    for day in (8, 9, 10):
        desk.day("ctr", day, "COMPUTE_ERROR", root="model:fct_ads", status="error")
    desk.con.execute("""
        CREATE TABLE audit.kpi_history AS
        SELECT 'ctr' AS kpi, 'daily' AS cadence, period, slice, slice AS slice_value,
            spec_fingerprint, value, data_status, CAST(shown_from AS TIMESTAMP) AS shown_from
        FROM (VALUES
            ('2017-06-08', 'total', 'now', 0.02, 'final', '2017-06-09'),
            ('2017-06-08', 'total', 'now', 0.021, 'final', '2017-06-10'),
            ('2017-06-08', 'channel', 'now', 0.09, 'final', '2017-06-11'),
            ('2017-06-09', 'total', 'before', 0.05, 'final', '2017-06-10'),
            ('2017-06-09', 'total', 'now', 0.06, 'provisional', '2017-06-11'),
            ('2017-06-10', 'total', 'now', 0.07, 'final', '2017-06-11'),
            ('2017-06-10', 'total', 'now', NULL, 'error', '2017-06-12')
        ) AS shown (period, slice, spec_fingerprint, value, data_status, shown_from)
    """)
    (incident,) = record(desk)
    # The newest affected day is the tenth: the eighth is the newest final one before it.
    assert "- CTR [kpi_ctr]; last good 2.10 % (2017-06-08, as published before)" in incident.message


def test_the_machine_readable_message_lists_every_kpi_and_period(desk):
    desk.days("ctr", [1, 2, 5], "PERIOD_INCOMPLETE")
    record(desk)
    ((content,),) = desk.outbox("payload")
    assert json.loads(content)["kpis"] == [
        {
            "kpi": "ctr",
            "title": "CTR",
            "table": "kpi_ctr",
            "last_good": "none",
            "periods": [
                {"cadence": "daily", "from": "2017-06-01", "to": "2017-06-02", "count": 2},
                {"cadence": "daily", "from": "2017-06-05", "to": "2017-06-05", "count": 1},
            ],
            "slices": {},
        }
    ]


def test_measured_and_pending_periods_alert_nobody(desk):
    desk.day("ctr", 1)
    desk.day("ctr", 2, "NOT_DUE", status="pending")
    assert record(desk) == ()
    assert desk.outbox() == []


def test_each_owner_and_each_cause_has_an_incident_of_its_own(desk):
    desk.day("ctr", 1, "SOURCE_STALE", party="data", root="source:ads")
    desk.day("cpc", 1, "SOURCE_STALE", party="marketing", root="source:crm")
    desk.day("roas", 1, "COMPUTE_ERROR", party="platform", root="kpi:roas", status="error")
    assert {(one.owner, one.root) for one in record(desk)} == {
        ("data", "source:ads"), ("marketing", "source:crm"), ("platform", "kpi:roas"),
    }  # fmt: skip


def test_a_finding_without_a_known_owner_goes_to_the_default_owner(desk):
    desk.day("ctr", 1, "SOURCE_STALE", party="left_last_year")
    desk.day("cpc", 1, "NO_ROWS", party="", root="kpi:cpc")
    assert {(one.owner, one.root) for one in record(desk)} == {
        ("platform", "source:ads"), ("platform", "kpi:cpc"),
    }  # fmt: skip


def test_a_day_on_which_the_source_is_closed_by_contract_alerts_nobody(desk):
    desk.day("ctr", 1, "NO_ROWS", party="", root="")
    assert record(desk) == ()


def test_a_kpi_that_inherits_its_verdict_joins_the_incident_of_the_root(desk):
    desk.day("ctr", 1, "SOURCE_STALE")
    desk.day("growth", 2, "UPSTREAM_UNMEASURABLE", party="marketing", reason="Input is late.")
    (incident,) = record(desk)
    assert (incident.owner, incident.kpis) == ("data", ("ctr", "growth"))
    assert "Why: The ads are late." in incident.message


def test_since_is_as_exact_as_the_finest_cadence_tells(desk):
    desk.day("ctr", 9, "PERIOD_INCOMPLETE")
    desk.con.execute(
        "INSERT INTO audit.verdicts SELECT * REPLACE ('yearly' AS cadence, '2017' AS period, "
        "DATE '2017-01-01' AS period_start, DATE '2017-12-31' AS period_end) FROM audit.verdicts"
    )
    (incident,) = record(desk)
    assert "1 KPI cannot be measured since 2017-06-09" in incident.message


def test_of_several_causes_of_a_root_an_inherited_verdict_is_told_with_its_own(desk):
    """On the 2nd the dataset's rows are empty, on the 5th in two currencies."""
    root = {"root": "dataset:ads"}
    desk.day("ctr", 2, "NULL_MEASURE", reason="It is empty in 3 rows.", **root)
    desk.day("ctr", 5, "MIXED_UNIT", reason="The rows are in EUR, USD.", **root)
    for day, reason in ((2, "It is empty in 3 rows."), (5, "The rows are in EUR, USD.")):
        desk.day(
            "growth", day, "UPSTREAM_UNMEASURABLE", **root,
            reason=f"It is computed from ctr, which has no value for 2017-06-0{day}: {reason}",
        )  # fmt: skip
    told = {
        one.reason_code: [line for line in one.message.splitlines() if line.startswith("    daily")]
        for one in record(desk)
    }
    assert told == {
        "NULL_MEASURE": ["    daily: 2017-06-02"] * 2,  # of ctr, and of growth
        "MIXED_UNIT": ["    daily: 2017-06-05"] * 2,
    }


def test_an_inherited_verdict_without_its_root_is_told_all_the_same(desk):
    desk.day("growth", 2, "UPSTREAM_UNMEASURABLE", party="marketing", root="kpi:gone")
    (incident,) = record(desk)
    assert (incident.owner, incident.reason_code) == ("marketing", "UPSTREAM_UNMEASURABLE")


def test_slices_of_a_measured_total_are_one_incident_per_kpi_and_reason(desk):
    lacking = {1: ["tv", "radio", "print"], 2: ["tv"], 3: ["radio", "tv"]}
    for day, channels in lacking.items():
        desk.day("ctr", day)
        for channel in channels:
            desk.day(
                "ctr", day, "ZERO_DENOMINATOR", reason=f"{channel} was not shown.",
                slice=("channel", channel), party="marketing", root="kpi:ctr",
            )  # fmt: skip
    (incident,) = record(desk)
    assert (incident.severity, incident.kpis) == ("slice", ("ctr",))
    assert incident.message.splitlines()[:-2] == [
        "UNMEASURABLE: Slices of CTR cannot be measured since 2017-06-01 (ZERO_DENOMINATOR)",
        "Why: radio, 2017-06-03: radio was not shown.",
        "Cause: KPI CTR (ctr); newest data: 2017-06-09",
        "- CTR [kpi_ctr]; its total is measured",
        "    daily: 2017-06-01 to 2017-06-03 (3)",
        "    slices, by periods: tv (3), radio (2), print (1)",
    ]
    ((content,),) = desk.outbox("payload")
    assert json.loads(content)["kpis"][0]["slices"] == {"tv": 3, "radio": 2, "print": 1}


def test_slices_of_a_kpi_over_a_kpi_are_told_with_those_of_its_input(desk):
    web = {"slice": ("channel", "web"), "party": "marketing"}
    for kpi in ("ctr", "growth"):
        desk.days(kpi, (1, 2))
        desk.day(kpi, 1, slice=("channel", "web"))
    desk.day("ctr", 2, "NO_ROWS", root="kpi:ctr", reason="Nothing of web.", **web)
    desk.day("growth", 2, "UPSTREAM_UNMEASURABLE", root="kpi:ctr", reason="Of ctr.", **web)
    (incident,) = record(desk)
    assert (incident.reason_code, incident.kpis) == ("NO_ROWS", ("ctr", "growth"))
    assert incident.message.splitlines()[:2] == [
        "UNMEASURABLE: Slices of 2 KPIs cannot be measured since 2017-06-02 (NO_ROWS)",
        "Why: web, 2017-06-02: Nothing of web.",
    ]


def test_inherited_slices_of_an_input_without_a_finding_are_told_by_themselves(desk):
    desk.days("growth", (1, 2))
    desk.day("growth", 1, slice=("channel", "web"))
    desk.day(
        "growth", 2, "UPSTREAM_UNMEASURABLE",
        slice=("channel", "web"), party="marketing", root="kpi:gone",
    )  # fmt: skip
    (incident,) = record(desk)
    assert (incident.root, incident.owner, incident.severity) == (
        "kpi:growth", "marketing", "slice",
    )  # fmt: skip


def test_of_many_slices_those_of_most_periods_are_named(desk):
    for day in (1, 2):
        desk.day("ctr", day)
        for number in range(9):
            if day == 1 or number > 6:
                desk.day("ctr", day, "LOW_SAMPLE", slice=("shop", f"s{number}"), root="kpi:ctr")
    (incident,) = record(desk)
    assert "slices, by periods: s7 (2), s8 (2), s0 (1), s1 (1), s2 (1), s3 (1) and 3 more" in (
        incident.message
    )


def test_slices_of_an_unmeasurable_or_pending_total_add_nothing(desk):
    desk.day("ctr", 1, "SOURCE_STALE")
    desk.day("ctr", 1, "ZERO_DENOMINATOR", slice=("channel", "tv"), party="marketing")
    desk.day("cpc", 1, "NOT_DUE", status="pending")
    desk.day("cpc", 1, "ZERO_DENOMINATOR", slice=("channel", "tv"), party="marketing")
    assert [one.reason_code for one in record(desk)] == ["SOURCE_STALE"]


def of(channel, root="kpi:ctr"):
    return {"slice": ("channel", channel), "party": "marketing", "root": root}


def test_that_a_store_that_opens_had_no_rows_before_is_no_alert(desk):
    for day in range(1, 5):
        desk.day("ctr", day)
        desk.day("growth", day)
        if day < 4:
            desk.day("ctr", day, "NO_ROWS", **of("kiosk"))
            desk.day("growth", day, "UPSTREAM_UNMEASURABLE", **of("kiosk"))
    desk.day("ctr", 4, slice=("channel", "kiosk"))
    assert record(desk) == ()


def test_a_slice_that_had_values_and_loses_its_rows_is_told(desk):
    for day in (1, 2, 3):
        desk.day("ctr", day)
    desk.day("ctr", 1, "NO_ROWS", **of("kiosk"))  # before it opened
    desk.day("ctr", 2, slice=("channel", "kiosk"))
    desk.day("ctr", 3, "NO_ROWS", **of("kiosk"))
    (incident,) = record(desk)
    assert "    daily: 2017-06-03" in incident.message.splitlines()
    assert "    slices, by periods: kiosk (1)" in incident.message.splitlines()


def slices_of_days(desk, lost, code="NO_ROWS"):
    """Both channels have values on each of ten days, but for these: day -> channels."""
    desk.clear()
    for day in range(1, 11):
        desk.day("ctr", day)
        for channel in ("tv", "web"):
            if channel in lost.get(day, ()):
                desk.day("ctr", day, code, **of(channel))
            else:
                desk.day("ctr", day, slice=("channel", channel))


@pytest.mark.parametrize(
    ("code", "later", "events"),
    [
        ("NO_ROWS", {9: ["web"]}, ["opened", "extended"]),
        ("NO_ROWS", {9: ["tv"]}, ["opened"]),  # it was told that it comes and goes
        ("NO_ROWS", {3: ["web"]}, ["opened"]),  # of a day before those that were told
        ("LOW_SAMPLE", {9: ["web"]}, ["opened"]),
    ],
)
def test_a_further_slice_that_loses_its_rows_is_told_while_the_incident_is_open(
    desk, code, later, events
):
    first = {5: ["tv"]}
    slices_of_days(desk, first, code)
    record(desk)
    slices_of_days(desk, first | later, code)
    for hours in (1, 2):
        record(desk, NOW + hours * HOUR)
    assert [event for (event,) in desk.outbox("event")] == events


def test_slices_of_a_kpi_without_a_total_are_told(desk):
    desk.day("ctr", 1, "NO_ROWS", slice=("channel", "tv"))
    desk.day("ctr", 1, "NO_ROWS", slice=("channel", "radio"))
    (incident,) = record(desk)
    assert incident.severity == "kpi"


def test_an_open_incident_says_nothing_more_while_it_goes_on(desk):
    desk.days("ctr", [9, 10], "SOURCE_STALE")
    (first,) = record(desk)
    desk.day("ctr", 11, "SOURCE_STALE")
    desk.day("cpc", 11, "SOURCE_STALE")
    (second,) = record(desk, NOW + HOUR)
    assert second.incident_id == first.incident_id
    assert (second.opened_at, second.last_seen_at) == (NOW, NOW + HOUR)
    assert second.kpis == ("cpc", "ctr")
    assert desk.outbox() == [("opened", "log", "pending")]


def test_a_new_gap_behind_an_old_one_is_told(desk):
    desk.day("ctr", 1, "PERIOD_INCOMPLETE")
    desk.days("ctr", range(2, 9))
    (first,) = record(desk)
    desk.day("ctr", 9, "PERIOD_INCOMPLETE")
    (again,) = record(desk, NOW + HOUR)
    record(desk, NOW + 2 * HOUR)
    assert again.incident_id == first.incident_id
    assert desk.outbox("event") == [("opened",), ("extended",)]
    assert again.message.startswith("AGAIN: 1 KPI cannot be measured since 2017-06-01")


def month(desk, kpi, first, last, codes="", reason=""):
    desk.con.execute(
        "INSERT INTO audit.verdicts VALUES (?, 'monthly', strftime(?::DATE, '%Y-%m'), 'total', "
        "'total', ?, ?, ?, ?, ?, 'data', 'source:ads', 1, NULL, NULL, NULL, 'r')",
        [kpi, first, first, last, "unmeasurable" if codes else "final", codes, reason],
    )


def test_the_newest_month_is_told_and_not_the_shortest(desk):
    """February has 28 days, and is no finer than April."""
    months = [("2017-01-01", "2017-01-31"), ("2017-02-01", "2017-02-28")]
    months += [("2017-03-01", "2017-03-31"), ("2017-04-01", "2017-04-30")]
    desk.con.execute(
        "CREATE TABLE kpi.kpi_ctr AS SELECT 'monthly' AS cadence, m AS period, 'total' AS slice, "
        "'total' AS slice_value, 0.01 * n AS value FROM (VALUES ('2017-01', 1), ('2017-03', 3)) "
        "AS t (m, n)"
    )
    for first, last in months:
        lacks = first[5:7] in ("02", "04")
        month(
            desk, "ctr", first, last,
            "PERIOD_INCOMPLETE" if lacks else "", f"A day of {first[:7]} is missing.",
        )  # fmt: skip
    (incident,) = record(desk)
    lines = incident.message.splitlines()
    assert lines[:2] == [
        "UNMEASURABLE: 1 KPI cannot be measured since 2017-02-01 (PERIOD_INCOMPLETE)",
        "Why: A day of 2017-04 is missing.",
    ]
    assert "- CTR [kpi_ctr]; last good 3.00 % (2017-03)" in lines


BROKEN = {"party": "platform", "root": "check:rows_are_readable", "status": "error"}


def test_a_broken_judge_is_one_alert_for_all_kpis(desk):
    for kpi in ("ctr", "cpc", "roas", "growth"):
        desk.days(kpi, range(1, 15), "CHECK_ERROR", reason="It raised.", **BROKEN)
    for hours in range(3):
        (incident,) = record(desk, NOW + hours * HOUR)
    assert incident.kpis == ("cpc", "ctr", "growth", "roas")
    assert desk.outbox() == [("opened", "log", "pending")]
    text = incident.message.splitlines()
    assert text[0] == "UNMEASURABLE: 4 KPIs cannot be measured since 2017-06-01 (CHECK_ERROR)"
    assert text[2] == (
        "Cause: the judge, which could not make its check 'rows_are_readable'; "
        "newest data: 2017-06-09"
    )


def test_a_failure_of_the_machinery_that_takes_a_further_kpi_is_told(desk):
    desk.day("ctr", 1, "CHECK_ERROR", **BROKEN)
    (first,) = record(desk)
    desk.day("cpc", 1, "CHECK_ERROR", **BROKEN)
    (again,) = record(desk, NOW + HOUR)
    record(desk, NOW + 2 * HOUR)
    assert again.incident_id == first.incident_id
    assert desk.outbox("event") == [("opened",), ("extended",)]
    assert again.message.startswith("AGAIN: 2 KPIs cannot be measured")


def test_a_full_disk_is_one_cause_in_words(desk):
    full = {"party": "platform", "root": "platform:disk", "status": "error"}
    for kpi in ("ctr", "cpc"):
        desk.day(kpi, 1, "COMPUTE_ERROR", **full)
    (incident,) = record(desk)
    assert "Cause: the platform (disk), no model and no source; " in incident.message


def test_an_incident_that_is_gone_is_resolved_and_says_how_long_it_lasted(desk):
    desk.day("ctr", 1, "SOURCE_STALE")
    (opened,) = record(desk)
    desk.clear()
    desk.day("ctr", 1)
    (resolved,) = record(desk, NOW + 5 * HOUR)
    assert (resolved.incident_id, resolved.state) == (opened.incident_id, "resolved")
    assert resolved.resolved_at == NOW + 5 * HOUR
    (_, (event, content)) = desk.outbox("event, payload")
    assert event == "resolved"
    assert json.loads(content)["text"] == (
        "RESOLVED after 5 hours: source Ad platform (ads) (SOURCE_STALE)\nMeasurable again: CTR\n"
        f"Owner: data\nIncident: {opened.incident_id}"
    )
    assert record(desk, NOW + 6 * HOUR) == ()  # told once


def test_what_is_published_of_incidents_is_what_is_recorded_after_and_writes_nothing(desk):
    everything = "FROM audit.incidents ORDER BY opened_at, incident_id"
    desk.day("ctr", 1, "SOURCE_STALE")
    desk.day("cpc", 1, "COMPUTE_ERROR", party="platform", root="kpi:cpc", status="error")
    assert [row["state"] for row in foresee(desk.con, desk.project, run_id="r", now=NOW)] == [
        "open", "open",
    ]  # fmt: skip
    assert desk.con.execute(everything).fetchall() == []
    assert desk.outbox() == []
    record(desk)
    # One goes on and takes another KPI, one is over, one is new.
    desk.clear()
    desk.day("ctr", 1, "SOURCE_STALE")
    desk.day("roas", 1, "SOURCE_STALE")
    desk.day("cpc", 1)
    desk.day("growth", 1, "LOW_SAMPLE", party="marketing", root="kpi:growth")
    before = desk.outbox()
    foreseen = foresee(desk.con, desk.project, run_id="r1", now=NOW + HOUR)
    assert desk.outbox() == before
    record(desk, NOW + HOUR)
    assert [tuple(row.values()) for row in foreseen] == desk.con.execute(everything).fetchall()
    assert sorted(row["state"] for row in foreseen) == ["open", "open", "resolved"]


def test_a_failure_half_way_records_nothing(desk, monkeypatch):
    import pytest

    from orchestration.alerts import opening

    desk.day("ctr", 1, "SOURCE_STALE")

    def fail(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(opening, "post_to_owner", fail)
    with pytest.raises(RuntimeError):
        record(desk)
    assert desk.con.execute("SELECT count(*) FROM audit.incidents").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("checks", "asked"),
    [
        (
            ["values_are_allowed"],
            "correct the values, or the contract of the source; then run again",
        ),
        (
            ["amounts_keep_their_unit"],
            "deliver the amounts in their usual unit; if they are right, say level_changes in the "
            "source's contract; then run again",
        ),
        (  # what the contract forbids comes first
            ["amounts_keep_their_unit", "values_are_allowed"],
            "correct the values, or the contract of the source; then run again",
        ),
    ],
    ids=str,
)
def test_of_one_reason_with_several_causes_the_failed_check_says_what_to_do(desk, checks, asked):
    desk.days("ctr", [12], "DOMAIN_VIOLATION")
    for check in checks:
        desk.con.execute(
            "INSERT INTO audit.checks VALUES ('ctr', 'daily', '2017-06-12', 'total', 'total', ?, "
            "'DOMAIN_VIOLATION', 'days', 'yes', '1 day', 'fail', 'r')",
            [check],
        )
    (incident,) = record(desk)
    assert f"): {asked}.\n" in incident.message


def test_every_reason_that_leaves_the_value_says_how_it_was_measured():
    assert set(WARNINGS) == {one.code for one in REASONS if one.status == "measured"}


def test_a_kpi_over_one_with_a_warning_is_in_the_same_incident_which_tells_the_cause(desk):
    warned = {"codes": "VOLUME_ANOMALY", "status": "final", "root": "source:ads", "party": "data"}
    desk.days("ctr", [12], **warned, reason="The source ads has an unusual number of rows.")
    inherited = "It is computed from ctr, and of its value for 2017-06-12 there is a warning: The"
    desk.days("roas", [12, 13], **warned, reason=inherited)
    (incident,) = record(desk)
    assert (incident.root, incident.severity, incident.kpis) == (
        "source:ads", "warning", ("ctr", "roas"),
    )  # fmt: skip
    head, why, *_ = incident.message.splitlines()
    assert head == (
        "WARNING: 2 KPIs measured from an unusual number of rows since 2017-06-12 (VOLUME_ANOMALY)"
    )
    assert why == "Why: The source ads has an unusual number of rows."


def test_values_with_a_warning_are_one_incident_that_says_they_are_measured(desk):
    for kpi in ("ctr", "cpc"):
        desk.days(kpi, [10, 11])
        desk.days(kpi, [12], "VOLUME_ANOMALY", status="final", root="source:ads", party="data")
    desk.days("roas", [12], "VOLUME_ANOMALY", status="final", root="", party="data")  # long past
    (incident,) = record(desk)
    assert (incident.owner, incident.root, incident.reason_code, incident.severity) == (
        "data", "source:ads", "VOLUME_ANOMALY", "warning",
    )  # fmt: skip
    assert incident.kpis == ("cpc", "ctr")
    head, *_, action, _ = incident.message.splitlines()
    assert head == (
        "WARNING: 2 KPIs measured from an unusual number of rows since 2017-06-12 (VOLUME_ANOMALY)"
    )
    assert "- CTR [kpi_ctr]; it has a value" in incident.message
    assert action == (
        "Next: Data (data): check whether rows are missing or stand twice; if not, do nothing."
    )
    desk.clear()
    for kpi in ("ctr", "cpc"):
        desk.days(kpi, [12], "VOLUME_ANOMALY", status="final", root="", party="data")
    (resolved,) = record(desk, NOW + HOUR)
    assert resolved.state == "resolved"
    *_, (content,) = desk.outbox("payload")
    assert "No unusual day lately: CPC, CTR\n" in json.loads(content)["text"]
