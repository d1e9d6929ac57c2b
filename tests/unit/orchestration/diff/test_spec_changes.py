"""What two versions of the specs say differently, in words; and which KPIs that concerns."""

import shutil
import subprocess
from pathlib import Path

import pytest

from orchestration.diff import SideError, concerned_kpis, read_side, spec_changes
from tests.copies import PROJECTS
from tests.unit.orchestration.diff.shop_warehouse import changed

SHOP = PROJECTS / "shop"


@pytest.fixture
def shop(tmp_path):
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def compared(root: Path):
    """(kind, id, what, fields in words) of each change against the shop; and the KPIs concerned."""
    old, new = read_side(root, str(SHOP)), read_side(root, str(root))
    changes = spec_changes(old, new)
    words = [(c.kind, c.id, c.what, [str(field) for field in c.fields]) for c in changes]
    return words, sorted(concerned_kpis(old, new, changes))


def test_the_same_specs_have_no_changes(shop):
    assert compared(shop) == ([], [])


def test_a_changed_field_is_told_with_what_it_was_and_is(shop):
    changed(shop, "revenue", ("value: 900, warning: 800", "value: 870, warning: 800"))
    assert compared(shop) == (
        [("kpi", "revenue", "changed", ["targets 1.value was 900.0, is 870.0"])],
        ["revenue"],
    )


def test_a_default_that_is_left_is_told_as_such(shop):
    changed(shop, "revenue", ("unit: currency\n", "unit: currency\ndecimals: 0\n"))
    assert compared(shop) == (
        [("kpi", "revenue", "changed", ["decimals was 2, is 0"])],
        [],
    )


def test_items_of_a_list_are_new_or_gone(shop):
    target = "  - {from: 2025-01-01, cadence: monthly, value: 1000, set_by: ops, why: more}\n"
    changed(shop, "revenue", ("availability:", f"{target}availability:"))
    words, _ = compared(shop)
    assert words == [
        (
            "kpi",
            "revenue",
            "changed",
            [
                "one of targets is new: {cadence: monthly, from: '2025-01-01', set_by: ops, "
                "value: 1000.0, why: more}"
            ],
        )
    ]


def test_a_new_formula_concerns_the_kpis_computed_from_it(shop):
    changed(shop, "revenue", ("simple: {sum: amount}", "simple: {sum: amount, where: amount > 5}"))
    words, concerned = compared(shop)
    assert words == [
        ("kpi", "revenue", "changed", ["metric.simple.where is new: amount > 5"]),
        ("kpi", "revenue_growth", "changed", []),
    ]
    assert concerned == ["revenue", "revenue_growth"]


def test_a_title_concerns_no_value(shop):
    changed(shop, "revenue", ("{en: Revenue}", "{en: Sales}"))
    words, concerned = compared(shop)
    assert words == [("kpi", "revenue", "changed", ["title.en was Revenue, is Sales"])]
    assert concerned == []


def test_a_contract_concerns_every_kpi_that_rests_on_the_source(shop):
    path = shop / "kpi_specs/sources/ads.yml"
    path.write_text(path.read_text().replace("rows_per_day: 1", "rows_per_day: 2"))
    words, concerned = compared(shop)
    assert words == [("source", "ads", "changed", ["expects.rows_per_day was 1, is 2"])]
    assert concerned == ["click_through_rate", "cost_per_order"]


def test_specs_are_added_and_removed(shop):
    path = shop / "kpi_specs/kpis/sales/average_order_value.yml"
    text = path.read_text().replace("kpi: average_order_value", "kpi: basket")
    path.with_name("basket.yml").write_text(text)
    path.unlink()
    assert compared(shop) == (
        [("kpi", "average_order_value", "removed", []), ("kpi", "basket", "added", [])],
        ["average_order_value", "basket"],
    )


# -- versions -----------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_revision_is_read_as_it_was_committed(shop):
    git(shop.parent, "init", "-q")  # the project is a folder inside the repository
    git(shop.parent, "add", ".")
    git(shop.parent, "commit", "-qm", "one")
    changed(shop, "revenue", ("value: 900", "value: 870"))
    assert read_side(shop, "HEAD").project.kpis["revenue"].targets[0].value == 900
    assert read_side(shop, str(shop)).project.kpis["revenue"].targets[0].value == 870
    assert read_side(shop, str(shop / "kpi_specs")).project.kpis["revenue"].targets[0].value == 870
    with pytest.raises(SideError) as said:
        read_side(shop, "HEAD~1")
    assert str(said.value) == (
        "'HEAD~1' is neither a folder nor a git revision; try HEAD, HEAD~1, a tag, or '.' for the "
        "files as they are."
    )


def test_outside_a_repository_there_are_no_revisions(shop, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(shop.parent))
    with pytest.raises(SideError) as said:
        read_side(shop, "HEAD")
    assert str(said.value) == (
        f"'HEAD' is no folder, and {shop} is not in a git repository, so it is no revision either."
    )


def test_a_revision_without_specs_is_told(shop):
    git(shop, "init", "-q")
    git(shop, "commit", "-q", "--allow-empty", "-m", "nothing yet")
    with pytest.raises(SideError) as said:
        read_side(shop, "HEAD")
    assert str(said.value) == "the revision HEAD has no kpi_specs in this project's folder."


def test_specs_with_errors_are_not_compared(shop):
    changed(shop, "revenue", ("sum: amount", "sum: amuont"))
    with pytest.raises(SideError) as said:
        read_side(shop, str(shop))
    assert str(said.value) == (
        f"the specs of {shop} have errors, so they cannot be compared:\n"
        "kpi_specs/kpis/sales/revenue.yml:9 [unknown-column] 'amuont' is not a column of "
        "fct_orders. Did you mean 'amount'?"
    )
