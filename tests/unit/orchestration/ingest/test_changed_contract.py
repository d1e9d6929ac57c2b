import pytest
from landing_place import Place, source

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
