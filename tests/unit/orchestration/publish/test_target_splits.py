"""A divided target: its parts add up to it exactly, or there are none and the reason is told."""

from decimal import Decimal

SET = {"from": "2017-01-01", "to": "2017-12-31", "set_by": "sales", "why": "plan"}
YEARLY = {**SET, "cadence": "yearly", "into": "monthly"}
MONTHS_2016 = [0.0, 10.0, 20.0, 30.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0]


def parts(world, kpi="revenue", amount="target"):
    rows = world.read(
        f"SELECT {amount} FROM kpi_targets WHERE kpi = '{kpi}' AND kind = 'split' "
        "ORDER BY cadence, period_start"
    )
    return [value for (value,) in rows]


def exact(values):
    return sum(Decimal(repr(value)) for value in values)


def test_equal_parts_differ_by_a_cent_at_most_and_the_earlier_ones_take_it(world):
    target = {**YEARLY, "split": "equal", "value": 1000, "warning": 900}
    world.add_kpi("revenue", cadence=["monthly", "yearly"], targets=[target])
    world.add_months("revenue", [83.33, 83.33], last="2017-05")
    world.add("revenue", "2017-06", 1.0, "provisional")
    world.add("revenue", "2017", 200.0, "provisional")
    world.publish()
    assert parts(world) == [83.34] * 4 + [83.33] * 8
    assert exact(parts(world)) == 1000
    assert parts(world, amount="warning") == [75.0] * 12
    assert world.read(
        "SELECT cadence, period, target, target_status FROM kpi_values WHERE period <> '2017-06'"
    ) == [
        ("monthly", "2017-04", 83.34, "warning"),
        ("monthly", "2017-05", 83.33, "on_target"),
        ("yearly", "2017", 1000.0, "too_early"),
    ]
    assert world.read(
        "SELECT kind, split, whole_cadence, whole_period, whole_target, base_kpi, reason "
        "FROM kpi_targets WHERE period = '2017-12'"
    ) == [("split", "equal", "yearly", "2017", 1000.0, None, "")]


def test_parts_by_days_follow_the_length_of_the_month(world):
    world.add_kpi("revenue", targets=[{**YEARLY, "split": "by_days", "value": 365}])
    world.add_months("revenue", [1.0, 1.0])
    world.publish()
    assert parts(world) == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_the_yearly_target_of_a_kpi_without_yearly_values_is_published_in_its_parts_only(world):
    world.add_kpi("revenue", targets=[{**YEARLY, "split": "by_days", "value": 365}])
    world.add_months("revenue", [1.0, 1.0])
    world.publish()
    assert world.read("SELECT DISTINCT cadence, whole_target FROM kpi_targets") == [
        ("monthly", 365.0)
    ]


def test_a_month_is_divided_into_its_days(world):
    target = {**SET, "cadence": "monthly", "split": "equal", "into": "daily", "value": 0.1}
    world.add_kpi("revenue", cadence=["daily", "monthly"], targets=[target])
    world.add_months("revenue", [1.0, 1.0])
    for day in range(1, 16):
        world.add("revenue", f"2017-06-{day:02}", 1.0)
    world.publish()
    # 0.1 is 10,000 steps of 0.00001; each of 28 days has 357 of them, 4 are left.
    february = world.read(
        "SELECT target FROM kpi_targets WHERE whole_period = '2017-02' ORDER BY period"
    )
    assert [value for (value,) in february] == [0.00358] * 4 + [0.00357] * 24
    assert exact(value for (value,) in february) == Decimal("0.1")


def test_parts_by_last_year_have_its_shape(world):
    world.add_kpi("revenue", targets=[{**YEARLY, "split": "by_last_year", "value": 1000}])
    world.add_months("revenue", [*MONTHS_2016, *[1.0] * 6])
    world.publish()
    assert parts(world) == [0, 50, 100, 150, 200, 0, 0, 0, 0, 0, 0, 500]
    assert world.read(
        "SELECT base_kpi, base_period, base_value FROM kpi_targets WHERE period = '2017-12'"
    ) == [("revenue", "2016-12", 100.0)]
    assert world.read("SELECT target, attainment FROM kpi_values WHERE period = '2017-01'") == [
        (0.0, None)  # of a target of zero no share can be reached
    ]


def refused(world, months_2016, reason):
    world.add_kpi("revenue", targets=[{**YEARLY, "split": "by_last_year", "value": 1000}])
    world.add_months("revenue", [*months_2016, *[1.0] * 6])
    world.publish()
    assert world.read("SELECT DISTINCT target, reason FROM kpi_targets") == [(None, reason)]
    assert world.read("SELECT DISTINCT target, target_status FROM kpi_values WHERE value > 0") == [
        (None, "no_target")
    ]


def test_an_unmeasurable_month_of_last_year_leaves_no_part(world):
    months = [*MONTHS_2016[:6], None, None, *MONTHS_2016[8:]]
    refused(
        world, months,
        "Not divided by last year: revenue has no value for 2016-07 (unmeasurable, NO_ROWS).",
    )  # fmt: skip


def test_a_month_of_last_year_that_was_never_published_leaves_no_part(world):
    refused(
        world, MONTHS_2016[1:],
        "Not divided by last year: Nothing is published of revenue for 2016-01.",
    )  # fmt: skip


def test_a_month_of_last_year_below_zero_leaves_no_part(world):
    months = [*MONTHS_2016[:6], -2.0, -1.0, *MONTHS_2016[8:]]
    refused(world, months, "Not divided by last year: revenue was below zero in 2016-07.")


def test_a_year_of_zeros_has_no_shape(world):
    refused(world, [0.0] * 12, "Not divided by last year: all of it was zero.")
