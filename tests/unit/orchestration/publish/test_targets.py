"""Targets as published: what is used in each period, where it comes from, and how it is judged."""

import datetime as dt
import re

import pytest

from tests.copies import REPOSITORY

PAGE = (REPOSITORY / "docs/targets.md").read_text(encoding="utf-8")

SET = {"from": "2017-01-01", "to": "2017-12-31", "set_by": "sales", "why": "plan"}
MONTHLY_2016 = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0]
HALF_2017 = [11.0, 21.0, 33.0, 43.9, 60.0, 20.0]  # the last one is open


def test_the_target_of_every_period_of_the_clocks_year_is_published_with_its_origin(world):
    target = {"from": "2017-04-01", "value": 5, "warning": 4, "set_by": "sales", "why": "plan"}
    world.add_kpi("revenue", targets=[target])
    world.add_months("revenue", [1.0, 2.0])
    world.publish()
    rows = world.read(
        "SELECT period, slice, kind, target, warning, reason, valid_from, valid_to, set_by, why, "
        "base_value, split FROM kpi_targets"
    )
    assert [period for period, *_ in rows] == [f"2017-{month:02}" for month in range(4, 13)]
    assert {tuple(rest) for _, *rest in rows} == {
        ("total", "value", 5.0, 4.0, "", dt.date(2017, 4, 1), None, "sales", "plan", None, None)
    }


def test_a_factor_on_last_year_is_taken_of_the_same_month_by_its_key(world):
    world.add_kpi("revenue", targets=[{**SET, "of_last_year": 1.1, "warning": 1.0}])
    world.add_months("revenue", MONTHLY_2016 + HALF_2017)
    world.publish()
    # 11 is exactly 1.1 x 10 on paper, and 33 of 30, though DOUBLE makes 33.00000000000001 of that.
    assert world.read(
        "SELECT period, target, target_status, attainment FROM kpi_values WHERE period > '2017'"
    ) == [
        ("2017-01", 11.0, "on_target", 1.0),
        ("2017-02", 22.0, "warning", pytest.approx(21 / 22)),
        ("2017-03", 33.0, "on_target", 1.0),
        ("2017-04", 44.0, "warning", pytest.approx(43.9 / 44)),
        ("2017-05", 55.0, "exceeded", pytest.approx(60 / 55)),
        ("2017-06", 66.0, "too_early", None),
    ]
    assert world.read(
        "SELECT base_kpi, base_period, base_value, factor, target, warning FROM kpi_targets "
        "WHERE period = '2017-12'"
    ) == [("revenue", "2016-12", 120.0, 1.1, 132.0, 120.0)]


def test_a_target_that_rests_on_something_unmeasured_is_no_target_and_says_why(world):
    months = [None, 0.0, -5.0, *MONTHLY_2016[3:]]
    world.add_kpi("revenue", targets=[{**SET, "of_last_year": 1.1}])
    world.add_months("revenue", [*months[1:], *HALF_2017])  # from February 2016 on
    world.con.execute("UPDATE kpi.kpi_revenue SET value = 44 WHERE period = '2016-04'")
    world.con.execute(
        "UPDATE audit.verdicts SET data_status = 'unmeasurable', reason_codes = 'NO_ROWS', "
        "reason = 'No rows.' WHERE period = '2016-04'"  # computed, but not believed
    )
    world.publish()
    assert world.read(
        "SELECT t.period, t.target, t.reason, v.target, v.target_status, v.attainment "
        "FROM kpi_targets AS t LEFT JOIN kpi_values AS v USING (kpi, cadence, period) LIMIT 5"
    ) == [
        ("2017-01", None, "Nothing is published of revenue for 2016-01.", None, "no_target", None),
        (
            "2017-02", None,
            "revenue was not above zero in 2016-02; a factor on that is no target.",
            None, "no_target", None,
        ),
        (
            "2017-03", None,
            "revenue was not above zero in 2016-03; a factor on that is no target.",
            None, "no_target", None,
        ),
        (
            "2017-04", None, "revenue has no value for 2016-04 (unmeasurable, NO_ROWS).",
            None, "no_target", None,
        ),
        ("2017-05", 55.0, "", 55.0, "exceeded", pytest.approx(60 / 55)),
    ]  # fmt: skip


def test_the_target_may_be_another_kpis_value_of_the_same_period_and_slice(world):
    world.add_kpi("standard", grain=[[], ["channel"]])
    world.add_months("standard", [10.0, None, 8.0, 9.0])
    world.add_months("standard", [1.0, 1.0, 1.0, 1.0], slice=("channel", "web"))
    world.con.execute(
        "UPDATE audit.verdicts SET due_at = '2017-06-20' WHERE kpi = 'standard' "
        "AND slice = 'total' AND period = '2017-05'"
    )
    target = {**SET, "kpi": "standard", "warning": 0.9}
    world.add_kpi("branch", grain=[[], ["channel"]], targets=[target])
    world.add_months("branch", [9.0, 9.0, 9.0, 9.0])
    world.add_months("branch", [9.0, 9.0, 9.0, 9.0], slice=("channel", "web"))
    world.publish()
    assert world.read(
        "SELECT period, target, target_status FROM kpi_values "
        "WHERE kpi = 'branch' AND slice = 'total'"
    ) == [
        ("2017-03", 10.0, "warning"),
        ("2017-04", None, "no_target"),
        ("2017-05", None, "no_target"),
        ("2017-06", None, "no_target"),  # half a month of the other one is no target
    ]
    assert world.read(
        "SELECT period, reason FROM kpi_targets WHERE period BETWEEN '2017-04' AND '2017-07'"
    ) == [
        ("2017-04", "standard has no value for 2017-04 (unmeasurable, NO_ROWS)."),
        ("2017-05", "standard for 2017-05 is not due yet."),
        ("2017-06", "standard for 2017-06 is not due yet."),
        ("2017-07", "Nothing is published of standard for 2017-07."),
    ]
    assert world.read(
        "SELECT count(*) FROM kpi_values WHERE kpi = 'branch' AND slice = 'channel' "
        "AND target IS NOT NULL"
    ) == [(0,)]


def test_a_month_without_a_target_is_left_out_of_the_totals_attainment(world):
    """Trap 2: sales of 100, 66, 20 and 0 against 190, 100, nothing and 100."""
    targets = [
        {"from": day, "to": day, "value": value, "set_by": "sales", "why": "plan"}
        for day, value in [("2017-01-01", 190), ("2017-02-01", 100), ("2017-04-01", 100)]
    ]
    world.add_kpi("revenue", targets=targets)
    world.add_months("revenue", [100.0, 66.0, 20.0, 0.0], last="2017-04")
    world.add("revenue", "2017-05", 7.0)
    world.add("revenue", "2017-06", 7.0, "provisional")
    world.publish()
    assert world.read(
        "SELECT period, target, attainment, target_status FROM kpi_values LIMIT 5"
    ) == [
        ("2017-01", 190.0, pytest.approx(100 / 190), "off_target"),
        ("2017-02", 100.0, 0.66, "off_target"),
        ("2017-03", None, None, "no_target"),
        ("2017-04", 100.0, 0.0, "off_target"),  # no sales against a target: 0 %, not nothing
        ("2017-05", None, None, "no_target"),
    ]
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
    ((attainment,),) = world.read(query)
    assert attainment == pytest.approx(166 / 390)


def test_a_slices_target_rests_on_the_slices_own_last_year(world):
    factor = {**SET, "where": {"channel": "web"}, "of_last_year": 2}
    parts = {**SET, "cadence": "yearly", "value": 120, "split": "by_last_year", "into": "monthly"}
    for kpi, target in (("factor", factor), ("parts", {**parts, "where": {"channel": "web"}})):
        world.add_kpi(kpi, grain=[[], ["channel"]], targets=[target])
        world.add_months(kpi, [100.0] * 18)
        world.add_months(kpi, [*[1.0, 2.0] * 6, *[5.0] * 6], slice=("channel", "web"))
    world.publish()
    assert world.read(
        "SELECT kpi, slice_value, period, target FROM kpi_values "
        "WHERE period IN ('2017-01', '2017-02') ORDER BY ALL"
    ) == [
        ("factor", "total", "2017-01", None),
        ("factor", "total", "2017-02", None),
        ("factor", "web", "2017-01", 2.0),
        ("factor", "web", "2017-02", 4.0),
        ("parts", "total", "2017-01", None),
        ("parts", "total", "2017-02", None),
        ("parts", "web", "2017-01", 6.67),  # 120 x 1 / 18
        ("parts", "web", "2017-02", 13.33),
    ]


def test_beside_a_factor_the_warning_is_one_too_where_less_is_better(world):
    """Costs of 100 a year ago, to fall by a tenth, and not to rise by more than a twentieth."""
    target = {**SET, "of_last_year": 0.9, "warning": 1.05}
    world.add_kpi("costs", direction="lower_is_better", targets=[target])
    world.add_months("costs", [*[100.0] * 12, 89.9, 90.0, 105.0, 105.1, 200.0, 1.0])
    world.publish()
    assert world.read("SELECT period, target_status FROM kpi_values WHERE period > '2017'")[:4] == [
        ("2017-01", "exceeded"),
        ("2017-02", "on_target"),
        ("2017-03", "warning"),
        ("2017-04", "off_target"),
    ]
