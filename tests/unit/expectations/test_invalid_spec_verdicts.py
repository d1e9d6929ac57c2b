"""An invalid spec withholds its KPI and all that are computed from it, and nothing else."""

import datetime as dt
from dataclasses import replace

from small_warehouse import Warehouse, kpi, project

from kpi_specs.compiler import compile_project
from kpi_specs.language import Problem, load_project
from kpi_specs.language.metric import METRIC_TYPES
from kpi_specs.language.withheld import withheld
from orchestration.alerts.findings import find
from tests.copies import REPOSITORY

WRONG = Problem("kpi_specs/kpis/revenue.yml", 7, "unknown-column", "'amout' is no column.")
SAID = f"It is computed from revenue, the spec of which is invalid: {WRONG}"
OVER_REVENUE = {
    "growth": {"growth": {"of": "revenue", "versus": "previous_period"}},  # by its value
    "to_date": {"cumulative": {"of": "revenue", "to_date": "month"}},  # by its definition
    "growth_to_date": {"growth": {"of": "to_date", "versus": "previous_period"}},
}
SLICES = {"total": "total", "web": "channel"}


def _shop() -> Warehouse:
    specs = project(
        kpis=[
            *(kpi(name, metric, owner="others") for name, metric in OVER_REVENUE.items()),
            kpi("revenue", grain=[[], ["channel"]], owner="revenue_owner"),
            kpi("visits"),
        ]
    )
    shop = Warehouse(specs).fill()
    shop.fill_kpi("revenue", slices=SLICES)
    shop.judge()
    return shop


def _break_revenue(shop: Warehouse) -> None:
    shop.project = replace(shop.project, invalid={"revenue": (WRONG,)})
    shop.judge()


def _all_of(shop: Warehouse, name: str) -> list[tuple]:
    return shop.con.execute(
        "select * exclude (run_id) from audit.verdicts where kpi = ? order by all", [name]
    ).fetchall()


def test_every_row_that_was_judged_before_is_an_error_now() -> None:
    shop = _shop()
    before = [row[:7] for row in _all_of(shop, "revenue")]
    _break_revenue(shop)
    assert [row[:7] for row in _all_of(shop, "revenue")] == before
    for slice_value in SLICES:
        for row in shop.verdicts("revenue", slice_value).values():
            assert row.short == ("error", "SPEC_INVALID")
            assert (row["party"], row["root"]) == ("revenue_owner", "spec:revenue")


def test_rows_begin_where_they_did_and_have_a_total_only_where_they_had_one() -> None:
    """Its data starts on 4 March, the calendar on the 1st, and it is of channels only."""
    shop = Warehouse(project(kpis=[kpi("revenue", grain=[["channel"]]), kpi("visits")])).fill()
    shop.fill_kpi("revenue", slices={"web": "channel"}, first=dt.date(2017, 3, 4))
    shop.judge()
    before = [row[:7] for row in _all_of(shop, "revenue")]
    assert len(before) == 8
    for _ in range(2):
        _break_revenue(shop)
        assert [row[:7] for row in _all_of(shop, "revenue")] == before
    assert {row.short for row in shop.verdicts("revenue", "web").values()} == {
        ("error", "SPEC_INVALID")
    }


def test_what_is_computed_from_its_value_or_by_its_definition_points_at_it() -> None:
    shop = _shop()
    _break_revenue(shop)
    for name in OVER_REVENUE:
        verdicts = shop.verdicts(name)
        assert len(verdicts) == 11
        for row in verdicts.values():
            assert row.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
            assert (row["party"], row["root"]) == ("revenue_owner", "spec:revenue")
            assert row["reason"] == SAID


def test_one_owner_is_told_of_all_that_it_withholds() -> None:
    shop = _shop()
    _break_revenue(shop)
    (finding,) = find(shop.con, shop.project)
    assert (finding.root, finding.reason_code) == ("spec:revenue", "SPEC_INVALID")
    assert (finding.owner, finding.severity) == ("revenue_owner", "kpi")
    assert finding.kpis == ("growth", "growth_to_date", "revenue", "to_date")
    assert finding.newest.kpi == "revenue"


def test_a_kpi_that_does_not_rest_on_it_is_judged_as_before() -> None:
    shop = _shop()
    before = _all_of(shop, "visits")
    _break_revenue(shop)
    assert _all_of(shop, "visits") == before
    assert shop.verdicts("visits")["2017-03-05"].short == ("final", "")


def test_one_whose_own_spec_is_invalid_too_says_that() -> None:
    shop = _shop()
    own = Problem("kpi_specs/kpis/growth.yml", 2, "no-title", "it has no title.")
    shop.project = replace(shop.project, invalid={"revenue": (WRONG,), "growth": (own,)})
    shop.judge()
    row = shop.verdicts("growth")["2017-03-05"]
    assert row.short == ("error", "SPEC_INVALID")
    assert (row["party"], row["root"]) == ("others", "spec:growth")
    assert row["reason"] == f"Its spec is invalid, so its values are withheld: {own}"


def test_a_missing_source_does_not_hide_whose_spec_is_to_be_mended() -> None:
    shop = _shop()
    shop.con.execute("delete from audit.loads")
    _break_revenue(shop)
    assert shop.verdicts("revenue")["2017-03-05"].short == ("error", "SPEC_INVALID")
    assert shop.verdicts("growth")["2017-03-05"]["reason"] == SAID
    assert shop.verdicts("visits")["2017-03-05"].short == ("unmeasurable", "SOURCE_MISSING")


def test_how_many_days_are_there_is_not_said_where_nobody_looked() -> None:
    shop = _shop()
    assert {row["coverage"] for row in shop.verdicts("growth").values()} == {1.0, 0.0}
    _break_revenue(shop)
    for name in ("revenue", *OVER_REVENUE):
        assert {row["coverage"] for row in shop.verdicts(name).values()} == {None}
    assert shop.verdicts("visits")["2017-03-05"]["coverage"] == 1.0


def test_the_checks_that_found_nothing_to_look_at_are_not_shown_as_passed() -> None:
    shop = _shop()
    _break_revenue(shop)
    shown = shop.con.execute(
        "select distinct check_name, evidence, observed from audit.checks "
        "where kpi = 'revenue' and verdict <> 'pass'"
    ).fetchall()
    assert shown == [("spec_is_valid", "spec_invalid", str(WRONG))]
    passed = shop.con.execute(
        "select distinct check_name from audit.checks where kpi = 'revenue' and verdict = 'pass'"
    ).fetchall()
    assert sorted(passed) == [
        ("columns_are_of_their_type",), ("columns_are_there",), ("sources_are_there",),
        ("specs_of_its_inputs_are_valid",), ("table_is_computed",),
    ]  # fmt: skip


def test_a_check_of_specs_that_passes_shows_no_problem() -> None:
    shop = _shop()
    _break_revenue(shop)
    shown = shop.con.execute(
        "select distinct kpi, check_name, observed, verdict from audit.checks "
        "where kpi in ('revenue', 'growth') and contains(check_name, 'valid') order by all"
    ).fetchall()
    assert shown == [
        ("growth", "spec_is_valid", "", "pass"),
        ("growth", "specs_of_its_inputs_are_valid", str(WRONG), "fail"),
        ("revenue", "spec_is_valid", str(WRONG), "fail"),
        ("revenue", "specs_of_its_inputs_are_valid", "", "pass"),
    ]


def test_a_kpi_of_any_type_is_an_error_where_no_text_of_it_can_be_computed() -> None:
    """All that the demo has: of every metric type but one."""
    demo = load_project(REPOSITORY).project
    assert demo is not None
    types = {kpi.metric.type for kpi in demo.kpis.values()}
    assert set(METRIC_TYPES) - types == {"snapshot"}
    kpis = {key: withheld(kpi) for key, kpi in demo.kpis.items()}
    nothing = replace(demo, kpis=kpis, invalid=dict.fromkeys(kpis, (WRONG,)))
    assert compile_project(nothing).fingerprints == compile_project(demo).fingerprints
    shop = Warehouse(nothing, dt.date(2017, 2, 1))
    for name in demo.sources:
        shop.load(name)
    shop.judge()
    assert len(shop.con.execute("from audit.verdicts").fetchall()) > len(kpis)
    found = shop.con.execute(
        "select kpi, any_value(data_status), any_value(reason_codes), any_value(root), "
        "count(distinct (data_status, reason_codes, root)) from audit.verdicts group by kpi"
    ).fetchall()
    assert sorted(found) == [(k, "error", "SPEC_INVALID", f"spec:{k}", 1) for k in sorted(kpis)]
