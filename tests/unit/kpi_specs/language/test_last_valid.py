"""A project whose KPI specs are invalid is loaded with their last valid texts."""

import shutil
from pathlib import Path

import pytest

from kpi_specs.compiler import compile_project
from kpi_specs.language import SpecText, load_project, load_with_last_valid

SHOP = Path(__file__).parents[3] / "projects" / "shop"
SALES, MARKETING = "kpi_specs/kpis/sales", "kpi_specs/kpis/marketing"
REVENUE = f"{SALES}/revenue.yml"
TYPO = {"sum: amount": "sum: amout"}
KPIS = [
    "click_through_rate", "cost_per_order", "average_order_value", "revenue", "revenue_growth",
]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(SHOP, tmp_path / "shop")
    return tmp_path / "shop"


def change(root: Path, name: str, changes: dict[str, str]) -> None:
    text = (root / name).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (root / name).write_text(text, encoding="utf-8")


def remembered() -> dict[str, SpecText]:
    project = load_project(SHOP).project
    assert project is not None
    return project.texts


def loaded(root: Path, last_valid: dict[str, SpecText] | None = None):
    found = load_with_last_valid(root, remembered() if last_valid is None else last_valid)
    assert found.project is not None
    return found.project


def said(project) -> dict[str, list[str]]:
    return {kpi: [str(one) for one in wrong] for kpi, wrong in project.invalid.items()}


def reads_nothing(project) -> list[str]:
    """The KPIs that compile to a model without rows; all are compiled."""
    compiled = compile_project(project)
    return [kpi for kpi in project.kpis if "where false" in compiled.sql_of(kpi)]


def test_a_sound_project_is_loaded_as_ever(shop):
    found, usual = load_with_last_valid(shop, {}), load_project(shop)
    assert found == usual
    assert found.project is not None
    assert found.project.invalid == {}


def test_an_invalid_kpi_stands_by_its_last_valid_text_and_compiles_as_before(shop):
    before = compile_project(loaded(shop)).files
    change(shop, REVENUE, TYPO)
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert said(project) == {
        "revenue": [
            f"{REVENUE}:9 [unknown-column] 'amout' is not a column of fct_orders. "
            "Did you mean 'amount'?"
        ]
    }
    assert compile_project(project).files == before


OVERLAPPING = (
    "  - {from: 2024-06-01, cadence: monthly, value: 1, set_by: ops, why: x}\navailability:"
)
BROKEN = [
    ("grain: [[], [channel]]", "grain: [[], [channel]", "revenue.yml:13 [bad-yaml]"),
    ("objective: sell_more\n", "", "revenue.yml:1 [missing-field]"),
    ("availability:", OVERLAPPING, "revenue.yml:16 [overlapping-targets]"),
    ("  simple: {sum: amount}", "  growth: {of: orders}", "revenue.yml:9 [missing-field]"),
    ("sum: amount", "sum: customer", "revenue.yml:9 [wrong-type]"),
    ("owner: ops", "owner: nobody", "revenue.yml:19 [unknown-owner]"),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN, ids=[case[2] for case in BROKEN])
def test_whatever_is_wrong_with_a_spec_concerns_its_kpi_alone(shop, old, new, says):
    change(shop, REVENUE, {old: new})
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["revenue"]
    assert project.withheld == {"revenue": "revenue", "revenue_growth": "revenue"}
    assert said(project)["revenue"][0].startswith(f"{SALES}/{says}")


def test_the_problems_are_those_of_the_files_as_they_are(shop):
    change(shop, REVENUE, TYPO)
    assert load_with_last_valid(shop, remembered()).problems == load_project(shop).problems


def test_a_valid_change_of_another_spec_counts(shop):
    change(shop, REVENUE, TYPO)
    change(shop, f"{MARKETING}/click_through_rate.yml", {"owner: ads_team": "owner: ops"})
    project = loaded(shop)
    assert project.kpis["click_through_rate"].owner == "ops"
    assert list(project.invalid) == ["revenue"]


def test_of_one_that_was_never_valid_nothing_is_known_and_what_is_computed_from_it_keeps_its_rows(
    shop,
):
    change(shop, REVENUE, TYPO)
    project = loaded(shop, {})
    assert list(project.kpis) == [one for one in KPIS if one != "revenue"]
    assert list(project.invalid) == ["revenue"]
    assert project.held_by == {"revenue_growth": "revenue"}
    assert reads_nothing(project) == ["revenue_growth"]


def test_a_text_that_cannot_be_read_at_all(shop):
    (shop / REVENUE).write_bytes(b"kpi: [revenue\n\xff\xfe")
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert said(project) == {
        "revenue": [f"{REVENUE}:2 [bad-yaml] not UTF-8 text; save the file as UTF-8."]
    }


def test_a_new_kpi_that_was_never_valid_is_told_and_left_out(shop):
    (shop / f"{SALES}/refunds.yml").write_text("kpi: refunds\n", encoding="utf-8")
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["refunds"]


def test_a_kpi_that_leads_to_one_that_was_never_valid_is_none_the_worse(shop):
    (shop / f"{SALES}/profit.yml").write_text("kpi: profit\n", encoding="utf-8")
    leading = {"leads_to: [revenue]": "leads_to: [revenue, profit]"}
    change(shop, f"{SALES}/average_order_value.yml", leading)
    project = loaded(shop)
    assert list(project.invalid) == ["profit"]
    assert project.kpis["average_order_value"].leads_to == ("revenue", "profit")


def test_two_files_of_one_id_leave_open_which_is_meant(shop):
    shutil.copy(shop / REVENUE, shop / MARKETING / "revenue.yml")
    change(shop, f"{MARKETING}/revenue.yml", {"owner: ops": "owner: ads_team"})
    project = loaded(shop)
    assert project.kpis["revenue"].owner == "ops"
    assert project.files["revenue"] == REVENUE
    assert said(project) == {
        "revenue": [
            f"{REVENUE}:1 [duplicate-id] the id 'revenue' is taken by {MARKETING}/revenue.yml; "
            "ids are unique."
        ]
    }


def test_a_copy_whose_id_was_not_changed_takes_nothing_from_the_original(shop):
    shutil.copy(shop / REVENUE, shop / SALES / "web_revenue.yml")
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["web_revenue"]


def test_any_file_name_is_one(shop):
    (shop / f"{SALES}/**.yml").write_text("kpi: [", encoding="utf-8")
    (shop / f"{SALES}/a folder.yml").mkdir()
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert sorted(project.invalid) == ["**", "a folder"]


@pytest.mark.parametrize("name", ["turnover.yml", "revenue.yaml"])
def test_a_renamed_file_is_one_fault_of_the_kpi_that_is_named_in_it(shop, name):
    (shop / REVENUE).rename(shop / SALES / name)
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["revenue"]
    assert [one.file for one in project.invalid["revenue"]] == [f"{SALES}/{name}"]


def test_a_file_whose_name_and_id_were_changed_is_a_new_kpi_and_one_that_was_deleted(shop):
    (shop / REVENUE).rename(shop / SALES / "turnover.yml")
    change(shop, f"{SALES}/turnover.yml", {"kpi: revenue": "kpi: turnover"})
    project = loaded(shop)
    assert sorted(project.kpis) == sorted([*KPIS, "turnover"])
    assert said(project) == {"revenue": [gone(REVENUE, NAMING)]}


def test_several_kpis_in_one_file_are_all_invalid(shop):
    growth = shop / f"{SALES}/revenue_growth.yml"
    with (shop / REVENUE).open("a", encoding="utf-8") as file:
        file.write(f"---\n{growth.read_text(encoding='utf-8')}")
    growth.unlink()
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["revenue", "revenue_growth"]


def test_a_deleted_kpi_does_not_come_back_since_an_invalid_spec_names_it_as_an_input(shop):
    (shop / f"{SALES}/average_order_value.yml").unlink()
    text = "kpi: basket\nmetric:\n  derived:\n    a:\n      kpi: average_order_value\n"
    (shop / f"{SALES}/basket.yml").write_text(text, encoding="utf-8")
    project = loaded(shop)
    assert "average_order_value" not in project.kpis
    assert list(project.invalid) == ["basket"]


def test_a_deleted_file_is_a_kpi_that_is_gone(shop):
    (shop / f"{SALES}/average_order_value.yml").unlink()
    project = loaded(shop)
    assert "average_order_value" not in project.kpis
    assert project.invalid == {}


def gone(name: str, places: str) -> str:
    kpi = Path(name).stem
    return (
        f"{name}:1 [removed] the file is gone, and others still name '{kpi}': {places}. "
        "Remove it there as well, or put the file back."
    )


NAMING = (
    "click_through_rate.yml:4, cost_per_order.yml:4, average_order_value.yml:4, "
    "revenue_growth.yml:8"
)


def test_a_deleted_kpi_that_others_name_is_at_fault_and_they_are_not(shop):
    before = compile_project(loaded(shop)).files
    (shop / REVENUE).unlink()
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert said(project) == {"revenue": [gone(REVENUE, NAMING)]}
    assert project.withheld == {"revenue": "revenue", "revenue_growth": "revenue"}
    assert compile_project(project).files == before


def test_whoever_writes_specs_is_shown_each_place_that_names_a_deleted_kpi(shop):
    (shop / REVENUE).unlink()
    errors = load_with_last_valid(shop, remembered()).errors
    assert sorted((Path(one.file).stem, one.rule) for one in errors) == sorted(
        (kpi, "unknown-kpi") for kpi in KPIS if kpi != "revenue"
    )


def test_a_deleted_kpi_is_gone_once_nothing_names_it(shop):
    (shop / REVENUE).unlink()
    (shop / f"{SALES}/revenue_growth.yml").unlink()
    for name in ("marketing/click_through_rate", "marketing/cost_per_order",
                 "sales/average_order_value"):  # fmt: skip
        change(shop, f"kpi_specs/kpis/{name}.yml", {"leads_to: [revenue]\n": ""})
    project = loaded(shop)
    assert list(project.kpis) == [one for one in KPIS if not one.startswith("revenue")]
    assert project.invalid == {}


def test_a_deleted_kpi_that_an_owner_subscribes_to_stops_no_run(shop):
    name = f"{SALES}/average_order_value.yml"
    change(
        shop, "kpi_specs/owners.yml",
        {"  - owner: ops\n": "  - owner: ops\n    subscriptions:\n"
         "      - {kpis: [average_order_value], changes: [status]}\n"},
    )  # fmt: skip
    assert load_with_last_valid(shop, remembered()).errors == ()
    (shop / name).unlink()
    project = loaded(shop)
    assert said(project) == {"average_order_value": [gone(name, "owners.yml:4")]}
    assert project.withheld == {"average_order_value": "average_order_value"}


def test_of_two_deleted_kpis_only_the_one_that_others_name_is_at_fault(shop):
    (shop / REVENUE).unlink()
    (shop / f"{MARKETING}/click_through_rate.yml").unlink()
    project = loaded(shop)
    assert "click_through_rate" not in project.kpis
    places = NAMING.removeprefix("click_through_rate.yml:4, ")
    assert said(project) == {"revenue": [gone(REVENUE, places)]}


def test_a_deletion_is_no_ones_fault_but_its_own_where_another_spec_has_a_typo(shop):
    (shop / REVENUE).unlink()
    ctr = f"{MARKETING}/click_through_rate.yml"
    change(shop, ctr, {"owner: ads_team": "owner: nobody"})
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert sorted(project.invalid) == ["click_through_rate", "revenue"]
    assert len(project.invalid["revenue"]) == 1
    assert [one.rule for one in project.invalid["click_through_rate"]] == ["unknown-owner"]
    (shop / ctr).write_text("kpi: [", encoding="utf-8")
    assert sorted(loaded(shop).invalid) == ["click_through_rate", "revenue"]


def test_what_a_broken_spec_said_before_does_not_bring_back_what_it_names(shop):
    """Its author may have taken the name out with the edit that broke it."""
    (shop / f"{SALES}/average_order_value.yml").unlink()
    last = remembered()
    name = f"{SALES}/revenue_growth.yml"
    text = f"{last['revenue_growth'].text}leads_to: [average_order_value]\n"
    last["revenue_growth"] = SpecText(name, text)
    (shop / name).write_text("kpi: [", encoding="utf-8")
    project = loaded(shop, last)
    assert list(project.invalid) == ["revenue_growth"]
    assert "average_order_value" not in project.kpis


def test_a_deleted_kpi_whose_last_text_does_not_fit_any_more_keeps_its_rows(shop):
    change(shop, "dbt_project/models/marts/marts.yml", {"amount": "turnover"})
    for name in (f"{SALES}/average_order_value.yml", f"{MARKETING}/cost_per_order.yml"):
        change(shop, name, {"amount": "turnover"})
    (shop / REVENUE).unlink()
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert said(project) == {"revenue": [gone(REVENUE, NAMING)]}
    assert reads_nothing(project) == ["revenue", "revenue_growth"]


def test_a_last_valid_text_that_does_not_fit_any_more_keeps_its_rows(shop):
    """The mart's column was renamed, and one spec was not changed with it."""
    change(shop, "dbt_project/models/marts/marts.yml", {"amount": "turnover"})
    for name in (f"{SALES}/average_order_value.yml", f"{MARKETING}/cost_per_order.yml"):
        change(shop, name, {"amount": "turnover"})
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["revenue"]
    assert project.held_by == {"revenue_growth": "revenue"}
    assert reads_nothing(project) == ["revenue", "revenue_growth"]
    revenue, before = project.kpis["revenue"], load_project(SHOP).project.kpis["revenue"]
    assert (revenue.grain, revenue.cadence, revenue.calendar, revenue.owner, revenue.title) == (
        before.grain, before.cadence, before.calendar, before.owner, before.title,
    )  # fmt: skip
    assert revenue.targets == before.targets
    prints = compile_project(project).fingerprints
    assert prints == compile_project(load_project(SHOP).project).fingerprints | {
        kpi: prints[kpi] for kpi in ("average_order_value", "cost_per_order")
    }, "its last good value is still of the same definition"


def test_the_owner_and_the_objective_are_told_of_even_where_they_are_gone(shop):
    for name in ("objectives.yml", "kpis/sales/average_order_value.yml"):
        change(shop, f"kpi_specs/{name}", {"objective: sell_more": "objective: sell_better"})
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert reads_nothing(project) == [one for one in KPIS if one != "average_order_value"]
    assert project.kpis["revenue"].objective == "sell_more"


def test_without_its_calendar_a_kpi_has_no_rows(shop):
    last = remembered()
    text = last["average_order_value"].text
    last["average_order_value"] = SpecText(
        f"{SALES}/average_order_value.yml", f"{text}calendar: fiscal\n"
    )
    change(shop, f"{SALES}/average_order_value.yml", {"sum: amount": "sum: amout"})
    project = loaded(shop, last)
    assert "average_order_value" not in project.kpis
    assert list(project.invalid) == ["average_order_value"]


def test_a_problem_elsewhere_leaves_no_project(shop):
    change(shop, REVENUE, TYPO)
    change(shop, "kpi_specs/owners.yml", {"owner: ops": "owner: OPS!"})
    assert load_with_last_valid(shop, remembered()).project is None


def test_where_nothing_is_known_of_any_kpi_there_is_no_project_to_run(shop):
    for file in (shop / "kpi_specs/kpis").rglob("*.yml"):
        file.write_text("kpi: [", encoding="utf-8")
    assert load_with_last_valid(shop, {}).project is None
    assert list(loaded(shop).kpis) == KPIS


def test_the_one_that_was_changed_is_at_fault_not_one_that_it_makes_invalid(shop):
    """Each over the other: the rule tells both, and one of them is as it always was."""
    change(
        shop, REVENUE,
        {"  simple: {sum: amount}\n": "  derived: {formula: 1 + x, inputs: {x: revenue_growth}}\n"},
    )  # fmt: skip
    project = loaded(shop)
    assert list(project.kpis) == KPIS
    assert list(project.invalid) == ["revenue"]
