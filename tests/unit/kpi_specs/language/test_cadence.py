"""Which periods make up which: what a target can be divided into."""

import pytest

from kpi_specs.calendars import CADENCES
from kpi_specs.language.cadence import lies_within


@pytest.mark.parametrize(
    ("calendar", "coarse", "fine"),
    [
        ("gregorian", "yearly", {"daily", "monthly", "quarterly"}),
        ("gregorian", "quarterly", {"daily", "monthly"}),
        ("gregorian", "monthly", {"daily"}),
        ("jalali", "yearly", {"daily", "monthly", "quarterly"}),
        ("fiscal", "monthly", {"daily"}),
        ("gregorian", "weekly", {"daily"}),
        ("gregorian", "daily", set()),
        ("retail", "monthly", {"daily", "weekly"}),
        ("retail", "yearly", {"daily", "weekly", "monthly", "quarterly"}),
    ],
)
def test_weeks_lie_within_the_months_of_a_retail_year_only(calendar, coarse, fine):
    assert {one for one in CADENCES if lies_within(one, coarse, calendar)} == fine
