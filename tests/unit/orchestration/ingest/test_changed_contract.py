from typing import Any

import pytest
from landing_place import Place, source

from kpi_specs.language.source import Source

BEFORE = {"day": "date", "spend": "number"}
AFTER = {"day": "date", "spend": "decimal(12,2)"}
MARCH = "day,spend,extra\n2017-03-01,1.10,7\n2017-03-02,2.20,8\n"
CHANGE = "the contract's types have changed (spend: DOUBLE -> DECIMAL(12,2))"


def test_a_changed_type_rebuilds_the_table_from_its_files(place: Place):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(BEFORE))
    place.write("ads_04.csv", "day,spend\n2017-04-01,3.30\n")
    report = place.ingest(source(AFTER))
    assert (report.status, report.files_new, report.rows_loaded) == ("loaded", 2, 3)
    assert place.rows("SELECT sum(spend)::VARCHAR, count(extra) FROM raw.ads") == [("6.60", 2)]
    assert place.rows("SELECT file, run_id, status FROM audit.loads ORDER BY ALL") == [
        ("landing/ads_03.csv", "r1", "superseded"),
        ("landing/ads_03.csv", "r2", "loaded"),
        ("landing/ads_04.csv", "r2", "loaded"),
    ]
    assert place.ingest(source(AFTER)).status == "unchanged"


def test_an_extra_column_that_enters_the_contract_is_typed(place: Place):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(BEFORE))
    place.ingest(source({**BEFORE, "extra": "integer"}))
    assert place.rows("SELECT sum(extra) FROM raw.ads") == [(15,)]
    place.ingest(source(BEFORE))
    assert place.rows("SELECT extra FROM raw.ads ORDER BY 1") == [("7",), ("8",)]


def test_a_new_contract_column_is_added_without_a_rebuild(place: Place):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(BEFORE))
    report = place.ingest(source({**BEFORE, "impressions": "integer"}))
    assert report.status == "unchanged"
    assert place.rows("SELECT count(*), count(impressions) FROM raw.ads") == [(2, 0)]


@pytest.mark.parametrize(
    ("happens", "trouble"),
    [
        ("removed", "landing/ads_03.csv is no longer there; put it back"),
        ("unfit", "2 of 2 rows rejected, the first at line 2: spend not an exact decimal"),
    ],
)
def test_a_table_that_cannot_be_rebuilt_stays_as_it_is(happens: str, trouble: str, place: Place):
    path = place.write("ads_03.csv", MARCH.replace("0,", "05,"))
    place.ingest(source(BEFORE))
    if happens == "removed":
        path.unlink()
    report = place.ingest(source(AFTER))
    assert report.status == "failed"
    assert report.message.startswith(CHANGE)
    assert trouble in report.message
    assert place.rows("SELECT count(*), typeof(any_value(spend)) FROM raw.ads") == [(2, "DOUBLE")]
    assert place.rows("SELECT status FROM audit.loads ORDER BY 1") == [("failed",), ("loaded",)]


@pytest.mark.parametrize("happens", ["changed", "moved"])
def test_a_rebuild_takes_each_file_as_it_is_now(happens: str, place: Place):
    path = place.write("ads_03.csv", MARCH)
    place.ingest(source(BEFORE))
    if happens == "changed":
        path.write_text(MARCH.replace("2.20", "5.20"))
    else:
        path.rename(path.with_name("ads_2017.csv"))
    place.ingest(source(AFTER))
    total = "6.30" if happens == "changed" else "3.30"
    assert place.rows("SELECT sum(spend)::VARCHAR, count(*) FROM raw.ads") == [(total, 2)]
    assert place.ingest(source(AFTER)).status == "unchanged"


APRIL = "day,spend\n2017-04-01,3.30\n"
BROKEN = "date,spend\n2017-03-01,1.10\n"


@pytest.mark.parametrize(
    ("files", "total", "trouble"),
    [
        ({"ads_03.csv": MARCH, "ads_04.csv": MARCH}, "3.30", ""),
        ({"ads_03.csv": APRIL, "ads_04.csv": MARCH}, "6.60", ""),
        ({"ads_03.csv": BROKEN, "ads_copy.csv": MARCH}, "6.60", "ads_03.csv: COLUMN_MISSING"),
    ],
    ids=["one content twice", "swapped", "broken, and what it held lies beside it"],
)
def test_a_rebuild_loads_each_standing_content_once(
    files: dict[str, str], total: str, trouble: str, place: Place
):
    required = {**BEFORE, "day": {"type": "date", "required": True}}
    place.write("ads_03.csv", "day,spend\n2017-02-01,9.90\n")
    place.ingest(source(required))
    place.write("ads_03.csv", MARCH)
    place.write("ads_04.csv", APRIL)
    place.ingest(source(required))
    for name, content in files.items():
        place.write(name, content)
    report = place.ingest(source({**required, "spend": "decimal(12,2)"}))
    assert trouble in report.message
    assert place.rows("SELECT sum(spend)::VARCHAR FROM raw.ads") == [(total,)]
    assert place.rows("SELECT DISTINCT _load_id FROM raw.ads ORDER BY 1") == place.rows(
        "SELECT load_id FROM audit.loads WHERE status = 'loaded' ORDER BY 1"
    )


LINES = "day,spend\n2017-03-01,1\n2017-06-20,2\n,3\n04.03.2017,4\n"
ISO_ONLY = {"event_time": "day"}


@pytest.mark.parametrize(
    ("required", "more", "days"),
    [
        (True, ISO_ONLY, ["2017-03-01"]),
        (False, ISO_ONLY, ["2017-03-01", None]),
        (True, ISO_ONLY | {"dated_ahead": "400 days"}, ["2017-03-01", "2017-06-20"]),
        (True, {}, ["2017-03-01", "2017-06-20"]),
        (
            True,
            ISO_ONLY | {"options": {"date_format": ["%Y-%m-%d", "%d.%m.%Y"]}},
            ["2017-03-01", "2017-03-04"],
        ),
    ],
)
def test_what_decides_rejects_is_a_contract_that_has_changed(required, more, days, place: Place):
    def contract(is_required: bool, **fields: Any) -> Source:
        return source(
            {"day": {"type": "date", "required": is_required}, "spend": "number"}, **fields
        )

    place.write("ads.csv", LINES)
    before = contract(False, event_time="day", dated_ahead="1 day")
    place.ingest(before)
    report = place.ingest(contract(required, **more))
    found = place.rows("SELECT day::VARCHAR FROM raw.ads ORDER BY spend")
    assert [day for (day,) in found] == days
    assert report.rows_rejected == 4 - len(days)
    stands = "SELECT count(*) FROM audit.loads WHERE status = 'loaded'"
    assert place.rows(stands) == [(1,)]
    assert place.ingest(contract(required, **more)).status == "unchanged"


def test_the_zone_of_a_source_decides_what_its_timestamps_say(place: Place):
    place.write("ads.csv", "at\n2017-03-01T23:30:00Z\n")
    place.ingest(source({"at": "timestamp"}, event_time="at"))
    place.ingest(source({"at": "timestamp"}, event_time="at", time_zone="Europe/Berlin"))
    assert place.rows('SELECT CAST("at" AS VARCHAR) FROM raw.ads') == [("2017-03-02 00:30:00",)]


def test_a_file_that_is_gone_or_does_not_fit_stays_as_it_was_read(place: Place):
    gone = place.write("ads_03.csv", "day,spend\n2017-03-01,1\n")
    place.write("ads_04.csv", "day,spend\n,2\n")
    place.write("ads_05.csv", "day,spend\n,3\n2017-03-05,4\n")
    place.ingest(source(BEFORE))
    gone.unlink()
    report = place.ingest(source({**BEFORE, "day": {"type": "date", "required": True}}))
    assert (report.status, report.files_failed, report.rows_loaded) == ("failed", 1, 1)
    assert place.rows("SELECT spend FROM raw.ads ORDER BY 1") == [(1.0,), (2.0,), (4.0,)]


def test_a_moved_file_is_read_again_under_its_new_name(place: Place):
    path = place.write("ads_03.csv", "day,spend\n2017-03-01,1\n,2\n")
    place.ingest(source(BEFORE))
    path.rename(path.with_name("ads_04.csv"))
    place.ingest(source({**BEFORE, "day": {"type": "date", "required": True}}))
    assert place.rows("SELECT _file, spend FROM raw.ads") == [("landing/ads_04.csv", 1.0)]


def test_a_column_that_the_contract_asks_for_no_longer_is_no_failure_of_the_files(place: Place):
    """Nothing is read again then, so that the failure would stay the newest that is known."""
    place.write("ads_03.csv", "day,spend\n2017-03-01,1\n")
    place.write("ads_04.csv", "day,spend\n2017-04-01,2\n")
    place.ingest(source(BEFORE))
    asked = place.ingest(source({**BEFORE, "shop": {"type": "text", "required": True}}))
    assert (asked.status, asked.files_failed) == ("failed", 2)
    missing = "SELECT file, missing_columns FROM audit.loads WHERE status = 'failed' ORDER BY 1"
    assert place.rows(missing) == [
        ("landing/ads_03.csv", "shop"),
        ("landing/ads_04.csv", "shop"),
    ]
    assert place.ingest(source(BEFORE)).status == "unchanged"
    assert place.rows(missing) == []
    assert place.rows("SELECT spend FROM raw.ads ORDER BY 1") == [(1.0,), (2.0,)]


def test_what_fails_under_the_contract_of_now_is_not_forgotten(place: Place):
    place.write("ads_03.csv", "day,spend\n2017-03-01,1\n")
    place.ingest(source(BEFORE))
    place.write("ads_04.csv", "spend\n2\n")
    required = source({**BEFORE, "day": {"type": "date", "required": True}})
    for _ in range(2):
        assert place.ingest(required).status == "failed"
    assert place.rows("SELECT file FROM audit.loads WHERE status = 'failed'") == [
        ("landing/ads_04.csv",)
    ]
