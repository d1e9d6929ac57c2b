"""`kpi feasibility`: what it prints."""

import json

import pytest

from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    publication.kpi("orders", decimals=1, missing_resources="a second till; two more people")
    publication.months("orders", [10, 12] * 4)
    publication.target("orders", 18)
    publication.kpi("band", "in_range", cadence="monthly,yearly")
    publication.months("band", [10])
    publication.con.close()
    return tmp_path


def test_a_target_beyond_the_process(project, capsys):
    code, out, _ = run(capsys, project, "feasibility", "orders")
    assert code == 0
    assert out.splitlines() == [
        "Orders (orders), higher is better",
        "",
        "18.0, 2017-01-01 on: monthly, total",
        "  history   8 final values, 2017-01 to 2017-08",
        "  met       0 of 8 (0 %)",
        "  limits    5.7 to 16.3 around 11.0; the target lies 1.7 outside",
        "  best ever 12.0 in 2017-02; the target demands +50.0 % against it",
        "  says      the process as it is does not get there; it would have to change",
        "",
        "Missing resources: a second till; two more people.",
    ]


def test_a_target_that_is_only_tried(project, capsys):
    code, out, _ = run(capsys, project, "feasibility", "orders", "--target", "5")
    assert code == 0
    assert out.splitlines()[2:8] == [
        "5.0 (tried) monthly, total",
        "  history   8 final values, 2017-01 to 2017-08",
        "  met       8 of 8 (100 %)",
        "  limits    5.7 to 16.3 around 11.0",
        "  best ever 12.0 in 2017-02; the target was reached",
        "  says      the process as it is meets it: every value within its limits does",
    ]


def test_a_history_too_short_says_so(project, capsys):
    code, out, _ = run(capsys, project, "feasibility", "band", "--target", "9", "11")
    assert code == 0
    assert out.splitlines()[2:] == [
        "9.00 to 11.00 (tried) monthly, total",
        "  history   1 final value, 2017-01 to 2017-01",
        "  met       1 of 1 (100 %)",
        "  best ever 10.00 in 2017-01; the target was reached",
        "  says      history is too short for limits: 1 final value, 8 are needed",
        "",
        "Missing resources: none that the spec names.",
    ]


def test_without_history_and_without_target_it_says_so(project, capsys):
    arguments = ("feasibility", "band", "--target", "9", "11", "--cadence", "yearly")
    _, out, _ = run(capsys, project, *arguments)
    assert "  history   no final value yet, so nothing can be said" in out.splitlines()
    _, out, _ = run(capsys, project, "feasibility", "band")
    assert "It has no target; '--target VALUE' tries one." in out.splitlines()


def test_json_holds_the_same_unrounded(project, capsys):
    code, out, _ = run(capsys, project, "feasibility", "orders", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["missing_resources"] == ["a second till", "two more people"]
    (target,) = found["targets"]
    assert target["wanted"]["target"] == 18
    assert target["outside"] == pytest.approx(1.68)


MISTAKES = [
    (("ordrs",), "no KPI is called 'ordrs'. Did you mean 'orders'?"),
    (
        ("band", "--target", "9"),
        "--target: band (in_range) needs two values, the ends of its band; found 1.",
    ),
    (
        ("orders", "--target", "9", "11"),
        "--target: orders (higher_is_better) needs one value; found 2.",
    ),
    (
        ("orders", "--target", "9", "--cadence", "daily"),
        "--cadence: orders has no cadence 'daily'. It has: monthly.",
    ),
    (("orders", "--target", "9", "--slice", "web"), "'orders' has no slice 'web'. Slices: total."),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_told(project, capsys, arguments, says):
    assert run(capsys, project, "feasibility", *arguments)[::2] == (1, f"kpi: {says}\n")


def test_before_anything_is_published_it_says_what_to_do(tmp_path, capsys):
    code, _, err = run(capsys, tmp_path, "feasibility", "orders")
    assert (code, err) == (1, "kpi: nothing is published yet; run 'kpi run' first.\n")
