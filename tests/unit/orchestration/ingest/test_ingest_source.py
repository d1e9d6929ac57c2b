import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from landing_place import LOADED_AT, Place, source

from orchestration.ingest import attempt, ensure_schemas

CONTRACT = {"day": {"type": "date", "required": True}, "clicks": "integer"}
MARCH = "day,clicks\n2017-03-01,1\n2017-03-02,2\n"
APRIL = "day,clicks\n2017-04-01,3\n"


def test_every_content_is_loaded_once(place: Place):
    place.write("ads_03.csv", MARCH)
    first = place.ingest(source(CONTRACT))
    assert (first.files_new, first.files_known, first.rows_loaded) == (1, 0, 2)
    place.write("ads_04.csv", APRIL)
    place.write("ads_03_copy.csv", MARCH)
    second = place.ingest(source(CONTRACT))
    assert (second.files_new, second.files_known, second.rows_loaded) == (1, 2, 1)
    third = place.ingest(source(CONTRACT))
    assert (third.status, third.files_new, third.files_known) == ("unchanged", 0, 3)
    assert place.rows("SELECT count(*), sum(clicks) FROM raw.ads") == [(3, 6)]


def test_every_row_says_where_it_came_from(place: Place):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(CONTRACT))
    rows = place.rows(
        "SELECT r._file, r._line, l.run_id, l.source, l.status, r._loaded_at = l.loaded_at,"
        " r._loaded_at FROM raw.ads r JOIN audit.loads l ON r._load_id = l.load_id ORDER BY _line"
    )
    naive = LOADED_AT.replace(tzinfo=None)
    assert rows == [
        ("landing/ads_03.csv", 2, "r1", "ads", "loaded", True, naive),
        ("landing/ads_03.csv", 3, "r1", "ads", "loaded", True, naive),
    ]


TABLE = [
    ("day", "DATE"), ("clicks", "BIGINT"), ("_file", "VARCHAR"), ("_line", "BIGINT"),
    ("_load_id", "VARCHAR"), ("_loaded_at", "TIMESTAMP"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status"), [(None, "not_connected"), ("landing/nothing*", "no_files")]
)
def test_the_table_exists_although_nothing_was_ever_loaded(path, status, place: Place):
    report = place.ingest(source(CONTRACT, path=path))
    assert (report.status, report.rows_loaded) == (status, 0)
    columns = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'ads'"
    assert place.rows(columns) == TABLE
    assert place.log() == []


def test_unknown_columns_are_kept_as_text(place: Place):
    place.write("ads_03.csv", MARCH)
    place.write("ads_05.csv", "day,clicks,New One,_line,\n2017-05-01,1,007,x,y\n")
    place.ingest(source(CONTRACT))
    rows = place.rows('SELECT day::VARCHAR, "New One", "_line_received", column_5 FROM raw.ads')
    assert rows == [
        ("2017-03-01", None, None, None),
        ("2017-03-02", None, None, None),
        ("2017-05-01", "007", "x", "y"),
    ]


def test_an_optional_column_that_is_missing_is_null_and_named(place: Place):
    place.write("ads.csv", "day\n2017-03-01\n")
    report = place.ingest(source(CONTRACT))
    assert place.rows("SELECT clicks FROM raw.ads") == [(None,)]
    assert report.status == "loaded"
    assert place.message() == "optional columns not in the file: clicks"
    assert place.rows("SELECT missing_columns FROM audit.loads") == [("",)]


def test_a_missing_required_column_refuses_the_file_and_keeps_what_is_there(place: Place):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(CONTRACT))
    place.write("ads_04.csv", "date,clicks\n2017-04-01,3\n")
    report = place.ingest(source(CONTRACT))
    message = (
        "COLUMN_MISSING: the file has no column day, which the contract of 'ads' requires; it has"
        " date, clicks. Deliver the file with it, or change the contract"
    )
    assert report.status == "failed"
    assert report.message == f"landing/ads_04.csv: {message}"
    assert place.rows(
        "SELECT file, status, message, missing_columns FROM audit.loads ORDER BY file DESC LIMIT 1"
    ) == [("landing/ads_04.csv", "failed", message, "day")]
    assert place.rows("SELECT count(*) FROM raw.ads") == [(2,)]
    assert "date" not in [column[0] for column in place.rows("DESCRIBE raw.ads")]


# name, content -> status, words of the message
USELESS = [
    ("ads.csv", b"", "empty", "the file holds no data row"),
    ("ads.csv", b"day,clicks\n", "empty", "the file holds no data row"),
    ("ads.csv", b"\n2017-03-01,1\n", "failed", "the first line is blank"),
    ("ads.csv", b"day,day\n2017-03-01,2017-03-01\n", "failed", "column 'day' is twice in the"),
    ("ads.csv", b"day,clicks\nx,1\ny,2\n", "failed",
     "2 of 2 rows rejected, the first at line 2: day not a date like 2017-03-31"),
    ("ads.csv", b"\x00\x01\x02PNG\xff\xfe", "failed", ""),
    ("ads.csv.gz", gzip.compress(MARCH.encode() * 500, mtime=0)[:80], "failed",
     "the gzip file is truncated or damaged"),
    ("ads.csv.gz", b"no gzip at all", "failed", "the gzip file is truncated or damaged"),
    ("ads.csv.zst", b"no zstd at all", "failed", "not a zstd file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "status", "message"), USELESS)
def test_a_useless_file_is_logged_and_neither_raises_nor_changes_data(
    name: str, content: bytes, status: str, message: str, place: Place
):
    place.write("ads_00_good.csv", MARCH)
    place.ingest(source(CONTRACT))
    place.write(name, content)
    place.write("ads_99_good.csv", APRIL)
    report = place.ingest(source(CONTRACT))
    assert (report.status, report.files_new, report.files_failed) == (status, 1, 1)
    ((found,),) = place.rows("SELECT message FROM audit.loads WHERE status <> 'loaded'")
    assert message in found
    assert "Traceback" not in found
    assert "LINE 1" not in found
    assert place.rows("SELECT count(*) FROM raw.ads") == [(3,)]
    assert place.rows("SELECT count(*) FROM duckdb_tables() WHERE temporary") == [(0,)]


USELESS_JSON = [
    ("json", b"\n \n", "empty", "no data row"),
    ("json", b"[]", "empty", "no data row"),
    ("json", b"{broken\n", "failed", "1 of 1 rows rejected, the first at line 1: not a JSON"),
    ("json", b'[{"day": "2017-03-01"', "failed", ""),
    ("parquet", b"", "empty", "no data row"),
    ("parquet", b"PAR1" + b"x" * 100, "failed", "Parquet"),
]


@pytest.mark.parametrize(("format_", "content", "status", "message"), USELESS_JSON)
def test_a_useless_json_or_parquet_file_is_logged(
    format_: str, content: bytes, status: str, message: str, place: Place
):
    place.write("ads", content)
    assert place.ingest(source(CONTRACT, format=format_)).status == status
    assert message.lower() in place.message().lower()


def test_a_truncated_zstd_or_parquet_file_fails(place: Place):
    for name, options in [
        ("whole.zst", "FORMAT csv, COMPRESSION zstd"),
        ("whole", "FORMAT parquet"),
    ]:
        duckdb.sql(
            "COPY (SELECT DATE '2017-03-01' + range::INT AS day, range * 7919 AS clicks"
            f" FROM range(1000)) TO '{place.root}/{name}' ({options})"
        )
    whole = (place.root / "whole.zst").read_bytes()
    place.write("ads.csv.zst", whole[: len(whole) // 2])
    assert place.ingest(source(CONTRACT)).status == "failed"
    assert place.message() == "the zstd file is truncated; deliver it again"
    place.write("ads.csv.zst", whole)
    assert place.ingest(source(CONTRACT)).rows_loaded == 1000
    whole = (place.root / "whole").read_bytes()
    place.write("more.parquet", whole[: len(whole) // 2])
    more = source(CONTRACT, source="more", path="landing/more*", format="parquet")
    assert place.ingest(more).status == "failed"


def test_an_unreadable_file_is_logged(place: Place):
    os.symlink(place.root / "gone", place.root / "landing" / "ads.csv")
    report = place.ingest(source(CONTRACT))
    assert report.status == "failed"
    assert "cannot be read (No such file or directory)" in report.message


def test_a_named_pipe_is_told_and_not_waited_for(place: Place):
    pipe = place.root / "landing/ads_pipe.csv"
    os.mkfifo(pipe)
    place.write("ads_1.csv", "day,clicks\n2017-03-01,1\n")
    report = place.ingest(source(CONTRACT))
    assert (report.status, report.rows_loaded) == ("failed", 1)
    assert report.message == (
        "landing/ads_pipe.csv: cannot be read (it is a named pipe, and only regular files are "
        "loaded); check the file and its permissions"
    )
    pipe.unlink()
    assert place.ingest(source(CONTRACT)).status == "unchanged"


def test_a_failed_content_is_tried_again_and_logged_once(place: Place):
    place.write("ads.csv", "day,clicks\n2017-03-01,1\n2017-03-02,many\n".replace("-03-", "/13/"))
    for _ in range(3):
        assert place.ingest(source(CONTRACT)).status == "failed"
    assert place.rows("SELECT run_id, status, rows_rejected FROM audit.loads") == [
        ("r3", "failed", 2)
    ]
    assert len(place.rejects()) == 3
    # the contract was wrong, not the file
    corrected = source({"day": "text", "clicks": "text"})
    assert place.ingest(corrected).status == "loaded"
    assert place.log() == [("landing/ads.csv", "loaded", 2, 0)]
    assert place.rejects() == []


def test_parquet_rows_are_numbered_and_typed(place: Place):
    place.write_parquet(
        "ads.parquet",
        "SELECT DATE '2017-03-01' + range::INT AS day, CASE range WHEN 1 THEN 'nan'::DOUBLE"
        " ELSE range END AS clicks, {'a': range} AS extra FROM range(3)",
    )
    report = place.ingest(source(CONTRACT, format="parquet"))
    assert place.rows("SELECT _line, day::VARCHAR, clicks, extra FROM raw.ads ORDER BY _line") == [
        (1, "2017-03-01", 0, '{"a":0}'),
        (3, "2017-03-03", 2, '{"a":2}'),
    ]
    assert place.rejects() == [(2, "clicks", "nan", "not an integer")]
    assert report.rows_rejected == 1


def test_values_outside_the_allowed_ones_are_data_and_stay(place: Place):
    place.write("ads.csv", "day,clicks,channel\n2017-03-01,-5,carrier pigeon\n")
    contract = {
        "day": "date",
        "clicks": {"type": "integer", "min": 0},
        "channel": {"type": "text", "allowed": ["search"]},
    }
    report = place.ingest(source(contract))
    assert (report.rows_loaded, report.rows_rejected) == (1, 0)


def test_a_file_name_is_a_name_and_no_pattern(place: Place):
    place.write("ads1.csv", APRIL)
    place.write("ads[1]'*?.csv", MARCH)
    place.ingest(source(CONTRACT))
    assert place.rows("SELECT _file, count(*) FROM raw.ads GROUP BY 1 ORDER BY 2") == [
        ("landing/ads1.csv", 1),
        ("landing/ads[1]'*?.csv", 2),
    ]


def test_folders_below_are_searched_where_the_glob_says_so(place: Place):
    (place.root / "landing" / "year=2017").mkdir()
    (place.root / "landing" / "year=2017" / "ads.csv").write_text(MARCH)
    report = place.ingest(source(CONTRACT, path="landing/**/*.csv"))
    assert report.rows_loaded == 2
    assert "year" not in [row[0] for row in place.rows("DESCRIBE raw.ads")]


def test_an_interruption_leaves_nothing_of_the_file_behind(place: Place, monkeypatch):
    place.write("ads_03.csv", MARCH)
    place.ingest(source(CONTRACT))
    place.write("ads_04.csv", APRIL + "bad,1\n")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(attempt, "record", interrupted)
        with pytest.raises(KeyboardInterrupt):
            place.ingest(source(CONTRACT))
    assert place.log() == [("landing/ads_03.csv", "loaded", 2, 0)]
    assert place.rejects() == []
    assert place.rows("SELECT count(*) FROM raw.ads") == [(2,)]
    assert place.ingest(source(CONTRACT)).rows_loaded == 1


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
sys.path.insert(0, {here!r})
from landing_place import LOADED_AT, source
from orchestration.ingest import attempt, ingest_source

def killed(con, load):
    if load.file.endswith("2.csv"):
        os.kill(os.getpid(), signal.SIGKILL)
    return record(con, load)

record, attempt.record = attempt.record, killed
root = Path({root!r})
con = duckdb.connect(str(root / "warehouse.duckdb"))
contract = source({{"day": {{"type": "date", "required": True}}, "clicks": "integer"}})
ingest_source(con, contract, root=root, run_id="r1", loaded_at=LOADED_AT)
"""


def test_a_killed_process_leaves_whole_files_only(place: Place):
    for number in range(4):
        place.write(f"ads_{number}.csv", f"day,clicks\n2017-03-01,{number}\nbad,1\n")
    script = KILLED.format(here=str(Path(__file__).parent), root=str(place.root))
    dead = subprocess.run([sys.executable, "-c", script], check=False)
    assert dead.returncode == -signal.SIGKILL
    place.con = duckdb.connect(str(place.root / "warehouse.duckdb"))
    assert [row[1:] for row in place.log()] == [("loaded", 1, 1), ("loaded", 1, 1)]
    assert place.rows("SELECT clicks FROM raw.ads ORDER BY 1") == [(0,), (1,)]
    assert len(place.rejects()) == 2
    assert place.ingest(source(CONTRACT)).files_new == 2
    assert place.rows("SELECT clicks FROM raw.ads ORDER BY 1") == [(0,), (1,), (2,), (3,)]


def test_a_file_that_grows_while_it_is_read_waits_for_the_next_run(place: Place, monkeypatch):
    path = place.write("ads.csv", MARCH)
    read = attempt.make_readable

    def grows(*arguments):
        os.utime(path, ns=(1, 1))
        return read(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(attempt, "make_readable", grows)
        assert place.ingest(source(CONTRACT)).status == "failed"
    assert "written to while it was read" in place.message()
    assert place.rows("SELECT count(*) FROM raw.ads") == [(0,)]
    assert place.ingest(source(CONTRACT)).rows_loaded == 2


def test_schemas_can_be_ensured_twice(place: Place):
    ensure_schemas(place.con)
    ensure_schemas(place.con)
    assert place.log() == []
    assert place.rejects() == []


@pytest.mark.parametrize(
    ("ahead", "rejects"),
    [
        ("0 days", [(3, "day", "2017-03-13"), (4, "day", "2099-01-01")]),
        ("30 days", [(4, "day", "2099-01-01")]),
        ("36500 days", []),
    ],
)
def test_a_row_dated_after_its_load_may_be_of_any_day(ahead, rejects, place: Place):
    """Loaded on 11 March by UTC's clock, when it may be the 12th somewhere."""
    place.write("ads.csv", "day\n2017-03-12\n2017-03-13\n2099-01-01\n")
    place.ingest(source({"day": "date"}, event_time="day", dated_ahead=ahead))
    assert [row[:3] for row in place.rejects()] == rejects
    assert place.rows("SELECT count(*) FROM raw.ads") == [(3 - len(rejects),)]
    assert place.rows("SELECT count(event_time) FROM audit.rejects") == [(0,)]
    if ahead == "0 days":
        assert place.rejects()[0][3] == (
            "after 2017-03-12, when it could not have happened yet; see dated_ahead"
        )
