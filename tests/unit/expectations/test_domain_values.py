"""Values that a source's contract does not allow take the periods of their rows.

Daily rows from 1 to 10 March 2017, the clock on the 11th; each test changes some of them.
"""

import datetime as dt
from typing import Any

import pytest
from small_warehouse import LOADED_AT, Warehouse, kpi, project, source

COLUMNS = {
    "day": {"type": "date"},
    "amount": {"type": "decimal(12,2)", "min": 0, "max": 100},
    "channel": {"type": "text", "allowed": ["web", "shop"]},
    "id": {"type": "integer", "unique": True},
}
FINE = ("final", "")
REFUSED = ("unmeasurable", "DOMAIN_VIOLATION")


def shop(*rows: dict[str, Any], kpis: Any = None, **of_source: Any) -> Warehouse:
    """Every day a row of 5.00 on the web with an id of its own; `rows` are more of them."""
    specs = project(kpis=kpis or [kpi()], sources=[source(**{"columns": COLUMNS, **of_source})])
    made = Warehouse(specs)
    made.load()
    made.fill_source(columns="day date, amount decimal(12,2), channel varchar, id integer", on=[])
    daily = [
        {"day": f"2017-03-{n:02}", "amount": 5, "channel": "web", "id": n} for n in range(1, 11)
    ]
    for row in [*daily, *rows]:
        given = {"amount": None, "channel": None, "id": None, "hours": 0, "file": "a.csv", **row}
        made.con.execute(
            "insert into raw.till by name select $day::date as day, $amount as amount, "
            "$channel as channel, $id as id, 'till' as _load_id, $file as _file, $at as _loaded_at",
            {
                **{name: given[name] for name in ("day", "amount", "channel", "id", "file")},
                "at": LOADED_AT + dt.timedelta(hours=given["hours"]),
            },
        )
    made.fill_dataset()
    for name in specs.kpis:
        made.fill_kpi(name)
    made.judge()
    return made


def refused(made: Warehouse, name: str = "revenue") -> list[str]:
    """The periods that are withheld for such a value; the others have none of their own reasons."""
    found = {period: row.short for period, row in made.verdicts(name).items()}
    others = {("pending", "NOT_DUE"), ("pending", "WARM_UP"), ("provisional", "")}
    assert set(found.values()) <= {FINE, REFUSED, *others}
    return [period for period, short in found.items() if short == REFUSED]


@pytest.mark.parametrize(
    "row",
    [
        {"amount": 0},  # limits are allowed themselves
        {"amount": 100},
        {"channel": "shop"},
        {"amount": None, "channel": None, "id": None},  # what is empty holds nothing
    ],
    ids=str,
)
def test_what_the_contract_allows_takes_nothing(row):
    assert refused(shop({"day": "2017-03-05", **row})) == []


@pytest.mark.parametrize(
    ("row", "column", "example"),
    [
        ({"amount": -0.01}, "amount", "amount -0.01, below 0"),
        ({"amount": 100.01}, "amount", "amount 100.01, above 100"),
        ({"channel": "Web"}, "channel", "channel Web, not one of web, shop"),
        ({"channel": "web "}, "channel", "channel web , not one of web, shop"),
        ({"channel": ""}, "channel", "channel , not one of web, shop"),
    ],
    ids=str,
)
def test_another_value_takes_the_day_of_its_row(row, column, example):
    made = shop({"day": "2017-03-05", **row})
    assert refused(made) == ["2017-03-05"]
    verdict = made.verdicts()["2017-03-05"]
    assert (verdict["party"], verdict["root"]) == ("till_owner", f"column:till.{column}")
    assert verdict["reason"] == (
        "The source till holds values that its contract does not allow, whether this KPI reads "
        "them or not; rows with such values on the days that this value rests on: 1 (e.g. "
        f"{example})."
    )


def test_rows_that_share_what_should_be_unique_take_the_days_of_both():
    made = shop({"day": "2017-03-05", "id": 8})
    assert refused(made) == ["2017-03-05", "2017-03-08"]
    assert "(e.g. id 8, more than once)" in made.verdicts()["2017-03-08"]["reason"]


def test_all_rows_of_a_longer_period_are_counted():
    made = shop(
        {"day": "2017-03-06", "amount": -1},
        {"day": "2017-03-06", "amount": -2, "channel": "tv"},
        {"day": "2017-03-07", "channel": "tv"},
        kpis=[kpi(cadence=["weekly"])],
    )
    assert refused(made) == ["2017-W10"]  # Monday 6 to Sunday 12 March
    assert "rests on: 3 (e.g." in made.verdicts()["2017-W10"]["reason"]


def test_a_window_is_withheld_as_long_as_it_takes_the_day():
    last_week = {"cumulative": {"of": {"sum": "amount"}, "window": "3 days"}}
    made = shop(
        {"day": "2017-03-05", "amount": -1},
        kpis=[kpi(metric={"dataset": "sales", **last_week})],
    )
    assert refused(made) == ["2017-03-05", "2017-03-06", "2017-03-07"]
    assert "the days that this value rests on: 1" in made.verdicts()["2017-03-07"]["reason"]


@pytest.mark.parametrize(
    ("restates", "taken"), [("7 days", []), (None, ["2017-03-05"])], ids=["restates", "adds"]
)
def test_a_later_file_that_restates_the_day_mends_it(restates, taken):
    made = shop(
        {"day": "2017-03-05", "amount": -1},
        {"day": "2017-03-05", "amount": 1, "hours": 1, "file": "b.csv"},
        restates=restates,
    )
    assert refused(made) == taken


@pytest.mark.parametrize("hours", [-1, 0, 1], ids=lambda hours: f"loaded {hours} hours later")
@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("till_01.csv", "till_02.csv"), []),
        (("till_02.csv", "till_01.csv"), ["2017-03-05"]),  # the bad one holds, as in staging
        (("till.csv", "till-corrected.csv"), []),  # '-' sorts before '.': the ending is cut
    ],
    ids=str,
)
def test_the_name_of_a_file_decides_which_rows_stand_not_when_it_was_loaded(hours, names, taken):
    bad, mended = names
    made = shop(
        {"day": "2017-03-05", "amount": -1, "file": bad},
        {"day": "2017-03-05", "amount": 1, "file": mended, "hours": hours},
        restates="7 days",
    )
    assert refused(made) == taken


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (["id"], ["2017-03-05"]),  # staging keeps the row of id 70, which b.csv does not correct
        ([], []),  # nothing tells rows apart: the day is taken for restated whole
    ],
    ids=["by key", "by day"],
)
def test_a_file_that_corrects_one_row_of_a_day_does_not_restate_the_others(key, taken):
    made = shop(
        {"day": "2017-03-05", "amount": -1, "id": 70},
        {"day": "2017-03-05", "amount": 6, "id": 5, "file": "b.csv"},
        key=key,
        restates="7 days",
    )
    assert refused(made) == taken


def test_a_row_that_a_later_file_moves_to_another_day_stands_there_only():
    made = shop(
        {"day": "2017-03-05", "amount": -1, "id": 70},
        {"day": "2017-03-08", "amount": 1, "id": 70, "file": "b.csv"},
        key=["id"],
        restates="7 days",
    )
    assert refused(made) == []


def test_a_key_that_stands_twice_in_one_file_is_seen_though_staging_keeps_one():
    again = {"day": "2017-03-05", "id": 5}
    assert refused(shop(again, key=["id"], restates="7 days")) == ["2017-03-05"]


def test_a_source_that_restates_may_deliver_an_id_again():
    again = {"day": "2017-03-05", "id": 5, "hours": 1, "file": "b.csv"}
    assert refused(shop(again, restates="7 days")) == []
    assert refused(shop(again)) == ["2017-03-05"]


def test_a_source_without_days_takes_every_period():
    made = shop({"day": "2017-03-05", "amount": -1}, event_time=None, expects=None, arrives=None)
    assert refused(made)[:10] == [f"2017-03-{n:02}" for n in range(1, 11)]
    assert made.verdicts()["2017-03-01"]["reason"] == (
        "The source till holds values that its contract does not allow, whether this KPI reads "
        "them or not; rows with such values that may be of any day: 1 (e.g. amount -1.00, below "
        "0)."
    )


def test_rows_without_a_day_are_told_beside_those_of_the_value():
    made = shop({"day": None, "amount": -1}, {"day": "2017-03-05", "amount": -2})
    told = "such values on the days that this value rests on, or that may be of any day: 2 (e.g."
    assert told in made.verdicts()["2017-03-05"]["reason"]
    assert "such values that may be of any day: 1 (e.g." in made.verdicts()["2017-03-06"]["reason"]


def test_what_lies_after_the_clock_is_not_seen():
    assert refused(shop({"day": "2017-03-12", "amount": -1})) == []


def test_a_kpi_over_kpis_is_withheld_with_its_input():
    growth = kpi("growing", {"growth": {"of": "revenue", "versus": "previous_period"}})
    made = shop({"day": "2017-03-05", "amount": -1}, kpis=[kpi(), growth])
    found = {period: row.short for period, row in made.verdicts("growing").items()}
    inherited = ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert [period for period, short in found.items() if short == inherited] == [
        "2017-03-05", "2017-03-06",
    ]  # fmt: skip
    assert made.verdicts("growing")["2017-03-06"]["root"] == "column:till.amount"
