"""Rows with the same facts are judged once, and each of them gets the verdict."""

from typing import Any

import pytest
from small_warehouse import Warehouse, kpi, project

from expectations import judging
from expectations.suites import ROWS


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `write_cases` found, a frame per round of KPIs."""
    found: list[Any] = []
    write = judging.write_cases

    def remembering(*arguments: Any) -> Any:
        found.append(write(*arguments))
        return found[-1]

    monkeypatch.setattr(judging, "write_cases", remembering)
    return found


def test_values_do_not_tell_cases_apart_and_what_is_wrong_with_one_does(cases: list[Any]) -> None:
    shop = Warehouse(project()).fill()
    days = [f"2017-03-{day:02}" for day in range(1, 11)]
    shop.fill_kpi(rows={day: {"value": float(number)} for number, day in enumerate(days)})
    shop.judge()
    # Ten days with a value, and the 11th, which has not ended.
    assert sorted(cases[0][ROWS]) == [1, 10]

    shop.fill_kpi(rows={"2017-03-05": {"value": 0.0, "row_count": 0}})
    shop.judge()
    assert sorted(cases[1][ROWS]) == [1, 1, 9]
    short = {period: row.short for period, row in shop.verdicts().items()}
    assert short.pop("2017-03-05") == ("unmeasurable", "NO_ROWS")
    assert [short[day] for day in days if day in short] == [("final", "")] * 9


def test_each_kpi_has_cases_of_its_own(cases: list[Any]) -> None:
    growth = {"growth": {"of": "revenue", "versus": "previous_period"}}
    shop = Warehouse(project(kpis=[kpi(), kpi("orders"), kpi("growth", growth)])).fill()
    shop.judge()
    assert [sorted(set(frame["kpi"])) for frame in cases] == [["orders", "revenue"], ["growth"]]
    assert [frame[ROWS].sum() for frame in cases] == [22, 11]
