"""Periods and their neighbours by key."""

import datetime as dt
import itertools

import pytest

from kpi_specs.compiler.calendar import period_of, periods

CASES = [
    # day, cadence, label, first day, last day, previous, year ago
    ("2025-12-29", "weekly", "2026-W01", "2025-12-29", "2026-01-04", "2025-W52", "2025-W01"),
    ("2027-01-01", "weekly", "2026-W53", "2026-12-28", "2027-01-03", "2026-W52", "2025-W52"),
    ("2027-01-04", "weekly", "2027-W01", "2027-01-04", "2027-01-10", "2026-W53", "2026-W01"),
    ("2016-01-01", "weekly", "2015-W53", "2015-12-28", "2016-01-03", "2015-W52", "2014-W52"),
    ("2026-03-31", "monthly", "2026-03", "2026-03-01", "2026-03-31", "2026-02", "2025-03"),
    ("2024-01-31", "monthly", "2024-01", "2024-01-01", "2024-01-31", "2023-12", "2023-01"),
    ("2024-02-29", "daily", "2024-02-29", "2024-02-29", "2024-02-29", "2024-02-28", None),
    ("2024-03-01", "daily", "2024-03-01", "2024-03-01", "2024-03-01", "2024-02-29", "2023-03-01"),
    ("2024-07-01", "yearly", "2024", "2024-01-01", "2024-12-31", "2023", "2023"),
]


@pytest.mark.parametrize(("day", "cadence", "label", "start", "end", "previous", "year_ago"), CASES)
def test_a_day_lies_in_its_period(day, cadence, label, start, end, previous, year_ago):
    period = period_of(dt.date.fromisoformat(day), cadence)
    found = (period.period, period.start.isoformat(), period.end.isoformat())
    assert found == (label, start, end)
    assert (period.previous_period, period.year_ago_period) == (previous, year_ago)


def test_periods_follow_each_other_without_gap_and_the_previous_one_is_the_one_before():
    rows = list(periods(dt.date(2014, 12, 25), dt.date(2028, 1, 5)))
    for cadence in ("daily", "weekly", "monthly", "yearly"):
        of_cadence = [row for row in rows if row.cadence == cadence]
        for before, after in itertools.pairwise(of_cadence):
            assert after.start - before.end == dt.timedelta(days=1)
            assert after.previous_period == before.period
            assert after.number == before.number + 1
    assert sum(row.days for row in rows if row.cadence == "daily") == len(
        [row for row in rows if row.cadence == "daily"]
    )
