"""The examples in docs/calendars.md are what the program makes of the settings above them."""

import datetime as dt
import re

import yaml
from named_calendars import FISCAL, NRF, calendar

from tests.copies import REPOSITORY

PAGE = (REPOSITORY / "docs/calendars.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def test_every_example_of_the_page_is_the_program_s():
    seen = 0
    for text, table in re.findall(
        r"```yaml\n(.*?)```\n\n\| a day .*?\n\|-.*?\n(.*?)\n\n", PAGE, re.S
    ):
        settings = yaml.safe_load(text)
        made = calendar(settings.pop("calendar"), **settings)
        for line in table.splitlines():
            day, cadence, *said = cells(line)
            found = made.period_of(dt.date.fromisoformat(day), cadence)
            keys = (found.period, found.start, found.end, found.previous_period)
            assert said == [*map(str, keys), found.year_ago_period or "none"], line
            seen += 1
    assert seen == len(re.findall(r"^\| \d{4}-", PAGE, re.M)) > 30


def test_the_labels_of_the_overview_are_those_of_one_day():
    day = dt.date(2026, 3, 5)
    set_up = {
        "gregorian": {},
        "jalali": {},
        "fiscal": {"fiscal": FISCAL},
        "retail": {"retail": NRF},
    }
    for name, settings in set_up.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        order = ("yearly", "monthly", "quarterly", "weekly", "daily")
        made = calendar(name, **settings)
        assert cells(row)[1:] == [made.period_of(day, cadence).period for cadence in order]
