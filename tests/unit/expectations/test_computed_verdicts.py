"""Rows in, verdicts out: KPIs are computed by the compiler's SQL and judged, nothing is filled in.

Each case of tests/cases/verdicts names its clock, the days on which its sources have rows, or those
rows, the rows of its datasets, and [data_status, reason_codes, value] of some periods; `value` is
what would be published, and so is `coverage`.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_warehouse import DAY, Warehouse, dataset, kpi, project, source

FOLDER = Path(__file__).parents[2] / "cases" / "verdicts"
CASES = [
    case
    for file in sorted(FOLDER.glob("*.yml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]


def _judged(case: dict[str, Any]) -> Warehouse:
    sources = case["sources"]
    shop = Warehouse(
        project(
            kpis=[kpi(name, **spec) for name, spec in case["kpis"].items()],
            sources=[source(name, **one.get("spec", {})) for name, one in sources.items()],
            datasets=[dataset(name, **one["spec"]) for name, one in case["datasets"].items()],
            history_from=case["history_from"],
            **case.get("settings", {}),
        ),
        case["as_of"],
    )
    for name, one in sources.items():
        if one.get("never_came"):
            continue
        shop.load(name)
        if "rejects" in one:
            shop.reject(name, **one["rejects"])
        if "query" in one:
            shop.fill_raw(name, one["query"])
            continue
        first, last = one["days"]
        absent = one.get("absent", ())
        every = (first + n * DAY for n in range((last - first).days + 1))
        shop.fill_source(name, [day for day in every if day not in absent])
    marts = {f"fct_{name}": one["query"] for name, one in case["datasets"].items()}
    shop.compute(**marts, **case.get("models", {}))
    shop.judge()
    return shop


def _found(shop: Warehouse, name: str, period: str, slice_value: str) -> list[Any]:
    row = shop.con.execute(
        f"""
        select data_status, reason_codes,
            case when data_status in ('final', 'provisional') then value end
        from audit.verdicts
        inner join kpi.kpi_{name} using (kpi, cadence, period, slice, slice_value)
        where kpi = ? and period = ? and slice_value = ?
        """,
        [name, period, slice_value],
    ).fetchone()
    assert row is not None, f"{name} has no row of {period} for {slice_value}"
    return list(row)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["sentence"])
def test_what_is_computed_is_judged_as_the_case_says(case: dict[str, Any]) -> None:
    shop = _judged(case)
    for name, periods in case["expect"].items():
        for key, expected in periods.items():
            period, _, slice_value = str(key).partition("/")
            found = _found(shop, name, period, slice_value or "total")
            assert found == expected, f"{name} of {key}: {shop.verdicts(name)[period]['reason']}"
    for name, shares in case.get("coverage", {}).items():
        for key, share in shares.items():
            period, _, slice_value = str(key).partition("/")
            assert shop.verdicts(name, slice_value or "total")[period]["coverage"] == share
    for name, sentences in case.get("sentences", {}).items():
        for period, sentence in sentences.items():
            assert shop.verdicts(name)[str(period)]["reason"] == sentence
    for name, parties in case.get("told", {}).items():
        for period, (party, root) in parties.items():
            row = shop.verdicts(name)[str(period)]
            assert (row["party"], row["root"]) == (party, root)


def test_who_is_told_that_events_do_not_say_whose_they_are() -> None:
    case = next(one for one in CASES if "do not say whose" in one["sentence"])
    verdict = _judged(case).verdicts("weekly_rate")["2017-W10"]
    assert (verdict["party"], verdict["root"]) == ("shop_owner", "dataset:orders")
    assert verdict["reason"] == (
        "A conversion goes by visitor, and on some of the days that this value rests on, from "
        "2017-03-08 on, no row of orders has one (rows of such days: 7), so what followed is not "
        "known; a filter may leave out rows that need none."
    )


def test_a_case_names_days_as_dates() -> None:
    assert all(isinstance(case["as_of"], dt.date) for case in CASES)
