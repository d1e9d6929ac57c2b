"""Natural process limits and what they say, on worlds whose numbers a person can check."""

import random
from itertools import pairwise

import pandas as pd
import pytest

UP, DOWN, BAND = "higher_is_better", "lower_is_better", "in_range"
# Mean 32.5; moving ranges 40, 10, 10, 20, 40, 10, 10: mean 20; limits 32.5 +- 2.66 x 20.
EIGHT = [10.0, 50.0, 40.0, 30.0, 10.0, 50.0, 40.0, 30.0]
# Mean 15, every moving range 10; limits 15 +- 26.6, half way to them 13.3.
STEADY = [20.0, 10.0] * 8


def close(*numbers):
    return tuple(pytest.approx(number) for number in numbers)


def newest_signal(world, values, **fields):
    """The signal and its rule of the last closed month, May 2017; June is open."""
    world.add_kpi("revenue", **fields)
    world.add_months("revenue", [*values, 1.0])
    world.publish()
    rows = world.read("SELECT period, signal, signal_rule FROM kpi_revenue ORDER BY 1 DESC LIMIT 2")
    assert rows[0] == ("2017-06", None, None)  # open: no point yet
    return rows[1][1:]


def test_limits_are_those_of_the_points_before(world):
    """Trap 21: 10, 50, 40, 30."""
    world.add_kpi("revenue")
    world.add_months("revenue", [10.0, 50.0, 40.0, 30.0, 900.0, 1.0])
    world.publish()
    rows = world.read(
        "SELECT period, centre_line, upper_limit, lower_limit, moving_range_limit, limit_points, "
        "signal_basis, signal FROM kpi_revenue ORDER BY period"
    )
    assert rows[4] == (
        "2017-05", *close(32.5, 85.7, -20.7, 65.36), 4, "values", "too_few_points",
    )  # fmt: skip
    # Three points have two moving ranges: too few for a limit.
    assert rows[3][1:] == (None, None, None, None, 3, "values", "too_few_points")


@pytest.mark.parametrize(
    ("values", "direction", "signal", "rule"),
    [
        ([*EIGHT, 85.7], UP, "none", None),
        ([*EIGHT, 85.71], UP, "improving", "outside_limits"),
        ([*EIGHT, 85.71], DOWN, "concerning", "outside_limits"),
        ([*EIGHT, -20.71], UP, "concerning", "outside_limits"),
        ([*EIGHT, -20.71], DOWN, "improving", "outside_limits"),
        ([*EIGHT, -20.7], UP, "none", None),
        ([*EIGHT[1:], 900.0], UP, "too_few_points", None),
        ([0.1] * 9, UP, "none", None),  # the mean of eight times 0.1 is not 0.1 to the last bit
    ],
)
def test_a_point_outside_the_limits_is_a_signal(world, values, direction, signal, rule):
    assert newest_signal(world, values, direction=direction) == (signal, rule)


@pytest.mark.parametrize(
    ("last", "signal", "rule"),
    [
        # Before the last: mean 310 / 18, mean range 175 / 17, so half way is 13.7 from 17.2.
        ([35.0, 35.0, 35.0], "improving", "near_limit"),
        ([35.0, 35.0], "none", None),
        ([35.0, 35.0, 10.0, 35.0], "improving", "near_limit"),  # three of four
        ([35.0, 35.0, 35.0, 10.0], "none", None),  # the point itself has come back
        ([35.0, 10.0, 10.0, 35.0], "none", None),
        ([-5.0, -5.0, -5.0], "concerning", "near_limit"),
        ([35.0, 35.0, -5.0, 35.0], "improving", "near_limit"),  # on one side
        ([35.0, -5.0, -5.0, 35.0], "none", None),
        ([35.0, None, 35.0, 35.0], "none", None),  # not consecutive
    ],
)
def test_three_of_four_points_nearer_to_a_limit_are_a_signal(world, last, signal, rule):
    assert newest_signal(world, [*STEADY, *last]) == (signal, rule)


@pytest.mark.parametrize(
    ("last", "signal", "rule"),
    [
        # The centre line stands at 276 / 17 = 16.2 before the eighth of them.
        ([18.0] * 8, "improving", "run_of_eight"),
        ([18.0] * 7, "none", None),
        ([12.0, *[11.0] * 7], "concerning", "run_of_eight"),
        ([18.0] * 3 + [None] + [18.0] * 5, "none", None),
        ([18.0] * 3 + [10.0] + [18.0] * 5, "none", None),
    ],
)
def test_eight_points_on_one_side_are_a_signal(world, last, signal, rule):
    assert newest_signal(world, [*STEADY[:10], *last]) == (signal, rule)


def test_no_moving_range_spans_a_gap(world):
    world.add_kpi("revenue")
    world.add_months("revenue", [10.0, 50.0, None, 90.0, 100.0, 110.0, 1.0, 1.0])
    world.publish()
    # Points 10, 50, 90, 100, 110: ranges 40, 10 and 10, not 40 (from 50 to 90) as well.
    assert world.read(
        "SELECT centre_line, moving_range_limit, limit_points FROM kpi_revenue "
        "WHERE period = '2017-05'"
    ) == [(*close(72.0, 3.268 * 20), 5)]


def test_later_values_change_nothing_in_the_limits_and_signals_before_them(world):
    for kpi, later in (("calm", [30.0, 30.0]), ("wild", [9e6, -9e6])):
        world.add_kpi(kpi)
        world.add_months(kpi, [*EIGHT, 20.0, 90.0, *later, 1.0])
    world.publish()
    columns = "period, centre_line, lower_limit, upper_limit, moving_range_limit, signal"
    calm, wild = (
        world.read(f"SELECT {columns} FROM kpi_{kpi} WHERE period <= '2017-03' ORDER BY period")
        for kpi in ("calm", "wild")
    )
    assert calm == wild
    assert [signal for *_, signal in calm] == ["too_few_points"] * 8 + ["none", "improving"]


@pytest.mark.parametrize(
    ("difference", "signal"), [(41.6, "none"), (41.7, "improving"), (-11.7, "concerning")]
)
def test_a_season_is_no_signal_a_year_is_compared_with_the_year_before(world, difference, signal):
    """January is 100, December 1,200; each month lies 20 or 10 above the same one a year before."""
    year_2015 = [100.0 * month for month in range(1, 13)]
    year_2016 = [value + rise for value, rise in zip(year_2015, [20.0, 10.0] * 6, strict=True)]
    early_2017 = [value + rise for value, rise in zip(year_2016, [20.0, 10.0] * 2, strict=False)]
    world.add_kpi("revenue")
    may = 520 + difference
    world.add_months("revenue", [*year_2015, *year_2016, *early_2017, may, 1.0])
    world.publish()
    # The sixteen differences have mean 15 and ranges of 10; they stand on May 2016: 520.
    assert world.read(
        "SELECT signal_basis, centre_line, lower_limit, upper_limit, limit_points, signal "
        "FROM kpi_revenue WHERE period = '2017-05'"
    ) == [("year_ago", *close(535, 508.4, 561.6), 16, signal)]
    # With eight differences before it September 2016 is the first to be compared so.
    assert world.read(
        "SELECT period, signal_basis FROM kpi_revenue WHERE period IN ('2016-08', '2016-09') "
        "ORDER BY period"
    ) == [("2016-08", "values"), ("2016-09", "year_ago")]


def test_where_the_year_before_is_unmeasurable_the_values_themselves_are_looked_at(world):
    values = [100.0, 110.0] * 14
    world.add_kpi("revenue")
    world.add_months("revenue", [*values[:15], None, *values[16:], 1.0])  # May 2016: the 16th
    world.publish()
    assert world.read(
        "SELECT period, signal_basis FROM kpi_revenue WHERE period > '2017-03' ORDER BY period"
    ) == [("2017-04", "year_ago"), ("2017-05", "values"), ("2017-06", "year_ago")]


@pytest.mark.parametrize(
    ("low", "high", "value", "signal"),
    [
        (100, 120, 90.0, "improving"),  # nearer to the band than the centre line, 32.5
        (100, 120, 110.0, "improving"),
        (30, 35, 90.0, "concerning"),
        (30, 35, -30.0, "concerning"),
        (20, 100, 90.0, "none"),  # inside, as before
        (None, None, 90.0, "concerning"),  # nobody can say that it is good
    ],
)
def test_a_signal_of_a_band_is_good_towards_it(world, low, high, value, signal):
    band = {"from": "2017-01-01", "low": low, "high": high, "set_by": "sales", "why": "w"}
    targets = [] if low is None else [band]
    said, _ = newest_signal(world, [*EIGHT, value], direction=BAND, targets=targets)
    assert said == signal


def test_limits_of_random_series_are_those_of_pandas(world):
    dice = random.Random(7)
    series = {}
    for number in range(6):
        values = [dice.choice([None, dice.gauss(100, 20), dice.gauss(100, 20)]) for _ in range(19)]
        values[0] = 100.0
        series[f"random_{number}"] = values
        world.add_kpi(f"random_{number}")
        world.add_months(f"random_{number}", [*values, 1.0])
    world.publish()
    for kpi, values in series.items():
        points = pd.Series([*values, None], dtype=float)  # the open month is none
        ranges = points.diff().abs()
        known = ranges.expanding().count().shift() >= 3
        mean = ranges.expanding().mean().shift().where(known)
        centre = points.expanding().mean().shift().where(known)
        expected = pd.DataFrame(
            {
                "centre_line": centre,
                "lower_limit": centre - 2.66 * mean,
                "upper_limit": centre + 2.66 * mean,
                "moving_range_limit": 3.268 * mean,
            }
        )
        rows = world.read(f"SELECT {', '.join(expected)} FROM kpi_{kpi} ORDER BY period")
        found = pd.DataFrame(rows, columns=list(expected), dtype=float)
        pd.testing.assert_frame_equal(found, expected)


def rule_of(points, index):
    """Wheeler's rules read point by point, gaps as None: an independent second reading."""
    before = [value for value in points[:index] if value is not None]
    pairs = [pair for pair in pairwise(points[:index]) if None not in pair]
    if points[index] is None or len(before) < 8 or len(pairs) < 3:
        return None
    centre = sum(before) / len(before)
    reach = 2.66 * sum(abs(one - other) for one, other in pairs) / len(pairs)
    side = 1 if points[index] > centre else -1

    def lie_beyond(distance, periods):
        last = points[index - periods + 1 : index + 1]
        return None not in last and sum((p - centre) * side > distance for p in last)

    if abs(points[index] - centre) > reach:
        return "outside_limits"
    if abs(points[index] - centre) > reach / 2 and lie_beyond(reach / 2, 4) >= 3:
        return "near_limit"
    return "run_of_eight" if lie_beyond(0, 8) == 8 else None


def test_the_rules_on_random_walks_are_those_of_a_reading_by_hand(world):
    dice = random.Random(3)
    series = {}
    for number in range(12):
        level, values = 100.0, []
        for _ in range(29):
            level += dice.gauss(0, 6)
            values.append(None if dice.random() < 0.03 else level + dice.gauss(0, 4))
        series[f"walk_{number}"] = [values[0] or 100.0, *values[1:]]
        world.add_kpi(f"walk_{number}")
        world.add_months(f"walk_{number}", [*series[f"walk_{number}"], 1.0])
    world.publish()
    found, expected, bases = [], [], set()
    for kpi, values in series.items():
        rows = world.read(f"SELECT signal_rule, signal_basis FROM kpi_{kpi} ORDER BY period")
        for index, (rule, basis) in enumerate(rows[:-1]):
            found.append(rule)
            bases.add(basis)
            differences = [
                None
                if index < 12 or None in (value, values[index - 12])
                else value - values[index - 12]
                for index, value in enumerate(values)
            ]
            earlier = [value for value in differences[:index] if value is not None]
            seasonal = index >= 12 and values[index - 12] is not None and len(earlier) >= 8
            assert basis == ("year_ago" if seasonal else "values")
            expected.append(rule_of(differences if seasonal else values, index))
    assert found == expected
    assert set(found) == {None, "outside_limits", "near_limit", "run_of_eight"}
    assert bases == {"values", "year_ago"}


@pytest.mark.parametrize(
    ("days", "signal"),
    [
        ({"to_date": "year"}, None),  # rises whatever happens
        ({"window": "29 days"}, None),  # February would take a day of January's
        ({"window": "28 days"}, "improving"),
        ({"to_date": "month"}, "improving"),
    ],
)
def test_periods_that_share_days_with_the_one_before_are_no_points(world, days, signal):
    metric = {"dataset": "orders", "cumulative": {"of": {"sum": "amount"}, **days}}
    rule = "outside_limits" if signal else None
    assert newest_signal(world, [*EIGHT, 85.71], metric=metric) == (signal, rule)
