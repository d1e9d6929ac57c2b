"""The texts of the specs are kept by every run that ends well, and are no more than a help."""

from dataclasses import replace

import pytest

from kpi_specs.language import Problem, Project, load_project
from orchestration.last_valid_specs import (
    keep_last_valid_specs,
    last_valid_specs,
    load_for_run,
    withheld_lines,
)
from orchestration.paths import ProjectPaths
from tests.copies import PROJECTS, copy_project

REVENUE = "kpi_specs/kpis/sales/revenue.yml"


@pytest.fixture
def paths(tmp_path) -> ProjectPaths:
    copy_project(PROJECTS / "shop", tmp_path / "shop")
    return ProjectPaths(tmp_path / "shop")


def project_of(paths: ProjectPaths) -> Project:
    project = load_project(paths.root).project
    assert project is not None
    return project


def break_revenue(paths: ProjectPaths) -> None:
    file = paths.root / REVENUE
    file.write_text(file.read_text(encoding="utf-8").replace("sum: amount", "sum: amout"), "utf-8")


def test_an_invalid_spec_is_replaced_by_what_was_kept(paths):
    keep_last_valid_specs(paths, project_of(paths))
    valid = (paths.root / REVENUE).read_text(encoding="utf-8")
    break_revenue(paths)
    project = load_for_run(paths).project
    assert project is not None
    assert project.texts["revenue"].text == valid
    assert list(project.invalid) == ["revenue"]


def test_what_was_valid_is_kept_as_long_as_it_is_not_valid_again(paths):
    before = project_of(paths)
    keep_last_valid_specs(paths, before)
    wrong = Problem(REVENUE, 9, "unknown-column", "'amout' is no column.")
    withheld = replace(before, invalid={"revenue": (wrong,)})
    left_out = replace(withheld, kpis={k: v for k, v in before.kpis.items() if k != "revenue"})
    for project in (withheld, left_out, withheld):
        keep_last_valid_specs(paths, project)
        assert last_valid_specs(paths) == before.texts


def test_a_kpi_that_is_no_longer_there_is_forgotten(paths):
    keep_last_valid_specs(paths, project_of(paths))
    (paths.root / "kpi_specs/kpis/sales/revenue_growth.yml").unlink()
    keep_last_valid_specs(paths, project_of(paths))
    assert "revenue_growth" not in last_valid_specs(paths)


@pytest.mark.parametrize("content", [None, b"", b"{\xff", b"[1]", b'{"revenue": 3}', b'{"a": {}}'])
def test_a_file_that_is_lost_or_damaged_is_as_good_as_none(paths, content):
    keep_last_valid_specs(paths, project_of(paths))
    if content is None:
        paths.last_valid_specs.unlink()
    else:
        paths.last_valid_specs.write_bytes(content)
    assert last_valid_specs(paths) == {}
    break_revenue(paths)
    project = load_for_run(paths).project
    assert project is not None
    assert "revenue" not in project.kpis
    assert "click_through_rate" in project.kpis
    keep_last_valid_specs(paths, project)
    assert "click_through_rate" in last_valid_specs(paths)


def test_dagster_loads_a_project_with_an_invalid_kpi_and_shows_it(paths, monkeypatch):
    from orchestration.assets.keys import kpi_key
    from orchestration.code_location import load_definitions

    monkeypatch.setenv("KPI_PROJECT", str(paths.root))
    keep_last_valid_specs(paths, project_of(paths))
    break_revenue(paths)
    graph = load_definitions().resolve_asset_graph()
    assert kpi_key("revenue") in graph.get_all_asset_keys()

    (paths.root / "kpi_specs/owners.yml").write_text("owners: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"owners.yml:1 \[bad-yaml\]"):
        load_definitions()


def test_what_is_withheld_is_said_with_its_problems_and_what_is_computed_from_it(paths):
    before = project_of(paths)
    wrong = [Problem(REVENUE, n, "a-rule", f"no {n}.") for n in range(1, 8)]
    profit = Problem("kpi_specs/kpis/sales/profit.yml", 1, "missing-field", "no title.")
    project = replace(before, invalid={"revenue": tuple(wrong), "profit": (profit,)})
    assert list(withheld_lines(before)) == []
    assert list(withheld_lines(project)) == [
        "revenue: its spec is invalid; withheld.",
        *(f"    {REVENUE}:{n} [a-rule] no {n}." for n in range(1, 6)),
        "    and 2 more",
        "    Withheld with it, since computed from it: revenue_growth.",
        "profit: its spec is invalid; not published, since no valid version of it is known.",
        "    kpi_specs/kpis/sales/profit.yml:1 [missing-field] no title.",
        "The other KPIs are as ever. Correct the specs ('kpi validate' checks them), then run "
        "'kpi run'.",
    ]
    every = replace(before, invalid=dict.fromkeys(before.kpis, (profit,)))
    assert list(withheld_lines(every))[-1] == (
        "Correct the specs ('kpi validate' checks them), then run 'kpi run'."
    )
