"""Calendars as a project's settings make them."""

import datetime as dt
from typing import Any

from kpi_specs.calendars import Calendar, CalendarName
from kpi_specs.language.project import ProjectSettings

FISCAL = {"first_month": 4, "label": "end_year"}
NRF = {
    "pattern": "4-5-4",
    "label": "start_year",
    "year_ends": {"weekday": "saturday", "month": 1, "which": "nearest_month_end"},
}


def settings(**more: Any) -> ProjectSettings:
    boring = {
        "name": "shop", "title": {"en": "Shop"}, "time_zone": "UTC", "currency": "EUR",
        "languages": ["en"], "history_from": dt.date(2024, 1, 1), "default_owner": "ops",
    }  # fmt: skip
    return ProjectSettings.model_validate(boring | more)


def calendar(name: CalendarName, **more: Any) -> Calendar:
    return settings(**more).calendar_of(name)
