import datetime as dt

import pytest

from kpi_specs.compiler.calendar import period_of
from kpi_specs.language.cadence import CADENCES
from orchestration.assets.partitions import (
    covered_keys,
    finest_cadence,
    partition_key,
    partition_keys,
    partitions_of,
)

# history_from 2024-01-01, as_of 2024-03-01 (a Friday)
EXPECTED = {
    "daily": (61, "2024-01-01", "2024-03-01"),
    "weekly": (9, "2024-01-01", "2024-02-26"),
    "monthly": (3, "2024-01", "2024-03"),
    "yearly": (1, "2024", "2024"),
}


@pytest.mark.parametrize("cadence", CADENCES)
def test_partitions_run_from_the_first_day_to_the_open_period(shop, cadence):
    keys = partitions_of(cadence, shop.project.settings).get_partition_keys()
    assert (len(keys), keys[0], keys[-1]) == EXPECTED[cadence]


@pytest.mark.parametrize("cadence", CADENCES)
def test_without_a_fixed_clock_partitions_grow_up_to_the_open_period_of_today(shop, cadence):
    settings = shop.project.settings.model_copy(update={"as_of": None, "time_zone": "UTC"})
    today = dt.datetime.now(dt.UTC).date()
    assert partitions_of(cadence, settings).get_partition_keys()[-1] == partition_key(
        cadence, today
    )


@pytest.mark.parametrize("cadence", CADENCES)
def test_a_history_that_begins_within_a_period_begins_with_that_period(shop, cadence):
    middle = dt.date(2023, 5, 17)  # a Wednesday
    settings = shop.project.settings.model_copy(update={"history_from": middle})
    first = partitions_of(cadence, settings).get_first_partition_window()
    assert first.start.date() == period_of(middle, cadence).start


@pytest.mark.parametrize("cadence", CADENCES)
def test_partitions_and_the_published_calendar_have_the_same_periods(shop, cadence):
    partitions = partitions_of(cadence, shop.project.settings)
    for key in partitions.get_partition_keys():
        window = partitions.time_window_for_partition_key(key)
        period = period_of(window.start.date(), cadence)
        assert (window.start.date(), window.end.date() - dt.timedelta(days=1)) == (
            period.start,
            period.end,
        )


@pytest.mark.parametrize(
    ("cadence", "first", "last", "keys"),
    [
        ("daily", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("weekly", "2024-12-29", "2025-01-01", ["2024-12-23", "2024-12-30"]),
        ("monthly", "2024-01-31", "2024-03-01", ["2024-01", "2024-02", "2024-03"]),
        ("yearly", "2023-12-31", "2024-01-01", ["2023", "2024"]),
        ("daily", "2024-03-02", "2024-03-01", []),
    ],
)
def test_a_range_of_days_covers_every_period_it_touches(cadence, first, last, keys):
    assert (
        partition_keys(cadence, dt.date.fromisoformat(first), dt.date.fromisoformat(last)) == keys
    )


def test_a_kpi_is_partitioned_by_the_finest_of_its_cadences(shop):
    assert finest_cadence(shop.project.kpis["revenue"]) == "daily"
    assert finest_cadence(shop.project.kpis["revenue_growth"]) == "monthly"


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ({}, ["2024-02-29", "2024-03-01"]),
        ({"as_of": dt.date(2024, 1, 1)}, ["2024-01-01"]),
        ({"from_": dt.date(2024, 2, 28)}, ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ({"to": dt.date(2024, 1, 2)}, ["2024-01-01", "2024-01-02"]),
        ({"from_": dt.date(2024, 3, 1), "to": dt.date(2024, 4, 1)}, ["2024-03-01"]),
    ],
)
def test_a_run_shows_the_newest_periods_and_a_backfill_its_own(shop, fakes, order, keys):
    assert covered_keys(shop.project.kpis["revenue"], shop.session(fakes, **order).context) == keys
