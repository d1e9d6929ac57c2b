"""What history says of a target. The process: 10 and 12 in turn, so 11 plus and minus 5.32."""

import datetime as dt

import pytest

from orchestration.audit import Wanted, feasibilities, try_target
from orchestration.audit.feasibility import judge_target
from tests.unit.orchestration.audit.publication import AS_OF, Publication

PLACE = ("orders", "monthly", "total", "total")
TURNS = [(f"2017-{month:02}", 10.0 if month % 2 else 12.0) for month in range(1, 9)]  # 8 months

CASES = [
    # direction, wanted, met of 8, outside, best, demands, says
    ("higher_is_better", Wanted(5), 8, 0, 12, 5 / 12 - 1, "always"),
    ("higher_is_better", Wanted(12), 4, 0, 12, 0, "sometimes"),  # met exactly is met
    ("higher_is_better", Wanted(15), 0, 0, 12, 0.25, "sometimes"),  # within the limits, though
    ("higher_is_better", Wanted(18), 0, 1.68, 12, 0.5, "beyond"),
    ("lower_is_better", Wanted(17), 8, 0, 10, 0.7, "always"),
    ("lower_is_better", Wanted(10), 4, 0, 10, 0, "sometimes"),
    ("lower_is_better", Wanted(5), 0, 0.68, 10, -0.5, "beyond"),
    ("in_range", Wanted(low=5, high=17), 8, 0, 10, None, "always"),
    ("in_range", Wanted(low=11.5, high=12), 4, 0, 12, None, "sometimes"),
    ("in_range", Wanted(low=17, high=20), 0, 0.68, 12, None, "beyond"),
    ("in_range", Wanted(low=1, high=5), 0, 0.68, 10, None, "beyond"),
]


@pytest.mark.parametrize(
    ("direction", "wanted", "met", "outside", "best", "demands", "says"), CASES
)
def test_a_target_against_history(direction, wanted, met, outside, best, demands, says):
    found = judge_target(PLACE, wanted, TURNS, direction)
    assert (found.periods, found.met, found.says) == (8, met, says)
    assert found.outside == pytest.approx(outside)
    assert (found.centre, found.lower, found.upper) == pytest.approx((11, 5.68, 16.32))
    assert (found.best, found.demands) == (best, demands and pytest.approx(demands))
    assert found.is_reached == (met > 0)


def test_the_best_value_has_its_period():
    found = judge_target(PLACE, Wanted(9), [("2017-01", 3.0), ("2017-02", 4.0)], "lower_is_better")
    assert (found.best, found.best_period) == (3, "2017-01")
    found = judge_target(PLACE, Wanted(9), [("2017-01", 3.0), ("2017-02", 4.0)], "higher_is_better")
    assert (found.best, found.best_period) == (4, "2017-02")


def test_seven_values_are_too_few_for_limits_but_not_for_the_rest():
    found = judge_target(PLACE, Wanted(18), TURNS[:7], "higher_is_better")
    assert (found.says, found.lower, found.upper, found.outside) == ("too_short", None, None, None)
    assert (found.periods, found.met, found.best, found.demands) == (7, 0, 12, 0.5)


def test_without_any_value_nothing_is_said():
    found = judge_target(PLACE, Wanted(18), [], "higher_is_better")
    assert (found.says, found.periods, found.best, found.demands) == ("too_short", 0, None, None)
    assert not found.is_reached


def test_of_a_best_value_that_is_not_above_zero_no_growth_is_taken():
    found = judge_target(PLACE, Wanted(18), [("2017-01", 0.0)], "higher_is_better")
    assert (found.best, found.demands) == (0, None)


# -- which targets, which history -------------------------------------------------------------


@pytest.fixture
def shop():
    publication = Publication()
    publication.kpi("orders", cadence="monthly,daily")
    return publication


def targets(publication):
    return [
        (one.cadence, one.slice_value, one.wanted.target, one.periods)
        for one in feasibilities(publication.con, AS_OF, "orders")
    ]


def test_only_final_values_are_history(shop):
    shop.target("orders", 11)
    shop.months("orders", [10, None, 12])
    shop.month("orders", "2017-04", 99, data_status="provisional")
    (found,) = feasibilities(shop.con, AS_OF, "orders")
    assert (found.periods, found.first_period, found.last_period) == (2, "2017-01", "2017-03")
    assert (found.best, found.met) == (12, 1)


def test_history_is_in_the_order_of_time_whatever_the_order_of_rows(shop):
    """Turned round, 10 and 12 in turn would be 10 x 4, 12 x 4: a mean moving range of 2/7."""
    shop.target("orders", 11)
    for value in (10.0, 12.0):
        for period, one in TURNS:
            if one == value:
                shop.month("orders", period, value)
    (found,) = feasibilities(shop.con, AS_OF, "orders")
    assert (found.lower, found.upper) == pytest.approx((5.68, 16.32))


def test_the_main_cadence_comes_first(shop):
    for cadence in ("daily", "monthly"):
        shop.target("orders", 11, cadence=cadence)
    shop.months("orders", [10], cadence="daily", data_status="provisional")
    shop.months("orders", [10])
    assert targets(shop) == [("monthly", "total", 11, 1), ("daily", "total", 11, 0)]


def test_a_gap_is_spanned_by_no_moving_range(shop):
    """2, then after a gap 10: eight values, but only ranges of 0."""
    shop.target("orders", 11)
    shop.months("orders", [2, 2, 2, 2, None, 10, 10, 10, 10])
    (found,) = feasibilities(shop.con, AS_OF, "orders")
    assert (found.periods, found.lower, found.centre, found.upper) == (8, 6, 6, 6)


def test_where_each_period_has_its_own_number_it_is_met_by_its_own(shop):
    """January to March want 5, 9, 13 and get 10 each; the number asked about is March's."""
    for period, number in (("2017-01", 5), ("2017-02", 9), ("2017-03", 13)):
        shop.target_of("orders", period, number, kind="split")
    shop.months("orders", [10, 10, 10])
    shop.month("orders", "2016-12", 20)  # had no target
    (found,) = feasibilities(shop.con, AS_OF, "orders")
    assert (found.wanted.target, found.wanted.period) == (13, "2017-03")
    assert (found.periods, found.judged, found.met) == (4, 3, 2)
    assert (found.best, found.demands) == (20, pytest.approx(13 / 20 - 1))


def test_a_number_that_could_not_be_found_is_no_target(shop):
    shop.target_of("orders", "2017-01", None, kind="of_last_year", reason="no value in 2016-01")
    shop.months("orders", [10])
    assert targets(shop) == []


def test_each_slice_has_its_own_history(shop):
    shop.target("orders", 11)
    shop.target("orders", 7, slice="channel", slice_value="web")
    shop.months("orders", [10, 12])
    shop.months("orders", [6, 7, 8], slice="channel", slice_value="web")
    assert targets(shop) == [("monthly", "total", 11, 2), ("monthly", "web", 7, 3)]


def test_targets_in_force_at_the_newest_due_period_and_later_ones_count(shop):
    def year(number):
        return {"valid_from": dt.date(number, 1, 1), "valid_to": dt.date(number, 12, 31)}

    shop.months("orders", [10] * 12)  # the newest due month is 2017-12
    for number, target in ((2016, 8), (2017, 9), (2018, 10), (2019, 11)):
        shop.target("orders", target, **year(number))
    assert [target for _, _, target, _ in targets(shop)] == [9, 10, 11]


def test_where_all_have_ended_the_newest_counts(shop):
    shop.months("orders", [10] * 12)
    for year, target in ((2014, 7), (2015, 8)):
        shop.target(
            "orders", target,
            valid_from=dt.date(year, 1, 1), valid_to=dt.date(year, 12, 31),
        )  # fmt: skip
    assert [target for _, _, target, _ in targets(shop)] == [8]


def test_all_kpis_are_asked_for_at_once(shop):
    shop.kpi("refunds", "lower_is_better")
    for name in ("orders", "refunds"):
        shop.months(name, [10, 12])
        shop.target(name, 11)
    found = feasibilities(shop.con, AS_OF)
    assert [(one.kpi, one.met, one.best) for one in found] == [
        ("orders", 1, 12),
        ("refunds", 1, 10),
    ]


def test_a_target_may_be_tried_before_it_is_set(shop):
    shop.months("orders", [10, 12] * 4)
    found = try_target(shop.con, PLACE, Wanted(18))
    assert (found.says, found.outside) == ("beyond", pytest.approx(1.68))
