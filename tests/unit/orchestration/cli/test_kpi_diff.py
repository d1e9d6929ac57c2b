"""`kpi diff`: what it prints."""

import json
import shutil

import pytest

from tests.unit.orchestration.cli.in_process import run
from tests.unit.orchestration.diff.shop_warehouse import changed, shop_that_ran


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return shop_that_ran(tmp_path_factory.mktemp("diff") / "shop")


@pytest.fixture
def before(ran, tmp_path):
    """The specs before the change: of a target of 870, of 15.00 per order."""
    draft = shutil.copytree(ran, tmp_path / "before", ignore=shutil.ignore_patterns("var"))
    changed(draft, "revenue", ("value: 900, warning: 800", "value: 870, warning: 800"))
    return draft


def test_specs_and_history_are_told(ran, before, capsys):
    code, out, _ = run(capsys, ran, "diff", str(before), str(ran))
    assert code == 0
    assert out.splitlines() == [
        "changed  kpi revenue  same fingerprint: no value changes",
        "         targets 1.value was 870.0, is 900.0",
        "",
        "History as of 2024-03-01: 1 of 219 rows differ (1 KPI recomputed under both).",
        "",
        "revenue: 1 of 219 rows differ: 1 in target status",
        "  Cadence    Period     Slice    Value    Data status    Target status",
        "  monthly    2024-02    total    870      final          on_target -> warning",
    ]


def test_json_holds_every_change(ran, before, capsys):
    code, out, _ = run(capsys, ran, "diff", str(before), "--json")
    assert code == 0
    found = json.loads(out)
    assert [(c["id"], c["fields"]) for c in found["specs"]] == [
        ("revenue", [{"field": "targets 1.value", "old": 870.0, "new": 900.0}])
    ]
    assert found["concerned"] == ["revenue"]
    assert [row["period"] for row in found["history"]["rows"]] == ["2024-02"]


def test_specs_only_needs_no_warehouse(ran, before, capsys):
    code, out, _ = run(capsys, before, "diff", str(ran), "--specs-only")
    assert (code, out.splitlines()[-1]) == (0, "         targets 1.value was 900.0, is 870.0")


def test_the_same_specs_say_so(ran, capsys):
    assert run(capsys, ran, "diff", str(ran)) == (0, "The specs say the same.", "")


def test_a_change_of_words_says_that_no_number_depends_on_it(ran, tmp_path, capsys):
    draft = shutil.copytree(ran, tmp_path / "draft", ignore=shutil.ignore_patterns("var"))
    changed(draft, "revenue", ("{en: Revenue}", "{en: Sales}"))
    code, out, _ = run(capsys, ran, "diff", str(ran), str(draft))
    assert code == 0
    assert out.splitlines() == [
        "changed  kpi revenue  same fingerprint: no value changes",
        "         title.en was Revenue, is Sales",
        "No value and no status depends on what changed.",
    ]


def test_without_a_warehouse_the_machinery_says_what_to_do(ran, before, capsys):
    code, _, err = run(capsys, before, "diff", str(ran))
    assert code == 2
    assert err.splitlines()[-1] == (
        f"kpi: there is no warehouse yet ({before}/var/warehouse.duckdb); run 'kpi run' first. "
        "('--specs-only' compares the specs alone.)"
    )


def test_what_is_no_version_is_told(ran, capsys):
    code, _, err = run(capsys, ran, "diff", "no_such_thing")
    assert code == 1
    assert err.startswith("kpi: 'no_such_thing' is ")
