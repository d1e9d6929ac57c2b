"""Each case of cases.yml: the shop with one thing changed, and the verdicts that must follow."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_warehouse import AS_OF, Warehouse, days, kpi, project, source

from expectations.reasons import REASONS
from kpi_specs.language import Problem

CASES = yaml.safe_load((Path(__file__).parent / "cases.yml").read_text(encoding="utf-8"))


def _judged(case: dict[str, Any]) -> Warehouse:
    specs = project(kpis=[kpi(**case.get("kpi", {}))], sources=[source(**case.get("source", {}))])
    wrong = [Problem("kpi_specs/kpis/revenue.yml", 7, "a-rule", s) for s in case.get("invalid", [])]
    specs = replace(specs, invalid={"revenue": tuple(wrong)} if wrong else {})
    as_of = case.get("as_of", AS_OF)
    shop = Warehouse(specs, as_of)
    for load in case.get("loads", [{}]):
        shop.load(**load)
    for reject in case.get("rejects", []):
        shop.reject(**reject)
    changes = case.get("days", {})
    present = [
        day
        for day in days(
            str(changes.get("first", "2017-03-01")),
            str(changes.get("last", case.get("last", "2017-03-10"))),
        )
        if day not in changes.get("absent", [])
    ]
    shop.fill_source(on=present, columns=case.get("raw_columns", ""))
    shop.fill_dataset(on=present)
    rows = {str(period): cell for period, cell in case.get("rows", {}).items()}
    whole = rows.pop("all", {})
    if whole:
        rows = {str(d): whole | rows.get(str(d), {}) for d in [*present, as_of]}
    shop.fill_kpi(rows=rows, without=[str(d) for d in case.get("without", [])])
    shop.judge(**case.get("compute_errors", {}))
    return shop


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_shop_is_judged_as_the_case_says(case: dict[str, Any]) -> None:
    verdicts = _judged(case).verdicts()
    for period, expected in case["expect"].items():
        row = verdicts[str(period)]
        found = [row["data_status"], row["reason_codes"], row["party"], row["root"]]
        assert found == expected, f"{period}: {row['reason']}"
    for period, sentence in case.get("sentences", {}).items():
        assert verdicts[str(period)]["reason"] == sentence


def test_every_reason_but_those_of_growth_checks_and_keys_has_a_case() -> None:
    told = {code for case in CASES for row in case["expect"].values() for code in row[1].split(",")}
    elsewhere = {"UPSTREAM_UNMEASURABLE", "CHECK_ERROR"}
    elsewhere |= {"DUPLICATE_KEYS", "JOIN_FANOUT", "JOIN_ORPHANS"}  # key_cases.yml
    elsewhere |= {"DOMAIN_VIOLATION"}  # test_domain_values.py
    elsewhere |= {"TYPE_MISMATCH"}  # test_types.py
    elsewhere |= {"VOLUME_ANOMALY"}  # test_volume.py
    elsewhere |= {"MIXED_UNIT"}  # test_mixed_units.py
    elsewhere |= {"RECON_MISMATCH"}  # tests/cases/verdicts/reconcile.yml
    assert {reason.code for reason in REASONS} - told == elsewhere


def test_coverage_and_dates_stand_beside_the_verdict() -> None:
    shop = Warehouse(project(kpis=[kpi(cadence=["monthly"], availability={"mature": "9 days"})]))
    shop.fill()
    shop.judge()
    row = shop.verdicts()["2017-03"]
    assert (row["coverage"], row["data_through"]) == (1.0, dt.date(2017, 3, 10))
    assert (row["due_at"], row["closed_at"]) == (dt.date(2017, 4, 1), dt.date(2017, 4, 9))
    assert row["run_id"] == "r1"


def test_a_source_without_a_time_of_its_own_reaches_as_far_as_what_is_made_of_it() -> None:
    undated = source(event_time=None, expects=None, arrives=None)
    shop = Warehouse(project(sources=[undated])).fill()
    shop.judge()
    row = shop.verdicts()["2017-03-05"]
    assert (row.short, row["data_through"]) == (("final", ""), dt.date(2017, 3, 5))
    newest = shop.verdicts()["2017-03-11"]
    assert (newest.short, newest["data_through"]) == (("pending", "NOT_DUE"), dt.date(2017, 3, 10))


def test_coverage_is_empty_where_no_day_is_counted_and_tells_of_rejected_lines_where_it_is() -> (
    None
):
    counted, uncounted = Warehouse(project()), Warehouse(project(sources=[source(expects=None)]))
    for shop in (counted, uncounted):
        shop.fill()
        shop.reject(lines=1, day=dt.date(2017, 3, 5))
        shop.judge()
    days_of = {d: counted.verdicts()[f"2017-03-{d}"]["coverage"] for d in ("04", "05")}
    assert days_of == {"04": 1.0, "05": 0.0}
    assert {row["coverage"] for row in uncounted.verdicts().values()} == {None}
    assert uncounted.verdicts()["2017-03-05"].short == ("unmeasurable", "PERIOD_INCOMPLETE")


def test_of_what_was_not_computed_nobody_says_how_many_days_are_there() -> None:
    growth = kpi("growth", {"growth": {"of": "revenue", "versus": "previous_period"}})
    shop = Warehouse(project(kpis=[kpi(), growth, kpi("visits")])).fill()
    shop.fill_kpi(without=["2017-03-08"])
    shop.judge(visits="out of memory")
    found = {
        name: [shop.verdicts(name)[f"2017-03-0{day}"]["coverage"] for day in (4, 8)]
        for name in ("revenue", "growth", "visits")
    }
    assert found == {"revenue": [1.0, None], "growth": [1.0, None], "visits": [None, None]}


def test_growth_of_what_is_not_counted_is_not_either() -> None:
    growth = kpi("growth", {"growth": {"of": "revenue", "versus": "previous_period"}})
    shop = Warehouse(project(kpis=[kpi(), growth], sources=[source(expects=None)])).fill()
    shop.judge()
    row = shop.verdicts("growth")["2017-03-05"]
    assert (row.short, row["coverage"]) == (("final", ""), None)
