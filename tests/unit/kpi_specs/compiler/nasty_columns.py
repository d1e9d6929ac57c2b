"""A project of every metric type, its columns called as a test likes, and its values by hand."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import duckdb

from kpi_specs.compiler import Compiled, compile_project
from kpi_specs.language.project import Project
from orchestration.plain_sql import build_tables, generated_order
from orchestration.transform.calendar import write_calendar
from tests.compiled import dataset, kpi, settings

AS_OF = dt.date(2024, 2, 5)
ROWS = """
    (1, date '2024-01-05', 10, 'a', 'x'), (2, date '2024-01-06', 20, 'b', 'x'),
    (3, date '2024-01-20', 30, 'a', 'y'), (4, date '2024-01-31', 40, 'c', 'y')
"""
# What the columns are where nobody is nasty, `starts` two days before `ends`.
COLUMNS = ("id", "day_of", "amount", "who", "starts", "ends")

# <amount> in a metric stands for the column alone, ~amount~ for it in an expression, where a column
# that is called like a word of SQL is written in quotes; [amount] where only a name can stand.
METRICS: dict[str, dict[str, Any]] = {
    "total": {"simple": {"sum": "<amount>"}},
    "matching": {"simple": {"sum": "<amount>", "where": "~amount~ > 10"}},
    "different": {"simple": {"count_distinct": "<amount>"}},
    "large": {"simple": {"count_distinct": "<amount>", "where": "~amount~ > 10"}},
    "middle": {"simple": {"median": "<amount>"}},
    "lowest": {"simple": {"percentile": {"of": "<amount>", "at": 0}}},
    "days_seen": {"simple": {"count_distinct": "<day_of>"}},
    "mean": {
        "ratio": {"numerator": {"sum": "<amount>"}, "denominator": {"count_distinct": "<amount>"}}
    },
    "window": {"cumulative": {"of": {"count_distinct": "<amount>"}, "window": "28 days"}},
    "to_date": {"cumulative": {"of": {"sum": "<amount>"}, "to_date": "quarter"}},
    "newcomers": {"first_time": {"entity": "<who>", "where": "~amount~ < 15"}},
    "again": {"first_time": {"entity": "<who>", "lookback": "10 days"}},
    "repeated": {"repeat": {"entity": "<who>", "event": "<id>"}},
    "twice": {"repeat": {"entity": "<who>", "event": "<id>", "times": 2}},
    "carried": {"snapshot": {
        "of": "<amount>", "entity": "<who>", "at": "period_end", "missing": "carry",
    }},
    "at_end": {"snapshot": {
        "of": "<amount>", "entity": "<who>", "at": "period_end", "missing": "absent",
    }},
    "followed": {"conversion": {
        "entity": "<who>", "base": {"where": "~amount~ < 25"},
        "converted": {"where": "~amount~ > 25"}, "within": "20 days",
    }},
    "followed_first": {"conversion": {
        "entity": "<who>", "base": {"at": "[starts]"},
        "converted": {"at": "[starts]", "where": "~amount~ > 25"},
        "within": "20 days", "count": "first",
    }},
    "lasted": {"duration": {"from": "[starts]", "to": "[ends]"}},
    "lasted_half": {"duration": {
        "from": "[starts]", "to": "[ends]", "of": "median", "where": "~id~ > 0",
    }},
}  # fmt: skip

# January, by hand: its total and the slices x (10 of a, 20 of b) and y (30 of a, 40 of c).
EXPECTED: dict[str, tuple[float | None, float | None, float | None]] = {
    "total": (100, 30, 70),
    "matching": (90, 20, 70),
    "different": (4, 2, 2),
    "large": (3, 1, 2),
    "middle": (25, 15, 35),
    "lowest": (10, 10, 30),
    "days_seen": (4, 2, 2),
    "mean": (25, 15, 35),
    "window": (4, 2, 2),  # from the 4th on
    "to_date": (100, 30, 70),
    "newcomers": (1, 1, 0),  # of the first rows of a, b and c only a's is below 15
    "again": (3, 2, 2),  # a's second row, in y, comes 15 days after its first
    "repeated": (1 / 3, 0, 1 / 2),  # a in its second row, of a, b, c
    "twice": (1 / 3, 0, 0),
    "carried": (90, 20, 70),  # a's 30, b's 20, c's 40
    "at_end": (40, None, 40),  # c's is the only row of the 31st
    "followed": (1 / 2, 1 / 2, None),  # a's 10, by its 30; b's 20 by nothing; both in x
    "followed_first": (2 / 3, 1 / 2, 1),  # a's first row by its 30, c's by itself; in y a's too
    "lasted": (2, 2, 2),
    "lasted_half": (2, 2, 2),
}


def compiled(
    called: dict[str, str], dimension: str = "channel", *, incremental: bool = False
) -> tuple[Project, Compiled]:
    """The project, with `called[plain]` for each of COLUMNS that it names."""
    names = {plain: called.get(plain, plain) for plain in COLUMNS}

    def replaced(found: "re.Match[str]") -> str:
        name = names[found[2]]
        in_quotes = found[1] == "~" or (found[1] == "<" and not name.isidentifier())
        return json.dumps(_quoted(name) if in_quotes else name)[1:-1]

    text = re.sub(r"([<~\[])(\w+)[>~\]]", replaced, json.dumps(METRICS))
    grain: list[list[str]] = [[], [dimension]]
    kpis = {
        name: kpi(name, {"dataset": "o", **metric}, grain=grain)
        for name, metric in json.loads(text).items()
    }
    one = dataset("o", time=names["day_of"], key=[names["id"]], dimensions=[dimension])
    one = one.model_copy(update={"model": "mart", "incremental": incremental})
    project = Project(Path(), settings(dt.date(2024, 1, 1)), datasets={"o": one}, kpis=kpis)
    return project, compile_project(project)


def january(
    called: dict[str, str], dimension: str = "channel"
) -> dict[str, tuple[float | None, ...]]:
    """Per KPI January's value of the total and of the slices x and y, as compiled and run."""
    project, models = compiled(called, dimension)
    con = duckdb.connect()
    write_calendar(con, project, AS_OF)
    columns = [_quoted(called.get(plain, plain)) for plain in COLUMNS]
    id_, day, amount, who, starts, ends = columns
    con.execute(
        f"create table mart as select id as {id_}, day as {day}, amount as {amount}, who as {who}, "
        f"channel as {_quoted(dimension)}, cast(day as timestamp) as {starts}, "
        f"cast(day + 2 as timestamp) as {ends} "
        f"from (values {ROWS}) as given(id, day, amount, who, channel)"
    )
    build_tables(con, models, generated_order(models, project.kpis))
    found = {}
    for name in project.kpis:
        rows = con.execute(
            f"select slice_value, value from kpi_{name} where period = '2024-01'"
        ).fetchall()
        values = dict(rows)
        found[name] = tuple(values[one] for one in ("total", "x", "y"))
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
