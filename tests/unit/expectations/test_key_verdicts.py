"""Each case of key_cases.yml: rows of a mart and its joined tables, and what they come to."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_warehouse import AS_OF, Warehouse, dataset, kpi, project, source

CASES = yaml.safe_load((Path(__file__).parent / "key_cases.yml").read_text(encoding="utf-8"))


def _fill(shop: Warehouse, model: str, table: dict[str, Any]) -> None:
    shop.con.execute(f"create or replace table marts.{model} ({table['columns']})")
    for row in table["rows"]:
        shop.con.execute(f"insert into marts.{model} values ({', '.join('?' * len(row))})", row)


def _judged(case: dict[str, Any], *more_kpis: Any) -> Warehouse:
    words = {"key": ["sale_id"], **case.get("dataset", {})}
    specs = project(
        kpis=[kpi(**case.get("kpi", {})), *more_kpis],
        sources=[source(name) for name in case.get("sources", ["till"])],
        datasets=[dataset(**words)],
    )
    shop = Warehouse(specs, case.get("as_of", AS_OF))
    for name in specs.sources:
        shop.load(name)
        shop.fill_source(name, on=[dt.date(2017, 3, day) for day in range(1, 15)])
    _fill(shop, "fct_sales", case["fact"])
    for model, table in case.get("joined", {}).items():
        _fill(shop, model, table)
    slices = {"total": "total"} | (
        {"north": "region"} if ["region"] in case.get("kpi", {}).get("grain", []) else {}
    )
    shop.fill_kpi(slices=slices)
    for one in more_kpis:
        shop.fill_kpi(one.kpi, slices=slices)
    shop.judge()
    return shop


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_keys_are_judged_as_the_case_says(case: dict[str, Any]) -> None:
    shop = _judged(case)
    slices = [
        row[0]
        for row in shop.con.execute("select distinct slice_value from audit.verdicts").fetchall()
    ]
    for slice_value in slices:
        verdicts = shop.verdicts(slice_value=slice_value)
        for period, expected in case["expect"].items():
            row = verdicts[str(period)]
            found = [row["data_status"], row["reason_codes"], row["party"], row["root"]]
            assert found == expected, f"{period} {slice_value}: {row['reason']}"
        for period, sentence in case.get("sentences", {}).items():
            assert verdicts[str(period)]["reason"] == sentence
    for period, observed in case.get("checks", {}).items():
        found = shop.con.execute(
            "select check_name, observed from audit.checks where period = ? and slice = 'total' "
            "and verdict = 'fail'",
            [str(period)],
        ).fetchall()
        assert dict(found) == observed
    if "by_hand" in case:
        rows = shop.con.execute(case["by_hand"]["query"]).fetchall()
        texts = [[v if isinstance(v, int) else str(v) for v in row] for row in rows]
        assert texts == case["by_hand"]["gives"]


def test_a_growth_inherits_the_reason_and_its_root() -> None:
    case = next(c for c in CASES if c["case"].startswith("rows of one day"))
    growth = kpi("growth", {"growth": {"of": "revenue", "versus": "previous_period"}})
    verdict = _judged(case, growth).verdicts("growth")["2017-03-06"]
    assert (verdict.short, verdict["root"], verdict["party"]) == (
        ("unmeasurable", "UPSTREAM_UNMEASURABLE"), "dataset:sales", "till_owner",
    )  # fmt: skip
    assert "should have its own sale_id" in verdict["reason"]


def _losing(case_start: str, metric: dict[str, Any], **more: Any) -> list[str]:
    """Days of which a KPI with this metric has no value for its keys."""
    case = next(c for c in CASES if c["case"].startswith(case_start))
    verdicts = _judged(case, kpi("other", metric, **more)).verdicts("other")
    return [period for period, row in verdicts.items() if row["reason_codes"] == "DUPLICATE_KEYS"]


def test_a_key_counts_for_every_period_that_takes_its_day() -> None:
    """Two rows of 6 March share their key; the clock stands on the 15th."""
    rows = "rows of one day"
    three_days = {"cumulative": {"of": "revenue", "window": "3 days"}}
    assert _losing(rows, three_days) == ["2017-03-06", "2017-03-07", "2017-03-08"]
    month = {"cumulative": {"of": "revenue", "to_date": "month"}}
    assert _losing(rows, month) == [f"2017-03-{day:02}" for day in range(6, 15)]

    def balance(**how: str) -> dict[str, Any]:
        return {"dataset": "sales", "snapshot": {"of": "amount", "entity": "sale_id", **how}}

    # What is carried may be of any day before.
    carried = balance(at="period_end", missing="carry")
    assert _losing(rows, carried) == [f"2017-03-{day:02}" for day in range(6, 15)]
    of_the_day = balance(at="period_end", missing="zero")
    assert _losing(rows, of_the_day) == ["2017-03-06"]
    at_start = balance(at="period_start", missing="zero")
    assert _losing(rows, at_start, cadence="weekly") == ["2017-W10"]
    assert _losing(rows, at_start, cadence="monthly") == []


def test_the_second_dataset_of_a_ratio_is_looked_at_too() -> None:
    ratio = {
        "ratio": {
            "numerator": {"sum": "amount", "dataset": "sales"},
            "denominator": {"count": "rows", "dataset": "visits"},
        }
    }
    specs = project(
        kpis=[kpi(metric=ratio)],
        datasets=[dataset(key=["sale_id"]), dataset("visits", key=["visit_id"])],
    )
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source()
    first, day = dt.date(2017, 3, 1), dt.date(2017, 3, 5)
    _fill(shop, "fct_sales", {"columns": "day date, sale_id int", "rows": [[first, 1], [day, 2]]})
    visits = [[first, 1], [day, 2], [day, 2]]
    _fill(shop, "fct_visits", {"columns": "day date, visit_id int", "rows": visits})
    shop.fill_kpi()
    shop.judge()
    verdicts = shop.verdicts()
    assert verdicts["2017-03-04"].short == ("final", "")
    assert verdicts["2017-03-05"].short == ("unmeasurable", "DUPLICATE_KEYS")
    assert verdicts["2017-03-05"]["root"] == "dataset:visits"
