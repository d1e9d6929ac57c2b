"""An open period is too early to judge, but readers see whether it is on pace (clock: 15 June)."""

import datetime as dt

import pytest

SET = {"from": "2017-01-01", "to": "2017-12-31", "set_by": "sales", "why": "plan"}
RATIO = {
    "metric": {
        "dataset": "orders",
        "ratio": {"numerator": {"sum": "amount"}, "denominator": {"count": "rows"}},
    }
}


def paces(world, period="2017-06"):
    return world.read(
        "SELECT pace_target, pace_target_low, pace_target_high, pace, attainment, target_status "
        f"FROM kpi_values WHERE period = '{period}'"
    )


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        # Half of the month is over.
        ({"targets": [{**SET, "value": 60}]}, 24.0, (30.0, None, None, 0.8)),
        ({"targets": [{**SET, "value": 60}]}, 30.0, (30.0, None, None, 1.0)),
        (
            {"targets": [{**SET, "value": 60}], "direction": "lower_is_better"},
            24.0,
            (30.0, None, None, 1.25),
        ),
        (
            {"targets": [{**SET, "low": 40, "high": 60}], "direction": "in_range"},
            24.0,
            (None, 20.0, 30.0, 1.0),
        ),
        (
            {"targets": [{**SET, "low": 40, "high": 60}], "direction": "in_range"},
            40.0,
            (None, 20.0, 30.0, 0.75),
        ),
        # Half of a month's average order is not half of it.
        ({"targets": [{**SET, "value": 60}], **RATIO}, 24.0, (None, None, None, None)),
        ({}, 24.0, (None, None, None, None)),
    ],
)
def test_half_a_month_should_have_reached_half_of_what_adds_up(world, fields, value, expected):
    world.add_kpi("revenue", **fields)
    world.add_months("revenue", [value, value])
    world.publish()
    status = "too_early" if fields else "no_target"
    assert paces(world) == [(*expected, None, status)]
    assert paces(world, "2017-05")[0][:4] == (None, None, None, None)  # closed: it is judged


def test_days_whose_data_is_not_there_yet_are_not_expected(world):
    world.add_kpi("revenue", targets=[{**SET, "value": 60}])
    world.add_months("revenue", [24.0, 24.0])
    world.con.execute(
        "UPDATE audit.verdicts SET data_through = '2017-06-12' WHERE period = '2017-06'"
    )
    world.publish()
    assert paces(world) == [(24.0, None, None, 1.0, None, "too_early")]


def test_an_unmeasured_open_month_has_no_pace(world):
    world.add_kpi("revenue", targets=[{**SET, "value": 60}])
    world.add_months("revenue", [24.0, None])
    world.publish()
    assert paces(world) == [(None, None, None, None, None, "not_judged")]


def test_a_year_divided_by_last_year_is_paced_by_last_years_shape(world):
    target = {**SET, "cadence": "yearly", "split": "by_last_year", "into": "monthly", "value": 1000}
    world.add_kpi("revenue", cadence=["monthly", "yearly"], targets=[target])
    year_2016 = [0.0, 10.0, 20.0, 30.0, 40.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 80.0]
    world.add_months("revenue", [*year_2016, *[1.0] * 5, 25.0])
    world.add("revenue", "2016", 200.0)
    world.add("revenue", "2017", 275.0, "provisional")
    world.publish()
    # Half of last year's came by May: 500; June's part is 100, and half of June is over: 50.
    # By days alone it would be 1000 x 166 / 365.
    assert paces(world, "2017") == [(550.0, None, None, 0.5, None, "too_early")]
    assert paces(world, "2017-06") == [(50.0, None, None, 0.5, None, "too_early")]


def test_a_year_that_cannot_be_divided_has_no_pace(world):
    target = {**SET, "cadence": "yearly", "split": "by_last_year", "into": "monthly", "value": 1000}
    world.add_kpi("revenue", cadence=["monthly", "yearly"], targets=[target])
    world.add_months("revenue", [1.0] * 6)
    world.add("revenue", "2017", 6.0, "provisional")
    world.publish()
    assert paces(world, "2017") == [(None, None, None, None, None, "too_early")]


def test_after_its_end_the_whole_is_expected_of_a_period_that_is_not_due(world):
    world.as_of = dt.date(2017, 6, 2)
    world.add_kpi("revenue", targets=[{**SET, "value": 60}])
    world.add_months("revenue", [45.0, 1.0])
    world.con.execute("UPDATE audit.verdicts SET due_at = '2017-06-03' WHERE period = '2017-05'")
    world.publish()
    assert paces(world, "2017-05") == [(60.0, None, None, 0.75, None, "too_early")]
