"""A KPI without a calendar has the project's; one that names one keeps it."""

import shutil
from pathlib import Path

from kpi_specs.compiler.formula import fingerprint_of
from kpi_specs.language import load_project

SHOP = Path(__file__).parents[3] / "projects" / "shop"


def load(tmp_path, settings: str, aov: str = ""):
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root)
    with (root / "kpi_specs/project.yml").open("a", encoding="utf-8") as file:
        file.write(settings)
    name = "kpi_specs/kpis/sales/average_order_value.yml"
    with (root / name).open("a", encoding="utf-8") as file:
        file.write(aov)
    loaded = load_project(root)
    assert loaded.problems == ()
    return loaded.project


def test_without_a_word_about_calendars_every_kpi_is_gregorian(tmp_path):
    project = load(tmp_path, "")
    assert {kpi.calendar for kpi in project.kpis.values()} == {"gregorian"}
    assert [calendar.name for calendar in project.calendars] == ["gregorian"]


def test_the_project_s_calendar_is_that_of_the_kpis_that_name_none(tmp_path):
    project = load(tmp_path, "calendar: jalali\n", "calendar: gregorian\n")
    calendars = {key: kpi.calendar for key, kpi in project.kpis.items()}
    assert calendars.pop("average_order_value") == "gregorian"
    assert set(calendars.values()) == {"jalali"}
    assert [calendar.name for calendar in project.calendars] == ["jalali", "gregorian"]


def test_settings_reach_the_calendar(tmp_path):
    project = load(
        tmp_path, "week_start: sunday\nfiscal: {first_month: 7, label: end_year}\n",
        "calendar: fiscal\n",
    )  # fmt: skip
    gregorian, fiscal = project.calendars
    assert gregorian.week_start == fiscal.week_start == "sunday"
    assert (fiscal.name, fiscal.first_gregorian_month) == ("fiscal", 7)


def test_another_fiscal_year_is_another_definition_of_the_fiscal_kpis_only(tmp_path):
    def fingerprints(first_month: int) -> dict[str, str]:
        project = load(
            tmp_path / str(first_month),
            f"fiscal: {{first_month: {first_month}, label: end_year}}\n", "calendar: fiscal\n",
        )  # fmt: skip
        return {key: fingerprint_of(kpi, project) for key, kpi in project.kpis.items()}

    april, july = fingerprints(4), fingerprints(7)
    assert {key for key in april if april[key] != july[key]} == {"average_order_value"}
