"""A file that changes under its name, step by step: the raw table holds what the files hold."""

import os
import signal
import subprocess
import sys

import duckdb
import pytest
from landing_place import Place, source

from orchestration.ingest import attempt

CONTRACT = source({"day": {"type": "date", "required": True}, "clicks": "integer"})
A = "day,clicks\n2017-03-01,1\n2017-03-02,2\n"
B = "day,clicks\n2017-03-01,5\n"
C = "day,clicks\n2017-03-09,9\n"
BROKEN = "date,clicks\n2017-03-01,1\n"
EMPTY = "day,clicks\n"
GONE = None


def clicks(place: Place) -> list[int]:
    return [row[0] for row in place.rows("SELECT clicks FROM raw.ads ORDER BY clicks")]


# Each step: files and their contents from then on; then the clicks in the raw table.
STEPS = {
    "a changed file replaces what it held": [({"x": A}, [1, 2]), ({"x": B}, [5])],
    "a content that comes back is loaded again": [
        ({"x": A}, [1, 2]), ({"x": B}, [5]), ({"x": A}, [1, 2]), ({"x": B}, [5]),
    ],
    "the rows of a file that is gone stay": [
        ({"x": A, "y": C}, [1, 2, 9]), ({"x": GONE}, [1, 2, 9]),
    ],
    "a copy under another name is known": [({"x": A}, [1, 2]), ({"y": A}, [1, 2])],
    "a file that was moved is known": [({"x": A}, [1, 2]), ({"x": GONE, "y": A}, [1, 2])],
    "a copy stays when the original changes": [
        ({"x": A, "y": A}, [1, 2]), ({"x": C}, [1, 2, 9]), ({"y": C}, [9]),
    ],
    "a copy before the original stays too": [
        ({"x": A}, [1, 2]), ({"a": A}, [1, 2]), ({"x": C}, [1, 2, 9]),
    ],
    "the newest file moves aside for the next one": [
        ({"x": A}, [1, 2]), ({"x": C, "x_old": A}, [1, 2, 9]), ({"x": B, "x_2": C}, [1, 2, 5, 9]),
    ],
    "two files may swap their contents": [
        ({"x": A, "y": B}, [1, 2, 5]), ({"x": B, "y": A}, [1, 2, 5]), ({"x": C}, [1, 2, 9]),
    ],
    "a file overwritten with another's content loses its own": [
        ({"x": A, "y": B}, [1, 2, 5]), ({"y": A}, [1, 2]), ({"y": B}, [1, 2, 5]),
    ],
    "a broken content replaces nothing": [
        ({"x": A}, [1, 2]), ({"x": BROKEN}, [1, 2]), ({"x": EMPTY}, [1, 2]), ({"x": B}, [5]),
    ],
    "a copy of what a broken file held is still known": [
        ({"x": A, "y": A}, [1, 2]), ({"x": BROKEN}, [1, 2]), ({"x": B}, [1, 2, 5]),
    ],
    "a file that becomes a copy of one that breaks adds no second copy": [
        ({"x": A, "a": C}, [1, 2, 9]), ({"x": BROKEN, "a": A}, [1, 2]), ({"x": B}, [1, 2, 5]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_the_raw_table_holds_what_the_files_hold(steps, place: Place):
    for files, expected in steps:
        for name, content in files.items():
            if content is GONE:
                (place.root / f"landing/ads_{name}.csv").unlink()
            else:
                place.write(f"ads_{name}.csv", content)
        place.ingest(CONTRACT)
        assert clicks(place) == expected
        place.ingest(CONTRACT)
        assert clicks(place) == expected, "a second look changes nothing"


def test_the_log_keeps_what_was_replaced_as_history(place: Place):
    for content in (A, B, A):
        place.write("ads.csv", content)
        place.ingest(CONTRACT)
    assert place.rows("SELECT run_id, status, rows_loaded FROM audit.loads ORDER BY run_id") == [
        ("r1", "superseded", 2), ("r2", "superseded", 1), ("r3", "loaded", 2),
    ]  # fmt: skip
    assert place.rows("SELECT DISTINCT _load_id FROM raw.ads") == place.rows(
        "SELECT load_id FROM audit.loads WHERE status = 'loaded'"
    )


def test_a_failed_attempt_is_history_once_the_right_file_is_back(place: Place):
    for content in (A, BROKEN, A):
        place.write("ads.csv", content)
        report = place.ingest(CONTRACT)
    assert (report.status, report.files_known) == ("unchanged", 1)
    assert place.rows("SELECT run_id, status FROM audit.loads ORDER BY run_id") == [
        ("r1", "loaded"), ("r2", "superseded"),
    ]  # fmt: skip
    assert clicks(place) == [1, 2]


def test_an_interruption_leaves_the_old_content_whole(place: Place, monkeypatch):
    place.write("ads.csv", A)
    place.ingest(CONTRACT)
    place.write("ads.csv", B)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(attempt, "record", interrupted)  # the last step of the transaction
        with pytest.raises(KeyboardInterrupt):
            place.ingest(CONTRACT)
    assert clicks(place) == [1, 2]
    assert place.log() == [("landing/ads.csv", "loaded", 2, 0)]
    place.ingest(CONTRACT)
    assert clicks(place) == [5]


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
sys.path.insert(0, {here!r})
from landing_place import LOADED_AT, source
from orchestration.ingest import attempt, ingest_source

attempt.record = lambda con, load: os.kill(os.getpid(), signal.SIGKILL)
root = Path({root!r})
con = duckdb.connect(str(root / "warehouse.duckdb"))
contract = source({{"day": {{"type": "date", "required": True}}, "clicks": "integer"}})
ingest_source(con, contract, root=root, run_id="r2", loaded_at=LOADED_AT)
"""


def test_a_process_killed_while_it_replaces_leaves_the_old_content_whole(place: Place):
    place.con = duckdb.connect(str(place.root / "warehouse.duckdb"))
    place.write("ads.csv", A)
    place.ingest(CONTRACT)
    place.con.close()
    place.write("ads.csv", B)
    script = KILLED.format(here=os.path.dirname(__file__), root=str(place.root))
    dead = subprocess.run([sys.executable, "-c", script], check=False)
    assert dead.returncode == -signal.SIGKILL
    place.con = duckdb.connect(str(place.root / "warehouse.duckdb"))
    assert clicks(place) == [1, 2]
    assert place.log() == [("landing/ads.csv", "loaded", 2, 0)]


@pytest.mark.parametrize(
    ("content", "expected"), [(A, [1, 2]), (B, [5]), (C, [9])], ids=["older", "newer", "another"]
)
def test_a_warehouse_of_before_with_two_contents_of_a_file_keeps_one(
    content: str, expected: list[int], place: Place
):
    place.write("ads_x.csv", A)
    place.ingest(CONTRACT)
    place.write("ads_x_next.csv", B)
    place.ingest(CONTRACT)
    (place.root / "landing/ads_x_next.csv").unlink()
    # As it was when each content was kept: both loads stand under one name, the second is newer.
    place.con.execute("UPDATE raw.ads SET _file = 'landing/ads_x.csv'")
    place.con.execute(
        "UPDATE audit.loads SET file = 'landing/ads_x.csv',"
        " loaded_at = loaded_at + to_days(CAST(run_id = 'r2' AS INTEGER))"
    )
    place.write("ads_x.csv", content)
    place.ingest(CONTRACT)
    assert clicks(place) == expected
    assert place.rows("SELECT count(*) FROM audit.loads WHERE status = 'loaded'") == [(1,)]


@pytest.mark.parametrize(
    ("event_time", "expected"),
    [
        ("day", [(2, "2017-03-01 00:00:00"), (3, None), (4, "2017-03-03 00:00:00")]),
        ("at", [(2, "2017-03-01 07:30:00"), (3, "2017-03-02 08:00:00"), (4, None)]),
        (None, [(2, None), (3, None), (4, None)]),
    ],
)
def test_a_rejected_line_keeps_its_event_time_where_that_can_be_read(
    event_time: str | None, expected: list[tuple[int, str | None]], place: Place
):
    place.write(
        "ads.csv",
        "day,at,clicks\n2017-03-01,2017-03-01 07:30:00,many\nMarch,2017-03-02 08:00:00,2\n"
        "2017-03-03,noon,3\n2017-03-04,2017-03-04 00:00:00,4\n",
    )
    contract = source(
        {"day": "date", "at": "timestamp", "clicks": "integer"}, event_time=event_time
    )
    place.ingest(contract)
    found = place.rows("SELECT line, event_time::VARCHAR FROM audit.rejects ORDER BY line")
    assert found == expected


def test_a_line_that_is_no_row_has_no_event_time(place: Place):
    place.write("ads.csv", "day,clicks\n2017-03-01,1\n2017-03-02,2,3,4\n")
    place.ingest(CONTRACT.model_copy(update={"event_time": "day"}))
    assert place.rows("SELECT DISTINCT line, event_time FROM audit.rejects") == [(3, None)]


def test_a_warehouse_of_before_gets_the_column(place: Place):
    place.con.execute("CREATE SCHEMA audit")
    place.con.execute(
        "CREATE TABLE audit.rejects (load_id VARCHAR, source VARCHAR, file VARCHAR, line BIGINT,"
        " column_name VARCHAR, value VARCHAR, reason VARCHAR)"
    )
    place.write("ads.csv", "day,clicks\n2017-03-01,many\n2017-03-02,2\n")
    place.ingest(CONTRACT.model_copy(update={"event_time": "day"}))
    assert place.rows("SELECT line, event_time::DATE::VARCHAR FROM audit.rejects") == [
        (2, "2017-03-01")
    ]
