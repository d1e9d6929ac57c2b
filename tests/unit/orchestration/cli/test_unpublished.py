"""What commands say of a KPI, or of a project, that its specs keep from being published."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from kpi_specs.language import load_project
from tests.copies import PROJECTS, copy_project
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run

SALES = "kpi_specs/kpis/sales"
LATER = " '--period P --known-on DATE' shows what readers were told until then.\n"


@pytest.fixture
def shop(tmp_path):
    copy_project(PROJECTS / "shop", tmp_path / "shop")
    (tmp_path / "shop/published").mkdir()
    return tmp_path / "shop"


def published_once(shop: Path) -> None:
    """Revenue was published, and is not any more."""
    publication = Publication(shop / "published/kpis.duckdb")
    publication.kpi("revenue", is_current=False)
    publication.con.close()


def break_all(shop: Path) -> None:
    for file in (shop / "kpi_specs/kpis").rglob("*.yml"):
        file.write_text("kpi: [", encoding="utf-8")


BROKEN = (
    f"kpi: the spec of 'revenue' is invalid, and no valid version of it is known, so nothing is "
    f"published of it: {SALES}/NAME.yml:1 [bad-yaml] cannot be read: the file ends within "
    "brackets; close them. Correct it ('kpi validate' lists what is wrong), then run 'kpi run'."
)


def test_a_kpi_whose_spec_is_invalid_and_was_lost_is_not_said_to_be_taken_out(shop, capsys):
    published_once(shop)
    (shop / f"{SALES}/revenue.yml").write_text("kpi: [", encoding="utf-8")
    code, _, said = run(capsys, shop, "explain", "revenue")
    assert (code, said) == (1, BROKEN.replace("NAME", "revenue") + LATER)


def test_nor_is_one_whose_file_was_renamed(shop, capsys):
    published_once(shop)
    (shop / f"{SALES}/revenue.yml").unlink()
    (shop / f"{SALES}/turnover.yml").write_text("kpi: revenue\nunit: [", encoding="utf-8")
    code, _, said = run(capsys, shop, "explain", "revenue")
    assert (code, said) == (
        1, BROKEN.replace("NAME.yml:1", "turnover.yml:2") + LATER
    )  # fmt: skip


def test_nor_is_one_that_no_run_has_published_yet(shop, capsys):
    published_once(shop)
    for name, rest in (("revenue", LATER), ("revenue_growth", "\n")):
        code, _, said = run(capsys, shop, "explain", name)
        assert (code, said) == (
            1,
            f"kpi: '{name}' is in the specs, and not in what was published last; run 'kpi run'."
            f"{rest}",
        )


def test_a_new_kpi_that_was_never_valid_is_told_of_its_spec(shop, capsys):
    published_once(shop)
    (shop / f"{SALES}/profit.yml").write_text("kpi: [", encoding="utf-8")
    code, _, said = run(capsys, shop, "explain", "profit")
    assert code == 1
    assert said == BROKEN.replace("NAME", "profit").replace("'revenue'", "'profit'") + "\n"


def test_one_without_a_spec_is_still_one_that_there_is_not(shop, capsys):
    published_once(shop)
    (shop / f"{SALES}/revenue.yml").unlink()
    code, _, said = run(capsys, shop, "explain", "revenue")
    assert (code, said) == (
        1, f"kpi: 'revenue' is no longer in the specs, so nothing is published of it.{LATER}"
    )  # fmt: skip
    code, _, said = run(capsys, shop, "explain", "revenu")
    assert (code, said) == (1, "kpi: no KPI is called 'revenu'. Did you mean 'revenue'?\n")


NOTHING = (
    "kpi: nothing is published, since the specs of click_through_rate, cost_per_order, "
    "average_order_value, revenue, revenue_growth are invalid and no valid version of any KPI is "
    "known. 'kpi validate' lists what is wrong; correct it, then run 'kpi run'.\n"
)


@pytest.mark.parametrize("before", ["nothing", "a publication without a KPI"])
def test_the_status_of_a_project_of_which_no_kpi_is_valid_says_which_are_not(shop, capsys, before):
    if before != "nothing":
        Publication(shop / "published/kpis.duckdb").con.close()
    break_all(shop)
    for arguments in (["status"], ["status", "--json"]):
        code, out, said = run(capsys, shop, *arguments)
        assert (code, out, said) == (1, "", NOTHING)


def test_where_a_run_would_publish_the_rest_the_status_says_to_run(shop, capsys):
    last = load_project(shop).project.texts
    break_all(shop)
    (shop / "var").mkdir()
    (shop / "var/last_valid_specs.json").write_text(
        json.dumps({"revenue": asdict(last["revenue"])}), encoding="utf-8"
    )
    code, _, said = run(capsys, shop, "status")
    assert (code, said) == (1, "kpi: nothing is published yet; run 'kpi run' first.\n")
