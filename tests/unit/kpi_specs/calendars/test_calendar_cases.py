"""Days in their periods, from published calendars or counted by hand."""

from pathlib import Path

import pytest
import yaml
from named_calendars import calendar

CASES = [
    (f"{path.stem} {number}", case, expected)
    for path in sorted((Path(__file__).parents[3] / "cases" / "calendars").glob("*.yml"))
    for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1)
    for expected in case["periods"]
]


@pytest.mark.parametrize(
    ("case", "expected"),
    [one[1:] for one in CASES],
    ids=[f"{name}: {expected[1]} of {expected[0]}" for name, _, expected in CASES],
)
def test_a_day_lies_in_its_period_between_its_neighbours(case, expected):
    day, cadence, *_ = expected
    found = calendar(case["calendar"], **case.get("settings", {})).period_of(day, cadence)
    assert [
        day, found.cadence, found.period, found.start, found.end, found.previous_period,
        found.year_ago_period,
    ] == expected  # fmt: skip
    assert found.calendar == case["calendar"]
