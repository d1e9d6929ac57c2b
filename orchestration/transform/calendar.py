"""Writes the calendar and the clock into the warehouse, where SQL finds its periods by key."""

import datetime as dt
import json
from typing import TYPE_CHECKING

from kpi_specs.calendars import Period
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

_PERIOD = (
    '[{"calendar": "VARCHAR", "cadence": "VARCHAR", "period": "VARCHAR", "period_start": "DATE", '
    '"period_end": "DATE", "period_days": "INTEGER", "period_number": "INTEGER", '
    '"previous_period": "VARCHAR", "year_ago_period": "VARCHAR"}]'
)


def write_calendar(con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date) -> None:
    """Replace calendar.dim_period, calendar.period_days and audit.clock.

    They hold the calendars that the project uses, each in every cadence, from the period of
    `history_from` to the open period at `as_of`.
    """
    rows = [
        _row(period)
        for calendar in project.calendars
        for period in calendar.periods(project.settings.history_from, as_of)
    ]
    con.begin()
    try:
        con.execute("create schema if not exists calendar")
        con.execute("create schema if not exists audit")
        con.execute(
            "create or replace table calendar.dim_period as "
            f"select unnest(from_json(?::json, '{_PERIOD}'), recursive := true)",
            [json.dumps(rows)],
        )
        con.execute(
            """
            create or replace table calendar.period_days as
            select
                calendar,
                cadence,
                cast(day as date) as date,
                period,
                cast(day as date) - period_start + 1 as day_number
            from (
                select *, unnest(range(period_start, period_end + 1, interval 1 day)) as day
                from calendar.dim_period
            )
            """
        )
        con.execute("create or replace table audit.clock as select ?::date as as_of", [as_of])
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _row(period: Period) -> dict[str, str | int | None]:
    return {
        "calendar": period.calendar,
        "cadence": period.cadence,
        "period": period.period,
        "period_start": period.start.isoformat(),
        "period_end": period.end.isoformat(),
        "period_days": period.days,
        "period_number": period.number,
        "previous_period": period.previous_period,
        "year_ago_period": period.year_ago_period,
    }
