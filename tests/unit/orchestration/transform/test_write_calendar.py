"""What stands in calendar.dim_period and calendar.period_days."""

import datetime as dt
import re

import duckdb
import pytest

from kpi_specs.language.project import Project
from orchestration.transform.calendar import write_calendar
from tests.compiled import kpi, settings
from tests.copies import REPOSITORY

REVENUE = {"dataset": "orders", "simple": {"sum": "amount"}}
FIRST, AS_OF = dt.date(2024, 1, 17), dt.date(2024, 3, 25)


@pytest.fixture
def con(tmp_path):
    """A project on the jalali calendar with one gregorian KPI."""
    project = Project(
        tmp_path,
        settings(FIRST, calendar="jalali"),
        kpis={
            "local": kpi("local", REVENUE, calendar="jalali"),
            "group": kpi("group", REVENUE, calendar="gregorian"),
        },
    )
    con = duckdb.connect()
    write_calendar(con, project, AS_OF)
    return con


def test_only_the_calendars_in_use_are_there_from_the_first_day_s_period_to_the_open_one(con):
    found = con.execute(
        "select calendar, cadence, count(*), min(period), max(period) from calendar.dim_period "
        "group by all order by all"
    ).fetchall()
    assert found == [
        ("gregorian", "daily", 69, "2024-01-17", "2024-03-25"),
        ("gregorian", "monthly", 3, "2024-01", "2024-03"),
        ("gregorian", "quarterly", 1, "2024-Q1", "2024-Q1"),
        ("gregorian", "weekly", 11, "2024-W03", "2024-W13"),
        ("gregorian", "yearly", 1, "2024", "2024"),
        ("jalali", "daily", 69, "1402-10-27", "1403-01-06"),
        ("jalali", "monthly", 4, "1402-10", "1403-01"),
        ("jalali", "quarterly", 2, "1402-Q4", "1403-Q1"),
        ("jalali", "weekly", 11, "1402-W44", "1403-W01"),
        ("jalali", "yearly", 2, "1402", "1403"),
    ]


def test_every_day_of_every_period_is_there_once_with_its_number(con):
    found = con.execute(
        "select calendar, cadence, period, any_value(period_days) as days, "
        "min(date) = min(period_start), max(date) = max(period_end), "
        "list(day_number order by date) = range(1, any_value(period_days) + 1) "
        "from calendar.period_days join calendar.dim_period using (calendar, cadence, period) "
        "group by all"
    ).fetchall()
    assert len(found) == con.execute("select count(*) from calendar.dim_period").fetchone()[0]
    assert [row for row in found if not all(row[4:])] == []


def test_esfand_leads_to_farvardin_by_key(con):
    assert con.execute(
        "select period_start, period_end, period_days, previous_period, year_ago_period "
        "from calendar.dim_period where calendar = 'jalali' and period = '1403-01'"
    ).fetchone() == (dt.date(2024, 3, 20), dt.date(2024, 4, 19), 31, "1402-12", "1402-01")


def test_the_clock_stands_beside_the_calendar(con):
    assert con.execute("select as_of from audit.clock").fetchall() == [(AS_OF,)]


def test_no_sql_switches_the_calendar_of_duckdb_itself():
    """Under its Persian calendar casts to DATE are silently wrong."""
    switched = [
        path
        for folder in ("kpi_specs", "expectations", "orchestration", "dbt_project")
        for path in (REPOSITORY / folder).rglob("*")
        if path.suffix in (".py", ".sql", ".yml")
        and re.search(r"\bset\s+(session\s+|global\s+)?calendar\b", path.read_text("utf-8"), re.I)
    ]
    assert switched == [], "take the periods of calendar.dim_period instead"
