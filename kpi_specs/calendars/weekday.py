"""Days of the week by name, in the order of `datetime.date.weekday`."""

import datetime as dt
from typing import Literal

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip


def on_or_before(day: dt.date, weekday: Weekday) -> dt.date:
    """The newest such weekday that is not after `day`."""
    return day - dt.timedelta(days=(day.weekday() - WEEKDAYS.index(weekday)) % 7)
