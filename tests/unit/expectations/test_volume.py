"""Days with an unusual number of rows: the value stands, with a warning to the source's owner.

Twenty rows a day from Monday 2 January 2017 to Friday 10 March, the clock on Saturday the 11th;
each test changes some days.
"""

import datetime as dt
from typing import Any

import duckdb
import pytest
from small_warehouse import AS_OF, Warehouse, dataset, kpi, project, source

from expectations.volume_facts import write_volume_facts

FIRST, LAST = dt.date(2017, 1, 2), dt.date(2017, 3, 10)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def unusual(
    rows: dict[str, int], usual: int = 20, *, as_of: dt.date = AS_OF, within: int = 1,
    covers: str = "day",
) -> list[str]:  # fmt: skip
    """Days that are told; `rows` by day, the others have `usual` of them."""
    with duckdb.connect() as con:
        con.execute("create temp table spec_clock as select ?::date as as_of", [as_of])
        con.execute(
            "create temp table spec_sources as select 'till' as source, ? as covers, "
            "?::date as promised",
            [covers, as_of - dt.timedelta(days=within)],
        )
        con.execute(
            "create temp table source_days (source varchar, business_date date, row_count bigint)"
        )
        con.executemany(
            "insert into source_days values ('till', ?, ?)",
            [[day, rows.get(str(day), usual)] for day in DAYS if day <= as_of],
        )
        write_volume_facts(con)
        found = con.execute("select business_date from volume_days order by all").fetchall()
    return [str(day) for (day,) in found]


@pytest.mark.parametrize(
    ("usual", "rows"), [(20, 43), (20, 500), (120, 59), (120, 1), (1000, 2001), (1000, 499)]
)
def test_a_day_with_far_more_or_fewer_rows_than_the_same_weekdays_is_unusual(usual, rows):
    assert unusual({"2017-03-08": rows}, usual) == ["2017-03-08"]


@pytest.mark.parametrize(
    ("usual", "rows"),
    [
        (1000, 2000), (1000, 500),  # not more than twice, nor less than half
        (20, 42), (20, 1),  # five times the root of 20 is 22.4
        (9, 900),  # too few to tell
    ],
)  # fmt: skip
def test_a_day_near_the_usual_is_not(usual, rows):
    assert unusual({"2017-03-08": rows}, usual) == []


def test_weekdays_are_compared_with_their_like():
    sundays = {str(day): 200 for day in DAYS if day.weekday() == 6}
    assert unusual(sundays) == []
    assert unusual({**sundays, "2017-03-06": 200}) == ["2017-03-06"]


def test_days_that_differ_much_by_nature_are_not_told():
    # Before 8 March there are Wednesdays of 20 and of 100, four of each among the last eight: their
    # median is 60, the median deviation from it 40, and five times that, as of a normal one, 297.
    numbers = [100, 20, 100, 20, 100, 20, 100, 20, 100]
    days = {str(FIRST + dt.timedelta(days=2 + 7 * n)): rows for n, rows in enumerate(numbers)}
    assert sorted(numbers[1:]) == [20] * 4 + [100] * 4
    assert "2017-03-08" not in unusual({**days, "2017-03-08": 356})
    assert "2017-03-08" in unusual({**days, "2017-03-08": 358})


def test_what_comes_every_month_is_no_news_whatever_its_weekday():
    # A Thursday and a Monday of 200 rows, where other days have 20; then a Wednesday of 290, and of
    # 310, which is half as far again as those.
    months = {"2017-02-02": 200, "2017-02-20": 200}
    assert unusual({**months, "2017-03-08": 290}) == [*months]
    assert unusual({**months, "2017-03-08": 310}) == [*months, "2017-03-08"]
    assert unusual({"2017-02-02": 200, "2017-03-08": 200}) == ["2017-02-02", "2017-03-08"]


def test_of_a_stretch_that_goes_on_the_days_are_told_until_it_is_no_news():
    # On 23 February the 14th and the 15th are more than a week ago.
    stretch = {f"2017-02-{day:02}": 100 for day in range(14, 29)}
    assert unusual(stretch) == [f"2017-02-{day:02}" for day in range(14, 23)]


def test_the_first_four_weeks_say_what_is_usual():
    assert unusual({"2017-01-29": 200, "2017-01-30": 200}) == ["2017-01-30"]


@pytest.mark.parametrize(("within", "told"), [(2, ["2017-03-09"]), (3, [])])
def test_a_day_that_is_not_promised_yet_is_not_counted(within, told):
    assert unusual({"2017-03-09": 200}, within=within) == told


def test_rows_that_cover_a_month_are_of_no_weekday():
    assert unusual({"2017-03-08": 500}, covers="month") == []


def test_time_alone_changes_nothing_of_a_day():
    days = {"2017-02-14": 200, "2017-02-21": 200, "2017-03-07": 5}
    for as_of in ("2017-02-15", "2017-02-22", "2017-03-08", "2017-03-11"):
        told = unusual(days, usual=50, as_of=dt.date.fromisoformat(as_of))
        assert told == [day for day in days if day < as_of]


def shop(rows: dict[str, int], kpis: Any = None, **of_source: Any) -> Warehouse:
    """The same as a warehouse whose KPIs are computed and judged."""
    changed = ", ".join(f"('{day}', {count})" for day, count in rows.items())
    specs = project(
        kpis=kpis,
        sources=[source(**of_source)],
        datasets=[dataset(dimensions=[], key=["day", "number"])],
        history_from=FIRST,
    )
    made = Warehouse(specs)
    made.load()
    made.fill_raw(
        "till",
        f"""
        select day, unnest(range(coalesce(rows, 20))) as number, 1 as amount
        from (
            select cast(unnest(range(date '{FIRST}', date '{LAST}' + 1, interval 1 day)) as date)
                as day
        )
        left join (values {changed}) as changed(on_day, rows) on on_day = cast(day as varchar)
        """,
    )
    made.compute(fct_sales="select * from raw.till")
    made.judge()
    return made


def test_a_value_is_published_with_the_warning_and_alerts_for_a_week():
    growth = kpi("growing", {"growth": {"of": "revenue", "versus": "previous_period"}})
    weekly = kpi("weekly", cadence=["weekly"])
    days = {"2017-02-13": 300, "2017-03-02": 95, "2017-03-04": 99, "2017-03-05": 200}
    made = shop({**days, "2017-03-08": 0}, [kpi(), growth, weekly])
    found = made.verdicts()
    assert {
        period: row.short for period, row in found.items()
        if period in days or row["data_status"] == "unmeasurable"
    } == {
        **dict.fromkeys(days, ("final", "VOLUME_ANOMALY")),
        # No row at all is a matter of completeness.
        "2017-03-08": ("unmeasurable", "PERIOD_INCOMPLETE,NO_ROWS"),
    }  # fmt: skip
    assert found["2017-03-05"]["reason"] == (
        "The source till has an unusual number of rows on 2017-03-05: 200, where the same weekdays "
        "before have 20; such days that this value takes: 1. It is as measured."
    )
    assert {found[day]["party"] for day in days} == {"till_owner"}
    assert [found[day]["root"] for day in days] == ["", "", "", "source:till"]  # of the last week

    seen = made.con.execute(
        "select period, observed from audit.checks where check_name = 'rows_are_as_many_as_usual' "
        "and kpi = 'revenue' and period in ('2017-03-05', '2017-03-06') order by period"
    ).fetchall()
    assert seen == [
        ("2017-03-05", "1 unusual days of till, 200 rows on 2017-03-05, usually 20"),
        ("2017-03-06", "0 unusual days"),
    ]

    week = made.verdicts("weekly")["2017-W09"]  # 27 February to 5 March
    assert week.short == ("final", "VOLUME_ANOMALY")
    assert "on 2017-03-05: 200, where the same weekdays before have 20; such days" in week["reason"]
    assert "that this value takes: 3. It is as measured." in week["reason"]
    # What is computed from it, or compared with it, carries the warning, of the same incident.
    grown = made.verdicts("growing")
    assert {day: grown[day].short[1] for day in ("2017-03-03", "2017-03-05", "2017-03-06")} == {
        "2017-03-03": "VOLUME_ANOMALY", "2017-03-05": "VOLUME_ANOMALY",
        "2017-03-06": "VOLUME_ANOMALY",
    }  # fmt: skip
    assert grown["2017-03-07"].short == ("final", "")
    assert grown["2017-03-06"]["reason"] == (
        "It is computed from revenue, and of its value for 2017-03-05 there is a warning: "
        + found["2017-03-05"]["reason"]
    )
    told = [(grown[day]["party"], grown[day]["root"]) for day in ("2017-03-03", "2017-03-06")]
    assert told == [("till_owner", ""), ("till_owner", "source:till")]


DOUBLED = kpi("doubled", {"derived": {"formula": "2 * g", "inputs": {"g": {"kpi": "growing"}}}})


def test_a_warning_is_passed_on_from_kpi_to_kpi_with_the_cause_that_it_began_with():
    growing = kpi("growing", {"growth": {"of": "revenue", "versus": "previous_period"}})
    made = shop({"2017-03-01": 200, "2017-03-06": 200}, [kpi(), growing, DOUBLED])
    found = made.verdicts("doubled")
    # Each such day, and the one that is compared with it.
    warned = [day for day, row in found.items() if row.short == ("final", "VOLUME_ANOMALY")]
    assert warned == ["2017-03-01", "2017-03-02", "2017-03-06", "2017-03-07"]
    told = found["2017-03-07"]
    assert told["reason"] == (
        "It is computed from growing, and of its value for 2017-03-07 there is a warning: It is "
        "computed from revenue, and of its value for 2017-03-06 there is a warning: The source "
        "till has an unusual number of rows on 2017-03-06: 200, where the same weekdays before "
        "have 20; such days that this value takes: 1. It is as measured."
    )
    assert (told["party"], told["root"]) == ("till_owner", "source:till")


def test_an_input_without_a_value_is_told_and_not_the_warning_of_another():
    inputs = {"a": {"kpi": "revenue"}, "b": {"kpi": "large"}}
    both = kpi("both", {"derived": {"formula": "a + b", "inputs": inputs}})
    large = kpi("large", availability={"valid_range": [0, 100]})
    made = shop({"2017-03-06": 200}, [kpi(), large, both])
    assert made.verdicts("large")["2017-03-06"].short == ("unmeasurable", "VALUE_INVALID")
    told = made.verdicts("both")["2017-03-06"]
    assert told.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert told["reason"].startswith("It is computed from large, which has no value for 2017-03-06")


def test_the_check_of_the_inputs_says_how_many_are_unusual_and_in_which_period():
    growing = kpi("growing", {"growth": {"of": "revenue", "versus": "previous_period"}})
    made = shop({"2017-03-06": 200, "2017-03-07": 200}, [kpi(), growing])
    checks = made.con.execute(
        "select period, observed, verdict from audit.checks where kpi = 'growing' "
        "and check_name = 'inputs_are_as_usual' and period >= '2017-03-05' order by all limit 4"
    ).fetchall()
    assert checks == [
        ("2017-03-05", "0 with a warning", "pass"),
        ("2017-03-06", "1 with a warning 2017-03-06", "fail"),
        ("2017-03-07", "2 with a warning 2017-03-07", "fail"),
        ("2017-03-08", "1 with a warning 2017-03-07", "fail"),
    ]


def test_of_a_period_without_a_value_only_the_reason_is_told():
    limited = {"day": {"type": "date"}, "amount": {"type": "integer", "max": 0}}
    made = shop({"2017-03-08": 300}, columns=limited)
    assert made.verdicts()["2017-03-08"].short == ("unmeasurable", "DOMAIN_VIOLATION")
