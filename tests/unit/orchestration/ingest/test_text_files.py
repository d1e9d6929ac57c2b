import codecs
import gzip
from pathlib import Path

import duckdb
import pytest
from landing_place import Place, source

CONTRACT = {"day": {"type": "text", "required": True}, "clicks": "integer", "note": "text"}
HEADER = "day,clicks,note\n"
COLUMNS = "_line, day, clicks, note"

# file content -> rows (line, day, clicks, note); line numbers as an editor shows them
GOOD = {
    "plain": (HEADER + "a,1,x\nb,2,y\n", [(2, "a", 1, "x"), (3, "b", 2, "y")]),
    "no line end at the end": (HEADER + "a,1,x", [(2, "a", 1, "x")]),
    "blank lines": (HEADER + "\na,1,x\n\n\nb,2,y\n\n", [(3, "a", 1, "x"), (6, "b", 2, "y")]),
    "windows line ends": (HEADER.replace("\n", "\r\n") + "a,1,x\r\n\r\nb,2,y\r\n",
                          [(2, "a", 1, "x"), (4, "b", 2, "y")]),
    "mixed line ends": (HEADER + "a,1,x\r\nb,2,y\n", [(2, "a", 1, "x"), (3, "b", 2, "y")]),
    "byte order mark": ("\ufeff" + HEADER + "a,1,x\n", [(2, "a", 1, "x")]),
    "quotes, delimiters and line ends inside quotes": (
        HEADER + 'a,1,"say ""hi"", now"\nb,2,"two\nlines"\nc,3,z\n',
        [(2, "a", 1, 'say "hi", now'), (3, "b", 2, "two\nlines"), (5, "c", 3, "z")]),
    "empty and quoted empty values are missing values": (
        HEADER + 'a,,\nb,2,""\n', [(2, "a", None, None), (3, "b", 2, None)]),
    "columns in another order and another case": (
        "Note,CLICKS, day \nx,1,a\n", [(2, "a", 1, "x")]),
    "spaces around text are kept, around numbers ignored": (
        HEADER + "a, 1 , x \n", [(2, "a", 1, " x ")]),
    "letters of other scripts": (HEADER + "سلام,1,é\n", [(2, "سلام", 1, "é")]),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_rows_arrive_with_their_line(case: str, place: Place):
    content, expected = GOOD[case]
    place.write("ads.csv", content)
    report = place.ingest(source(CONTRACT))
    assert place.rows(f"SELECT {COLUMNS} FROM raw.ads ORDER BY _line") == expected
    assert (report.status, report.rows_rejected, place.rejects()) == ("loaded", 0, [])


# file content -> lines loaded, rejects (line, column, value, start of the reason)
BAD_LINES = {
    "a value that is no integer": (
        HEADER + "a,1,x\nb,many,y\nc,3,z\n", [2, 4],
        [(3, "clicks", "many", "not an integer")]),
    "a required value that is missing": (
        HEADER + ",1,x\n  ,2,y\nc,3,z\n", [4],
        [(2, "day", None, "a required value is missing"),
         (3, "day", None, "a required value is missing")]),
    "two bad columns of one row": (
        HEADER + ",many,x\nb,2,y\n", [3],
        [(2, "clicks", "many", "not an integer"),
         (2, "day", None, "a required value is missing")]),
    "too few and too many columns": (
        HEADER + "a,1\nb,2,y\nc,3,z,9\nd,4,w\n", [3, 5],
        [(2, None, "a,1", "missing columns: Expected Number of Columns: 3 Found: 2"),
         (4, None, "c,3,z,9", "too many columns: Expected Number of Columns: 3 Found: 4")]),
    "text after a closing quote": (
        HEADER + 'a,1,"x"y\nb,2,y\n', [3],
        [(2, "note", 'a,1,"x"y', "unquoted value: ")]),
    "bad lines and blank lines": (
        HEADER + "\na,1\n\nb,2,y\n\nc,x,z\nd,4,w\n", [5, 8],
        [(3, None, "a,1", "missing columns: "), (7, "clicks", "x", "not an integer")]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_goes_to_the_rejects_and_the_others_are_loaded(case: str, place: Place):
    content, lines, rejects = BAD_LINES[case]
    place.write("ads.csv", content)
    report = place.ingest(source(CONTRACT))
    assert [row[0] for row in place.rows("SELECT _line FROM raw.ads ORDER BY _line")] == lines
    found = place.rejects()
    assert [row[:2] for row in found] == [row[:2] for row in rejects]
    for (*_, value, reason), (*_, expected, start) in zip(found, rejects, strict=True):
        assert (value or "").strip() == (expected or "")
        assert reason.startswith(start)
    assert report.rows_rejected == len({row[0] for row in rejects})
    assert report.status == "loaded"


def test_short_lines_are_filled_up_where_the_source_says_so(place: Place):
    place.write("ads.csv", HEADER + 'a,1\n\nb\n,3\nd,4,"two\nlines"\ne,5,y,z\nf,6,\n')
    place.ingest(source(CONTRACT, options={"short_lines": True}))
    assert place.rows("SELECT day, clicks, note FROM raw.ads ORDER BY _line") == [
        ("a", 1, None), ("b", None, None), ("d", 4, "two\nlines"), ("f", 6, None),
    ]  # fmt: skip
    # What is required is so in a short line too, and a long one stays a reject.
    reasons = sorted(reason.split(":")[0] for *_, reason in place.rejects())
    assert reasons == ["a required value is missing", "too many columns"]


def test_short_lines_keep_their_line_numbers(place: Place):
    place.write("ads.csv", HEADER + "a,1\n\nb\n,3\nd,4,x\n")
    place.ingest(source(CONTRACT, options={"short_lines": True}))
    assert place.rows("SELECT _line, day FROM raw.ads ORDER BY _line") == [
        (2, "a"), (4, "b"), (6, "d"),
    ]  # fmt: skip
    assert [line for line, *_ in place.rejects()] == [5]


def test_lines_that_are_not_utf8_are_rejected_and_the_reason_says_so(place: Place):
    place.write("ads.csv", HEADER.encode() + b"a,1,caf\xe9\n\nb,2,y\n")
    place.ingest(source(CONTRACT))
    assert place.rows("SELECT _line, day FROM raw.ads") == [(4, "b")]
    ((line, _, _, reason),) = place.rejects()
    assert line == 2
    assert "not utf-8 encoded" in reason


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read_as_the_source_says(encoding: str, place: Place):
    place.write("ads.csv", (HEADER + "a,1,café\n\nb,2,y\n").encode(encoding))
    place.ingest(source(CONTRACT, options={"encoding": encoding}))
    rows = place.rows(f"SELECT {COLUMNS} FROM raw.ads ORDER BY _line")
    assert rows == [(2, "a", 1, "café"), (4, "b", 2, "y")]


def test_persian_in_its_windows_encoding(place: Place):
    place.write("ads.csv", (HEADER + "سلام,1,x\n").encode("cp1256"))
    place.ingest(source(CONTRACT, options={"encoding": "windows-1256"}))
    assert place.rows("SELECT day FROM raw.ads") == [("سلام",)]


ENCODING_FAILURES = [
    ("utf-16", codecs.BOM_UTF16_LE + "a".encode("utf-16-le") + b"\x00",
     "not utf-16 after line 1"),
    ("cp1252", HEADER.encode() + b"a,1,x\nb,2,\x81\n", "not cp1252 after line"),
    ("utf-8", "day,clicks,caf\xe9\na,1,x\n".encode("latin-1"),
     "the header is not valid utf-8; set options.encoding"),
    ("klingon", b"x", "options.encoding 'klingon' is unknown; use a name such as utf-8"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "content", "message"), ENCODING_FAILURES)
def test_a_file_in_another_encoding_than_stated_fails_with_words(
    encoding: str, content: bytes, message: str, place: Place
):
    place.write("ads.csv", content)
    report = place.ingest(source(CONTRACT, options={"encoding": encoding}))
    assert report.status == "failed"
    assert message in place.message()


def test_a_delimiter_and_a_file_without_header(place: Place):
    place.write("ads.csv", "a;1;x\nb;2;y\n")
    place.ingest(source(CONTRACT, options={"delimiter": ";", "header": False}))
    rows = place.rows(f"SELECT {COLUMNS} FROM raw.ads ORDER BY _line")
    assert rows == [(1, "a", 1, "x"), (2, "b", 2, "y")]


def test_compressed_files(place: Place, tmp_path: Path):
    place.write("ads_1.csv.gz", gzip.compress((HEADER + "a,1,x\n").encode()))
    duckdb.sql(
        "COPY (SELECT 'b' AS day, 2 AS clicks, 'y' AS note)"
        f" TO '{tmp_path}/landing/ads_2.csv.zst' (FORMAT csv, COMPRESSION zstd)"
    )
    place.ingest(source(CONTRACT))
    rows = place.rows(f"SELECT {COLUMNS} FROM raw.ads ORDER BY day")
    assert rows == [(2, "a", 1, "x"), (2, "b", 2, "y")]


def test_many_lines_keep_their_numbers(place: Place):
    # several of DuckDB's buffers, with a bad line every thousand
    lines = [f"d{n},{n}" if n % 1000 == 7 else f"d{n},{n},{'x' * 50}" for n in range(2, 60_002)]
    place.write("ads.csv", HEADER + "\n".join(lines))
    report = place.ingest(source(CONTRACT))
    assert report.rows_rejected == 60
    assert place.rows("SELECT count(*) FROM raw.ads WHERE _line <> clicks") == [(0,)]
    assert place.rows("SELECT count(*) FROM audit.rejects WHERE line % 1000 <> 7") == [(0,)]


JSON_CONTRACT = {**CONTRACT, "spend": "decimal(12,2)"}


def test_json_lines_with_their_line_and_rejects(place: Place):
    place.write(
        "ads.jsonl",
        '{"day": "a", "clicks": 1, "spend": 1.10, "note": "x"}\n'
        "\n"
        '{"day": "b", "clicks": "2", "spend": "12.34"}\n'
        "{broken\n"
        "[1, 2]\n"
        '{"day": null, "clicks": 3}\n'
        '{"day": "c", "spend": NaN}\n'
        '{"note": {"nested": [1]}, "day": "d"}\n',
    )
    report = place.ingest(source(JSON_CONTRACT, format="json"))
    assert place.rows(
        "SELECT _line, day, clicks, spend::VARCHAR, note FROM raw.ads ORDER BY 1"
    ) == [
        (1, "a", 1, "1.10", "x"),
        (3, "b", 2, "12.34", None),
        (8, "d", None, None, '{"nested":[1]}'),
    ]
    assert [(line, column, reason) for line, column, _, reason in place.rejects()] == [
        (4, None, "not a JSON object"),
        (5, None, "not a JSON object"),
        (6, "day", "a required value is missing"),
        (7, "spend", "not an exact decimal(12,2)"),
    ]
    assert report.rows_rejected == 4


def test_a_json_array_is_read_too(place: Place):
    place.write("ads.json", '[{"day": "a"},\n {"day": "b"}]')
    place.ingest(source(CONTRACT, format="json"))
    assert place.rows("SELECT _line, day FROM raw.ads ORDER BY 1") == [(1, "a"), (2, "b")]


def test_odd_json_keys_are_kept_as_columns(place: Place):
    place.write("ads.jsonl", '{"day": "a", "b.c": 1, "d/e~f": 2, "g\'h": 3}\n')
    place.ingest(source(CONTRACT, format="json"))
    assert place.rows('SELECT day, "b.c", "d/e~f", "g\'h" FROM raw.ads') == [("a", "1", "2", "3")]
