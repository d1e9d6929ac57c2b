"""The compiled SQL in every calendar, against days labelled one by one in Python."""

import datetime as dt
from collections import defaultdict

import pytest
from persiantools.jdatetime import JalaliDate

from tests.compiled import compute, dataset, kpi

DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2023, 1, 29), dt.date(2024, 5, 4)
DAYS = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]
SETTINGS = {
    "fiscal": {"first_month": 4, "label": "end_year"},
    "retail": {
        "pattern": "4-5-4",
        "label": "start_year",
        "year_ends": {"weekday": "saturday", "month": 1, "which": "nearest_month_end"},
    },
}
# Two customers a day; each comes again after nine days.
ROWS = [(day, (n + k) % 9, 10 * k + n % 7) for n, day in enumerate(DAYS) for k in (0, 1)]
SALES = "select * from (values " + ", ".join(
    f"(date '{day}', {customer}, {amount}::decimal(10, 2))" for day, customer, amount in ROWS
) + ") as sales(day, customer, amount)"  # fmt: skip


def retail_year(day: dt.date) -> tuple[int, int]:
    """Year and week by the NRF's published starts of fiscal 2023 and 2024."""
    starts = {2023: dt.date(2023, 1, 29), 2024: dt.date(2024, 2, 4)}
    year = max(y for y, start in starts.items() if start <= day)
    return year, (day - starts[year]).days // 7 + 1


def label(calendar: str, cadence: str, day: dt.date) -> str:
    """By hand, day by day; nothing of the product in it."""
    if calendar == "jalali":
        jalali = JalaliDate(day)
        year, month, prefix = jalali.year, f"{jalali.month:02d}", ""
        quarter = (jalali.month - 1) // 3 + 1
    elif calendar == "fiscal":
        number = (day.month - 4) % 12 + 1
        year, month, prefix = day.year + (day.month >= 4), f"P{number:02d}", "FY"
        quarter = (number - 1) // 3 + 1
    elif calendar == "retail":
        year, week = retail_year(day)
        ends = [4, 9, 13, 17, 22, 26, 30, 35, 39, 43, 48, 53]  # weeks 52 and 53 are of month 12
        number = next(n for n, end in enumerate(ends, 1) if week <= end)
        month, prefix, quarter = f"P{number:02d}", "RY", (number - 1) // 3 + 1
    else:
        year, month, prefix = day.year, f"{day.month:02d}", ""
        quarter = (day.month - 1) // 3 + 1
    by_cadence = {"yearly": "", "quarterly": f"-Q{quarter}", "monthly": f"-{month}"}
    return f"{prefix}{year}{by_cadence[cadence]}"


CALENDARS = ("gregorian", "jalali", "fiscal", "retail")


@pytest.fixture(scope="module")
def computed():
    """Sum, distinct count and ratio in four calendars at once, over one dataset."""
    metrics = {
        "total": {"simple": {"sum": "amount"}},
        "people": {"simple": {"count_distinct": "customer"}},
        "each": {"ratio": {"numerator": {"sum": "amount"}, "denominator": {"count": "rows"}}},
    }
    kpis = [
        kpi(
            f"{name}_{calendar}", {"dataset": "sales", **metric}, calendar=calendar,
            cadence=["monthly", "quarterly", "yearly"],
        )
        for name, metric in metrics.items()
        for calendar in CALENDARS
    ]  # fmt: skip
    return compute(
        kpis, [dataset("sales")], {"sales": SALES}, as_of=LAST + DAY, history_from=FIRST,
        calendars=SETTINGS,
    )  # fmt: skip


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("cadence", ["monthly", "quarterly", "yearly"])
def test_every_calendar_of_one_dataset_has_the_numbers_of_its_own_periods(
    computed, calendar, cadence
):
    amounts, people = defaultdict(list), defaultdict(set)
    for day, customer, amount in ROWS:
        amounts[label(calendar, cadence, day)].append(amount)
        people[label(calendar, cadence, day)].add(customer)
    expected = {
        "total": {period: float(sum(found)) for period, found in amounts.items()},
        "people": {period: float(len(found)) for period, found in people.items()},
        "each": {period: sum(found) / len(found) for period, found in amounts.items()},
    }
    for name, values in expected.items():
        found = computed.execute(
            f"select period, value, calendar from kpi_{name}_{calendar} "
            f"where cadence = '{cadence}' and period_start <= '{LAST}'"
        ).fetchall()
        assert {period: value for period, value, _ in found} == pytest.approx(values, rel=1e-12)
        assert {one for *_, one in found} == {calendar}
        assert len(found) == len(values)


def test_flat_daily_sales_grow_by_nothing_a_day_from_esfand_to_farvardin():
    """29 days of Esfand 1402 (from 20 February 2024), then 31 of Farvardin 1403."""
    first, last = dt.date(2024, 2, 20), dt.date(2024, 4, 19)
    days = f"range(date '{first}', date '{last}' + 1, interval 1 day) as days(day)"
    flat = f"select day::date as day, 10 as amount from {days}"
    growth = {"of": "total", "versus": "previous_period"}
    con = compute(
        [
            kpi("total", {"dataset": "sales", "simple": {"sum": "amount"}}, calendar="jalali"),
            kpi("growth", {"growth": growth}, calendar="jalali"),
            kpi("growth_a_day", {"growth": {**growth, "per_day": True}}, calendar="jalali"),
        ],
        [dataset("sales")],
        {"sales": flat},
        as_of=last + DAY,
        history_from=first,
        calendars={"calendar": "jalali"},
    )

    def farvardin(name: str):
        query = f"select base_period, value from {name} where period = '1403-01'"
        return con.execute(query).fetchone()

    assert con.execute("select value from kpi_total order by period").fetchall()[:2] == [
        (290.0,), (310.0,),
    ]  # fmt: skip
    assert farvardin("kpi_growth") == ("1402-12", pytest.approx(31 / 29 - 1, rel=1e-12))
    assert farvardin("kpi_growth_a_day") == ("1402-12", 0.0)


def test_week_53_is_compared_with_week_52_before_and_the_last_week_a_year_ago():
    """Every week of retail 2022 sells 70, of 2023 77, week 53 of 2023 84."""
    weeks = [dt.date(2022, 1, 30) + 7 * n * DAY for n in range(52)]
    rows = [(day, 70) for day in weeks]
    rows += [(dt.date(2023, 1, 29) + 7 * n * DAY, 77 if n < 52 else 84) for n in range(53)]
    sales = (
        "select * from (values "
        + ", ".join(f"(date '{d}', {a})" for d, a in rows)
        + ") as sales(day, amount)"
    )
    weekly = {"calendar": "retail", "cadence": "weekly"}
    con = compute(
        [
            kpi("total", {"dataset": "sales", "simple": {"sum": "amount"}}, **weekly),
            kpi("previous", {"growth": {"of": "total", "versus": "previous_period"}}, **weekly),
            kpi("yearly", {"growth": {"of": "total", "versus": "same_period_last_year"}}, **weekly),
        ],
        [dataset("sales")],
        {"sales": sales},
        as_of=dt.date(2024, 2, 4),
        history_from=dt.date(2022, 1, 30),
        calendars=SETTINGS,
    )  # fmt: skip
    query = "select base_period, value from kpi_{} where period = 'RY2023-W53'"
    assert con.execute(query.format("previous")).fetchone() == (
        "RY2023-W52", pytest.approx(84 / 77 - 1, rel=1e-12),
    )  # fmt: skip
    assert con.execute(query.format("yearly")).fetchone() == (
        "RY2022-W52", pytest.approx(84 / 70 - 1, rel=1e-12),
    )  # fmt: skip
