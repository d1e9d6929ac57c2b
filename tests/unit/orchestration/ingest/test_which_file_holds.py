"""A row that stands in two files: what a file is called decides, not when it was loaded."""

import os
import re
from itertools import permutations

import pytest
from landing_place import Place, source

from tests.copies import PROJECTS, REPOSITORY

CONTRACT = source({"order_id": "integer", "amount": "integer"}, key=["order_id"])
OLD = "order_id,amount\n1,10\n2,20\n"
CORRECTED = "order_id,amount\n1,11\n"
MACROS = [REPOSITORY / "dbt_project/macros/last_file.sql"]
MACROS += sorted(PROJECTS.glob("*/dbt_project/macros/last_file.sql"))


def staged(place: Place) -> list[tuple[int, int]]:
    """What the macro of the staging views leaves of `raw.ads`."""
    macro = MACROS[0].read_text(encoding="utf-8")
    (body,) = re.findall(r"-%}(.*){%- endmacro %}", macro, re.DOTALL)
    qualify = re.sub(r"{{.*?}}", "order_id", body)
    return place.rows(f"SELECT order_id, amount FROM raw.ads {qualify} ORDER BY order_id")


NAMES = [
    ("ads_2024-01.csv", "ads_2024-01_corrected.csv"),
    ("ads_2024-01.csv", "ads_2024-01-corrected.csv"),  # '-' sorts before '.': the ending is cut
    ("ads_2024-01.csv", "ads_2024-01 (2).csv"),
    ("ads_2024-01.json.csv", "ads_2024-01b.csv"),
    ("ads_09.csv", "ads_10.csv"),
    ("ads_z/a.csv", "ads_zz/a.csv"),
]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[1])
@pytest.mark.parametrize("first", ["old", "corrected", "both"])
@pytest.mark.parametrize("older_by_clock", ["old", "corrected"])
def test_the_file_whose_name_sorts_last_holds(place: Place, names, first, older_by_clock):
    files = dict(zip(("old", "corrected"), zip(names, (OLD, CORRECTED), strict=True), strict=True))
    contract = CONTRACT.model_copy(update={"path": "landing/**/*.csv"})
    order = {"old": ["old", "corrected"], "corrected": ["corrected", "old"], "both": ["both"]}
    for step in order[first]:
        for which in ("corrected", "old") if step == "both" else (step,):
            name, content = files[which]
            (place.root / "landing" / name).parent.mkdir(exist_ok=True)
            path = place.write(name, content)
            seconds = 1_000_000 if which == older_by_clock else 2_000_000
            os.utime(path, (seconds, seconds))
        place.ingest(contract)
    assert staged(place) == [(1, 11), (2, 20)]
    before = place.rows("SELECT order_id, amount FROM raw.ads ORDER BY ALL")
    place.con.execute("DROP SCHEMA raw CASCADE; DROP SCHEMA audit CASCADE")  # a lost warehouse
    place.ingest(contract)
    assert place.rows("SELECT order_id, amount FROM raw.ads ORDER BY ALL") == before
    assert staged(place) == [(1, 11), (2, 20)]


@pytest.mark.parametrize("order", permutations("abc"), ids="".join)
def test_of_three_files_the_last_by_name_holds_in_whatever_order_they_come(place: Place, order):
    for name in order:
        place.write(f"ads_{name}.csv", f"order_id,amount\n1,{ord(name)}\n")
        place.ingest(CONTRACT)
    assert staged(place) == [(1, ord("c"))]


def test_a_file_that_was_moved_holds_by_its_new_name(place: Place):
    place.write("ads_z.csv", OLD + "x,9\n")  # its last line is rejected
    place.ingest(CONTRACT)
    place.write("ads_m.csv", CORRECTED)
    place.ingest(CONTRACT)
    assert staged(place) == [(1, 10), (2, 20)]
    (place.root / "landing/ads_z.csv").rename(place.root / "landing/ads_a.csv")
    report = place.ingest(CONTRACT)
    assert (report.files_new, report.status) == (0, "unchanged")
    for _ in ("as it went on", "a lost warehouse"):
        assert staged(place) == [(1, 11), (2, 20)]
        assert place.rows("SELECT DISTINCT _file FROM raw.ads ORDER BY ALL") == [
            ("landing/ads_a.csv",), ("landing/ads_m.csv",),
        ]  # fmt: skip
        assert place.rows("SELECT DISTINCT file FROM audit.rejects") == [("landing/ads_a.csv",)]
        assert place.rows("SELECT file FROM audit.loads ORDER BY ALL") == [
            ("landing/ads_a.csv",), ("landing/ads_m.csv",),
        ]  # fmt: skip
        place.con.execute("DROP SCHEMA raw CASCADE; DROP SCHEMA audit CASCADE")
        place.ingest(CONTRACT)
    place.write("ads_z.csv", OLD + "x,9\n")  # a copy beside the one that is still there
    place.ingest(CONTRACT)
    assert staged(place) == [(1, 11), (2, 20)]


def test_a_file_whose_rows_a_later_name_has_is_told_so(place: Place):
    place.write("ads_2024-01.csv", OLD)
    assert (place.ingest(CONTRACT).rows_outranked, place.ingest(CONTRACT).message) == (0, "")
    place.write("ads-correction.csv", "order_id,amount\n1,11\n9,90\n")
    report = place.ingest(CONTRACT)
    assert (report.status, report.rows_loaded, report.rows_outranked) == ("loaded", 2, 1)
    assert report.message == (
        "landing/ads-correction.csv: rows that landing/ads_2024-01.csv has, too: 1; its name sorts "
        "later, so it holds"
    )
    assert place.ingest(CONTRACT).rows_outranked == 0, "it is told once"
    place.write("ads_2024-01.csv", "order_id,amount\n2,21\n")  # replaced under its name
    assert place.ingest(CONTRACT).rows_outranked == 0
    assert staged(place) == [(1, 11), (2, 21), (9, 90)]


def test_without_a_key_in_the_contract_no_row_is_said_to_stand_twice(place: Place):
    keyless = CONTRACT.model_copy(update={"key": ()})
    for name in ("b", "a"):
        place.write(f"ads_{name}.csv", OLD + f"{ord(name)},1\n")
        assert place.ingest(keyless).message == ""


def test_within_a_file_the_last_line_holds(place: Place):
    place.write("ads.csv", "order_id,amount\n1,1\n1,3\n1,2\n")
    place.ingest(CONTRACT)
    assert staged(place) == [(1, 2)]


def test_every_project_has_the_same_macro():
    texts = {path.read_text(encoding="utf-8") for path in MACROS}
    assert len(MACROS) == 7
    assert len(texts) == 1
