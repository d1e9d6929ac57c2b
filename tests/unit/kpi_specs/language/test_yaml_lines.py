"""Files as they are read: what is no YAML is told at the line to mend, words are what they seem."""

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from kpi_specs.language.problems import Problem
from kpi_specs.language.yaml_lines import Document, read_document, read_yaml

CASES = yaml.safe_load(
    (Path(__file__).parents[3] / "cases" / "yaml" / "mistakes.yml").read_text(encoding="utf-8")
)


def read(tmp_path: Path, content: str | bytes) -> Document | Problem:
    path = tmp_path / "spec.yml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=[case["sentence"] for case in CASES])
def test_a_mistake_in_yaml_is_told_at_the_line_to_mend(case, tmp_path):
    found = read(tmp_path, case["text"])
    assert isinstance(found, Problem), found
    # An expanding file is given up somewhere; which of its lines it is does not matter.
    if "parts" in case["says"]:
        found = Problem(found.file, 1, found.rule, found.message)
    assert str(found) == case["says"]


@pytest.mark.parametrize("depth", [41, 5_000, 500_000])
def test_brackets_within_brackets_are_given_up(depth, tmp_path):
    found = read(tmp_path, "kpi: a\nx: " + "[" * depth + "]" * depth)
    assert isinstance(found, Problem)
    assert (found.line, "deep" in found.message) == (2, True)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", True), ("null", None),
        ("10", 10), ("-3", -3), ("0", 0), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0),
        ("2.5e-1", 0.25),
        ("010", "010"), ("12:30", "12:30"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("0b11", "0b11"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("2024-02-29", dt.date(2024, 2, 29)), ("2023-02-29", "2023-02-29"),
        ("2026-13-01", "2026-13-01"),
    ],
)  # fmt: skip
def test_a_word_is_what_it_seems(written, read_as):
    found = read_yaml(f"x: {written}")["x"]
    assert (found, type(found)) == (read_as, type(read_as))


def test_every_part_has_the_line_of_its_key_or_item(tmp_path):
    found = read(tmp_path, "kpi: a\nmetric:\n  simple: {sum: b}\nleads_to:\n  - c\n  - d\n7: e\n")
    assert isinstance(found, Document)
    assert found.lines == {
        (): 1, ("kpi",): 1, ("metric",): 2, ("metric", "simple"): 3, ("metric", "simple", "sum"): 3,
        ("leads_to",): 4, ("leads_to", 0): 5, ("leads_to", 1): 6, (7,): 7,
    }  # fmt: skip
    assert found.line("leads_to", 1, "nothing", "there") == 6


def test_a_merged_key_may_be_written_anew(tmp_path):
    found = read(tmp_path, "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n")
    assert isinstance(found, Document)
    assert found.data["y"] == {"a": 1, "b": 3}
    assert found.line("y", "b") == 4


def test_a_mark_at_the_beginning_of_the_file_is_no_part_of_it(tmp_path):
    found = read(tmp_path, "\ufeffkpi: a\n")
    assert isinstance(found, Document)
    assert found.data == {"kpi": "a"}


def test_other_bytes_than_utf_8_are_told_at_their_line(tmp_path):
    found = read(tmp_path, "kpi: a\ntitle: {en: Umsätze}\n".encode("latin-1"))
    assert str(found) == "spec.yml:2 [bad-yaml] not UTF-8 text; save the file as UTF-8."


def test_a_folder_with_the_name_of_a_file_is_told(tmp_path):
    (tmp_path / "spec.yml").mkdir()
    found = read_document(tmp_path / "spec.yml", tmp_path)
    assert str(found) == (
        "spec.yml:1 [bad-yaml] a folder, and a file is expected; rename the folder."
    )


def test_a_link_to_nowhere_is_told(tmp_path):
    (tmp_path / "spec.yml").symlink_to(tmp_path / "gone.yml")
    found = read_document(tmp_path / "spec.yml", tmp_path)
    assert str(found) == (
        "spec.yml:1 [bad-yaml] the file cannot be opened: no such file or directory."
    )


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    found = read_document(tmp_path / "spec.yml", tmp_path)
    assert str(found) == "spec.yml:1 [bad-yaml] the file cannot be opened: permission denied."


def test_messages_have_none_of_the_parsers_words():
    words = re.compile(r"while |token|scalar|mapping|sequence|flow|anchor '|tag:yaml|constructor")
    assert [case["says"] for case in CASES if words.search(case["says"])] == []
