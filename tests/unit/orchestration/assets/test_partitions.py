import datetime as dt

import pytest
from dagster import TimeWindowPartitionsDefinition

from kpi_specs.calendars import CADENCES, GREGORIAN, Fiscal, Gregorian, Jalali
from kpi_specs.language.calendar_settings import FiscalYear, RetailYear, YearEnd
from orchestration.assets.partitions import (
    Rhythm,
    covered_keys,
    cron_of,
    partition_key,
    partition_keys,
    partitions_of,
    rhythm_of,
    rhythms_of,
)

FISCAL = FiscalYear(first_month=4, label="end_year")
NRF = RetailYear(
    pattern="4-5-4",
    label="start_year",
    year_ends=YearEnd(weekday="saturday", month=1, which="nearest_month_end"),
)
OTHERS = [Rhythm(name, cadence) for name in ("jalali", "fiscal", "retail") for cadence in CADENCES]


def gregorian(cadence) -> Rhythm:
    return Rhythm("gregorian", cadence)


# history_from 2024-01-01, as_of 2024-03-01 (a Friday)
EXPECTED = {
    "daily": (61, "2024-01-01", "2024-03-01"),
    "weekly": (9, "2024-01-01", "2024-02-26"),
    "monthly": (3, "2024-01", "2024-03"),
    "quarterly": (1, "2024-01-01", "2024-01-01"),
    "yearly": (1, "2024", "2024"),
}


@pytest.mark.parametrize("cadence", CADENCES)
def test_partitions_run_from_the_first_day_to_the_open_period(shop, cadence):
    keys = partitions_of(gregorian(cadence), shop.project.settings).get_partition_keys()
    assert (len(keys), keys[0], keys[-1]) == EXPECTED[cadence]


@pytest.mark.parametrize("cadence", CADENCES)
def test_without_a_fixed_clock_partitions_grow_up_to_the_open_period_of_today(shop, cadence):
    settings = shop.project.settings.model_copy(update={"as_of": None, "time_zone": "UTC"})
    today = dt.datetime.now(dt.UTC).date()
    rhythm = gregorian(cadence)
    newest = partitions_of(rhythm, settings).get_partition_keys()[-1]
    assert newest == partition_key(rhythm, settings, today)


@pytest.mark.parametrize("cadence", CADENCES)
def test_a_history_that_begins_within_a_period_begins_with_that_period(shop, cadence):
    middle = dt.date(2023, 5, 17)  # a Wednesday
    settings = shop.project.settings.model_copy(update={"history_from": middle})
    first = partitions_of(gregorian(cadence), settings).get_first_partition_window()
    assert first.start.date() == GREGORIAN.period_of(middle, cadence).start


@pytest.mark.parametrize("cadence", CADENCES)
def test_partitions_and_the_published_calendar_have_the_same_periods(shop, cadence):
    partitions = partitions_of(gregorian(cadence), shop.project.settings)
    for key in partitions.get_partition_keys():
        window = partitions.time_window_for_partition_key(key)
        period = GREGORIAN.period_of(window.start.date(), cadence)
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
        ("quarterly", "2024-03-31", "2024-04-01", ["2024-01-01", "2024-04-01"]),
        ("yearly", "2023-12-31", "2024-01-01", ["2023", "2024"]),
        ("daily", "2024-03-02", "2024-03-01", []),
    ],
)
def test_a_range_of_days_covers_every_period_it_touches(shop, cadence, first, last, keys):
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert partition_keys(gregorian(cadence), shop.project.settings, *days) == keys


def test_a_kpi_is_partitioned_by_the_finest_of_its_cadences_in_its_calendar(shop):
    assert rhythm_of(shop.project.kpis["revenue"]) == Rhythm("gregorian", "daily")
    assert rhythm_of(shop.project.kpis["revenue_growth"]) == Rhythm("gregorian", "monthly")
    jalali = shop.project.kpis["revenue"].model_copy(update={"calendar": "jalali"})
    assert rhythm_of(jalali) == Rhythm("jalali", "daily")


def test_every_calendar_and_cadence_in_use_is_a_rhythm_the_project_s_own_calendar_first(shop):
    project = shop.with_kpi("cost_per_order", calendar="jalali")
    assert [rhythm.name(project.settings) for rhythm in rhythms_of(project)] == [
        "daily", "weekly", "monthly", "jalali_monthly",
    ]  # fmt: skip


@pytest.mark.parametrize("rhythm", OTHERS, ids=lambda rhythm: f"{rhythm.calendar} {rhythm.cadence}")
def test_partitions_of_every_calendar_are_its_periods_from_the_first_day_to_the_clock(shop, rhythm):
    settings = shop.project.settings.model_copy(
        update={"history_from": dt.date(2023, 1, 20), "fiscal": FISCAL, "retail": NRF}
    )
    clock = dt.date(2024, 3, 1)
    found = partitions_of(rhythm, settings, clock)
    calendar = settings.calendar_of(rhythm.calendar)
    periods = list(calendar.periods(settings.history_from, clock, [rhythm.cadence]))
    keys = found.get_partition_keys()
    assert keys == partition_keys(rhythm, settings, settings.history_from, clock)
    if isinstance(found, TimeWindowPartitionsDefinition):
        windows = [found.time_window_for_partition_key(key) for key in keys]
        assert [(w.start.date(), w.end.date() - dt.timedelta(days=1)) for w in windows] == [
            (period.start, period.end) for period in periods
        ]
        assert keys == [period.start.isoformat() for period in periods]
    else:
        assert keys == [period.period for period in periods]
        assert rhythm.calendar in ("jalali", "retail")
        assert rhythm.cadence in ("monthly", "quarterly", "yearly")


@pytest.mark.parametrize(
    ("calendar", "cadence", "cron"),
    [
        (GREGORIAN, "weekly", "0 6 * * 1"),
        (Gregorian("sunday"), "weekly", "0 6 * * 0"),
        (Jalali(), "weekly", "0 6 * * 6"),
        (GREGORIAN, "quarterly", "0 6 1 1,4,7,10 *"),
        (Fiscal(2, "end_year"), "quarterly", "0 6 1 2,5,8,11 *"),
        (Fiscal(9, "end_year"), "yearly", "0 6 1 9 *"),
        (Jalali(), "monthly", None),
    ],
)
def test_a_cron_strikes_on_the_first_days_of_periods_where_it_can(calendar, cadence, cron):
    assert cron_of(calendar, cadence, 6) == cron


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
