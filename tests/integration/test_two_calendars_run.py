"""The shop on one calendar, one of its KPIs on another: one run, two calendars.

Each day sells 30.00 in two orders. Bahman 1402 is 21 January to 19 February 2024. The retail year
2023 of the National Retail Federation has 53 weeks and ends on 3 February 2024; the first month of
its year 2024 ends on 2 March, the day after the clock's. April is the first month of the fiscal
year, so January 2024 is the tenth of the one that ends in 2024.
"""

import pytest

from tests.copies import kpi
from tests.shop import make_shop, published

pytestmark = pytest.mark.integration

SPECS = "kpi_specs/kpis/sales/"


RETAIL_AND_FISCAL = """calendar: retail
retail:
  pattern: 4-5-4
  year_ends: {weekday: saturday, month: 1, which: nearest_month_end}
  label: start_year
  week_53: 12
fiscal: {first_month: 4, label: end_year}"""


def run_with(root, calendars: str, of_average: str):
    """The shop's run, with the project's calendars and that of its average order value."""
    make_shop(root)
    for name, old, new in (
        ("kpi_specs/project.yml", "currency: EUR", f"currency: EUR\n{calendars}"),
        (
            SPECS + "revenue.yml",
            "cadence: [daily, weekly, monthly]",
            "cadence: [daily, weekly, monthly, quarterly, yearly]",
        ),
        (
            SPECS + "average_order_value.yml",
            "cadence: monthly",
            f"cadence: [monthly, quarterly]\ncalendar: {of_average}",
        ),
    ):
        text = (root / name).read_text(encoding="utf-8")
        assert old in text, name
        (root / name).write_text(text.replace(old, new), encoding="utf-8")
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calendars")
    return run_with(folder / "shop", "calendar: jalali", "gregorian")


@pytest.fixture(scope="module")
def ran_by_weeks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retail")
    return run_with(folder / "shop", RETAIL_AND_FISCAL, "fiscal")


def total(root, kpi_id: str, period: str) -> tuple:
    (row,) = published(
        root,
        "select cadence, calendar, value, data_status from kpi_values where slice = 'total' "
        f"and kpi = '{kpi_id}' and period = '{period}'",
    )
    return row


@pytest.mark.parametrize(
    ("kpi_id", "period", "expected"),
    [
        ("revenue", "1402-11-01", ("daily", "jalali", 30.0, "final")),
        ("revenue", "1402-W45", ("weekly", "jalali", 210.0, "final")),
        ("revenue", "1402-11", ("monthly", "jalali", 900.0, "final")),
        ("revenue", "1402-12", ("monthly", "jalali", 300.0, "provisional")),
        ("average_order_value", "2024-01", ("monthly", "gregorian", 15.0, "final")),
        ("average_order_value", "2024-Q1", ("quarterly", "gregorian", 15.0, "provisional")),
        ("cost_per_order", "1402-11", ("monthly", "jalali", 30 * 5 / 60, "final")),
        # Ten days of Esfand have passed; they are compared with ten days of Bahman.
        ("revenue_growth", "1402-12", ("monthly", "jalali", 0.0, "provisional")),
    ],
)
def test_each_kpi_has_the_values_of_its_own_calendar(ran, kpi_id, period, expected):
    assert total(ran, kpi_id, period) == expected


@pytest.mark.parametrize(
    ("kpi_id", "period", "expected"),
    [
        ("revenue", "2024-02-29", ("daily", "retail", 30.0, "final")),
        ("revenue", "RY2023-W53", ("weekly", "retail", 210.0, "final")),
        ("revenue", "RY2024-W01", ("weekly", "retail", 210.0, "final")),
        ("revenue", "RY2024-P01", ("monthly", "retail", 26 * 30.0, "provisional")),
        # It began on 31 December, the day before the history.
        ("revenue", "RY2023-P12", ("monthly", "retail", None, "pending")),
        ("revenue", "RY2024-Q1", ("quarterly", "retail", 26 * 30.0, "provisional")),
        ("revenue", "RY2024", ("yearly", "retail", 26 * 30.0, "provisional")),
        ("revenue_growth", "RY2024-P01", ("monthly", "retail", None, "pending")),
        ("average_order_value", "FY2024-P10", ("monthly", "fiscal", 15.0, "final")),
        ("average_order_value", "FY2024-P11", ("monthly", "fiscal", 15.0, "final")),
        ("average_order_value", "FY2024-Q4", ("quarterly", "fiscal", 15.0, "provisional")),
    ],
)
def test_retail_and_fiscal_periods_have_their_own_values(ran_by_weeks, kpi_id, period, expected):
    assert total(ran_by_weeks, kpi_id, period) == expected


def test_a_period_that_began_before_the_history_has_no_value(ran):
    for period in ("1402-10", "1402-Q4", "1402"):
        assert total(ran, "revenue", period)[2] is None


def test_the_target_of_a_month_is_met_in_the_kpi_s_month(ran):
    assert published(
        ran,
        "select target, attainment, target_status from kpi_values where kpi = 'revenue' "
        "and period = '1402-11' and slice = 'total'",
    ) == [(900.0, 1.0, "on_target")]


def test_no_kpi_has_a_period_of_another_calendar(ran):
    found = published(ran, "select distinct kpi, calendar from kpi_values order by 1")
    calendars = dict(found)
    assert len(calendars) == len(found)
    assert calendars.pop("average_order_value") == "gregorian"
    assert set(calendars.values()) == {"jalali"}
    labels = published(ran, "select distinct calendar, left(period, 2) from kpi_values order by 1")
    assert labels == [("gregorian", "20"), ("jalali", "14")]


def test_a_period_is_explained_by_its_label(ran):
    done = kpi(ran, "explain", "revenue", "--period", "1402-11")
    assert done.returncode == 0
    assert "1402-11 (monthly), total" in done.stdout
