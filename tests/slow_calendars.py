"""Calendars once more, day after day: what the periods of compiled SQL are measured by.

A calendar is the year and month of each day, by persiantools or by walking back to where the year
began. Everything else is made by grouping the days of a stretch and by counting.
"""

import calendar as months
import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

from persiantools.jdatetime import JalaliDate

DAY = dt.timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CADENCES = ("daily", "weekly", "monthly", "quarterly", "yearly")

YearAndMonth = Callable[[dt.date], tuple[int, int]]


@dataclass
class Stretch:
    """The periods of one cadence in order, each as its days; `key` is what it is found by.

    Attributes:
        keys: What tells a period: (2024, 3) for a month.
        days: The days of each.
        year_ago: Key -> the key compared with; None where there is none.
    """

    keys: list[Any] = field(default_factory=list)
    days: list[list[dt.date]] = field(default_factory=list)
    year_ago: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[dt.date, int]:
        """Where each day's period stands."""
        return {day: place for place, days in enumerate(self.days) for day in days}

    def base(self, place: int, versus: str) -> int | None:
        """Where the period compared with stands."""
        if versus == "previous_period":
            return place - 1
        key = self.year_ago[self.keys[place]]
        return self.keys.index(key) if key in self.keys else None


def stretches(settings: Mapping[str, Any], first: dt.date, last: dt.date) -> dict[str, Stretch]:
    """All cadences of a calendar, as project.yml sets it up, from two years before `first` on."""
    name = settings.get("calendar", "gregorian")
    days = [first + n * DAY for n in range(-1200, (last - first).days + 800)]
    begins = settings.get("week_start", "monday")
    retail = settings.get("retail", {})
    if name == "jalali":
        begins = "saturday"
    elif name == "retail":
        begins = WEEKDAYS[(WEEKDAYS.index(retail["year_ends"]["weekday"]) + 1) % 7]
    in_year = {
        "gregorian": lambda: {day: (day.year, day.month) for day in days},
        "jalali": lambda: {day: (JalaliDate(day).year, JalaliDate(day).month) for day in days},
        "fiscal": lambda: _fiscal(days, settings["fiscal"]["first_month"]),
        "retail": lambda: _retail(days, retail),
    }[name]()
    days = [day for day in days if day in in_year]
    found = {
        "monthly": _grouped(days, lambda day: in_year[day]),
        "quarterly": _grouped(days, lambda day: (in_year[day][0], (in_year[day][1] - 1) // 3)),
        "yearly": _grouped(days, lambda day: (in_year[day][0], 0)),
    }
    for one in found.values():
        one.year_ago = {(year, part): (year - 1, part) for year, part in one.keys}
    found["weekly"] = _weeks(days, begins, in_year)
    found["daily"] = _grouped(days, lambda day: day)
    weeks = found["weekly"]
    for day in days:
        found["daily"].year_ago[day] = (
            _weekday_a_year_before(day, weeks) if name == "retail" else _date_before(name, day)
        )
    return found


def _grouped(days: list[dt.date], key: Callable[[dt.date], Any]) -> Stretch:
    found = Stretch()
    for one, group in groupby(days, key):
        found.keys.append(one)
        found.days.append(list(group))
    return found


def _fiscal(days: list[dt.date], first_month: int) -> dict[dt.date, tuple[int, int]]:
    """The first of `first_month` begins a year; each first of a month after it the next month."""
    found, year, month = {}, 0, 0
    for day in days:
        if day.day == 1:
            begins = day.month == first_month
            year, month = (year + 1, 1) if begins else (year, month + 1)
        if year:
            found[day] = (year, month)
    return found


def _retail(days: list[dt.date], retail: Mapping[str, Any]) -> dict[dt.date, tuple[int, int]]:
    """Whole years of weeks, and of each the months that its number of weeks makes."""
    ends = [day for day in days if _ends_year(day, **retail["year_ends"])]
    found = {}
    for year, (before, end) in enumerate(pairwise(ends)):
        weeks = (end - before).days // 7
        lengths = [int(one) for one in retail["pattern"].split("-")] * 4
        if weeks == 53:
            lengths[retail.get("week_53", 12) - 1] += 1
        of_week = [month for month, length in enumerate(lengths, 1) for _ in range(length)]
        assert len(of_week) == weeks
        for n in range(weeks * 7):
            found[before + (n + 1) * DAY] = (year, of_week[n // 7])
    return found


def _ends_year(day: dt.date, *, weekday: str, month: int, which: str) -> bool:
    if WEEKDAYS[day.weekday()] != weekday:
        return False
    if which == "last_in_month":
        return day.month == month and (day + 7 * DAY).month != month
    around = [day + n * DAY for n in range(-3, 4)]
    return any(
        one.month == month and one.day == months.monthrange(one.year, one.month)[1]
        for one in around
    )


def _weeks(days: list[dt.date], begins: str, in_year: Mapping[dt.date, tuple[int, int]]) -> Stretch:
    """Each week is of the year that has most of its days, and counted there."""
    started = [n for n, day in enumerate(days) if WEEKDAYS[day.weekday()] == begins]
    found = Stretch()
    counted: Counter[int] = Counter()
    for start in started:
        week = days[start : start + 7]
        if len(week) == 7:
            year = Counter(in_year[day][0] for day in week).most_common(1)[0][0]
            counted[year] += 1
            found.keys.append((year, counted[year]))
            found.days.append(week)
    # The first year of the stretch is not whole: its weeks are found by nobody.
    for year, number in found.keys:
        found.year_ago[year, number] = (year - 1, min(number, counted[year - 1]))
    return found


def _date_before(name: str, day: dt.date) -> dt.date | None:
    try:
        if name == "jalali":
            own = JalaliDate(day)
            return JalaliDate(own.year - 1, own.month, own.day).to_gregorian()
        return dt.date(day.year - 1, day.month, day.day)
    except ValueError:
        return None


def _weekday_a_year_before(day: dt.date, weeks: Stretch) -> dt.date | None:
    place = weeks.places.get(day)
    if place is None:
        return None
    key = weeks.year_ago[weeks.keys[place]]
    if key not in weeks.keys:
        return None
    return weeks.days[weeks.keys.index(key)][weeks.days[place].index(day)]
