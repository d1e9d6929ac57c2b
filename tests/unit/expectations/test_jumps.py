"""When a measure of one day is in another unit than before, day by day.

Amounts around 42.10 on every day from Monday 1 January 2024 on; each test changes some days.
"""

import datetime as dt
import random
from statistics import mean, median

import pytest

from expectations.jumps import Change, Day, find_jumps

FIRST = dt.date(2024, 1, 1)


def on(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def days(count: int = 60, rows: int = 100, noise: float = 0.02, **changed: float) -> list[Day]:
    """`d40=100` is day 40 in cents; days swing by `noise` in powers of ten, evenly up and down."""
    made = []
    for number in range(count):
        factor = changed.get(f"d{number}", 1) * 10 ** (noise * (-1) ** number)
        made.append(Day(on(number), rows, 42.10 * factor, 55.0 * factor))
    return made


def jumped(found: list[Day], **how: object) -> list[int]:
    return [(jump.date - FIRST).days for jump in find_jumps(found, **how)]


@pytest.mark.parametrize(
    ("factor", "tens"),
    [(10, 1), (100, 2), (1000, 3), (1e6, 6), (0.1, -1), (0.01, -2), (0.001, -3), (1e-6, -6)],
)
def test_a_day_in_another_unit_is_found_and_the_days_around_it_are_not(factor, tens):
    (jump,) = find_jumps(days(d40=factor, noise=0))
    assert (jump.date, jump.tens) == (on(40), tens)
    assert (jump.was, jump.now) == (pytest.approx(42.10), pytest.approx(42.10 * factor))


@pytest.mark.parametrize("factor", [0.5, 2, 5, 6.2, 16, 30, 62, 160, 1e4, 1e5])
def test_other_factors_are_other_matters(factor):
    assert jumped(days(d40=factor, noise=0)) == []


@pytest.mark.parametrize(("factor", "enough"), [(10, 20), (100, 10), (1000, 5), (1e6, 1)])
def test_the_smaller_the_factor_the_more_rows_are_needed(factor, enough):
    assert jumped(days(d40=factor, rows=enough)) == [40]
    assert jumped(days(d40=factor, rows=enough - 1)) == []


def test_a_day_with_few_rows_among_days_with_many_says_nothing():
    few = [Day(d.date, 19 if d.date == on(40) else 100, d.middle, d.mean) for d in days(d40=10)]
    assert jumped(few) == []


@pytest.mark.parametrize(("day", "found"), [(27, []), (28, [28])])
def test_four_of_the_same_weekday_have_to_come_before(day, found):
    assert jumped(days(**{f"d{day}": 100})) == found


def test_a_unit_that_stays_wrong_never_becomes_the_usual_one():
    stays = {f"d{number}": 100.0 for number in range(40, 400)}
    assert jumped(days(400, **stays)) == list(range(40, 400))


def test_what_follows_the_jump_changes_nothing_of_it():
    found = days(200, d40=100, d90=0.01, d91=1000)
    for end in (41, 60, 91, 92, 200):
        assert jumped(found[:end]) == [day for day in (40, 90, 91) if day < end]


@pytest.mark.parametrize(
    ("noise", "factor", "found"),
    [(0.19, 10, [40]), (0.21, 10, []), (0.39, 100, [40]), (0.41, 100, []), (0.49, 1e6, [40]),
     (0.51, 1e6, [])],
)  # fmt: skip
def test_days_that_differ_much_by_nature_are_not_judged(noise, factor, found):
    # Six days of most weekdays lie one `noise` above and below their middle by turns, five of two
    # others on it or two away: nine of ten days are within one. Of Saturday's five the middle one
    # lies below, and the day is `factor` times that.
    calm = days(noise=noise)
    usual = 42.10 * 10**-noise
    calm[40] = Day(on(40), 100, usual * factor, usual * factor)
    assert jumped(calm) == found


def test_weekdays_are_compared_with_their_like():
    weekend = {f"d{n}": 0.1 for n in range(120) if on(n).weekday() >= 5}
    assert jumped(days(120, **weekend)) == []
    monday_as_on_sunday = {**weekend, "d84": 0.1}
    assert on(84).weekday() == 0
    assert jumped(days(120, **monday_as_on_sunday)) == [84]


def test_growth_of_a_third_a_week_is_no_jump():
    grows = {f"d{n}": 1.04**n for n in range(200)}
    assert jumped(days(200, **grows)) == []


def test_one_huge_amount_moves_the_mean_and_not_the_median():
    found = days()
    found[40] = Day(on(40), 100, 42.10, 5500.0)
    assert jumped(found) == []
    found[40] = Day(on(40), 100, 4210.0, 55.0)  # nor does the median alone
    assert jumped(found) == []


def test_integers_fall_to_a_tenth_or_hundredth_by_nature():
    assert jumped(days(d40=0.1, d41=0.01, d42=0.001, d43=10), whole=True) == [42, 43]


def test_a_change_that_is_right_begins_a_new_history():
    stays = {f"d{number}": 100.0 for number in range(40, 120)}
    right = [Change(on(40))]
    assert jumped(days(120, **stays), changes=right) == []
    assert jumped(days(120, **{**stays, "d80": 1.0}), changes=right) == [80]
    assert jumped(days(120, **{**stays, "d30": 100.0}), changes=right) == [30]


def test_a_change_that_passed_says_nothing_of_other_days():
    passed = [Change(on(40), on(41))]
    found = days(d40=100, d41=100, d42=100, d43=1)
    assert jumped(found, changes=passed) == [42]


def test_natural_noise_is_no_jump_in_200_seeded_years():
    """Lines of 40 to 150 orders a day, promotions of a week, holidays, growth: no day withheld."""
    false = 0
    for seed in range(200):
        noise = random.Random(seed)
        year = []
        for number in range(200):
            growth = 1.002**number
            promotion = 0.6 if number // 7 % 9 == 4 else 1.0
            holiday = 3.0 if number % 90 == 80 else 1.0
            rows = noise.randint(15, 50)
            lines = [
                noise.lognormvariate(3.5, 1.1) * growth * promotion * holiday for _ in range(rows)
            ]
            year.append(Day(on(number), rows, median(lines), mean(lines)))
        false += len(find_jumps(year))
    assert false == 0
