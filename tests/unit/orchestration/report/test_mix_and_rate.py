"""Trap 20: a ratio's change is what its parts' rates did and what their weights did, exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.report.mix_and_rate import Effect, Side, mix_and_rate

# Visits at their conversion: 30 at 2.0 %, 100 at 6.0 %, 70 at 5 %, and what became of them.
BEFORE = {"a": Side(0.6, 30), "b": Side(6.0, 100), "c": Side(3.5, 70)}
AFTER = {"a": Side(0.95, 50), "b": Side(6.82, 110), "c": Side(3.75, 75)}
sides = st.dictionaries(
    st.sampled_from("abcd"), st.builds(Side, st.integers(-50, 50), st.integers(1, 100)), min_size=1
)


def ratio(side):
    return sum(p.numerator for p in side.values()) / sum(p.denominator for p in side.values())


def test_the_published_example_in_basis_points():
    effects = mix_and_rate(BEFORE, AFTER)
    rate = sum(effect.rate for effect in effects.values()) * 10_000
    mix = sum(effect.mix for effect in effects.values()) * 10_000
    assert (round(rate, 3), round(mix, 3)) == (7.867, -22.654)
    assert round((ratio(AFTER) - ratio(BEFORE)) * 10_000, 3) == round(rate + mix, 3) == -14.787


@settings(max_examples=100, deadline=None, derandomize=True)
@given(sides, sides)
def test_rate_and_mix_add_up_to_the_change_also_where_parts_come_and_go(before, after):
    effects = mix_and_rate(before, after)
    assert list(effects) == [*before, *(part for part in after if part not in before)]
    added = sum(effect.rate + effect.mix for effect in effects.values())
    assert added == pytest.approx(ratio(after) - ratio(before), abs=1e-9)


def test_the_same_rates_leave_only_mix_and_the_same_weights_only_rate():
    moved = mix_and_rate({"a": Side(1, 10), "b": Side(4, 10)}, {"a": Side(2, 20), "b": Side(4, 10)})
    assert [effect.rate for effect in moved.values()] == [0.0, 0.0]
    better = mix_and_rate(
        {"a": Side(1, 10), "b": Side(4, 10)}, {"a": Side(2, 10), "b": Side(4, 10)}
    )
    assert better == {"a": Effect(pytest.approx(0.05), 0.0), "b": Effect(0.0, 0.0)}


def test_a_part_without_anything_weighs_nothing():
    assert mix_and_rate({"a": Side(1, 10), "b": Side(0, 0)}, {"a": Side(1, 10)})["b"] == Effect(
        0, 0
    )


def test_there_is_nothing_to_split_where_something_has_no_denominator():
    assert mix_and_rate({}, AFTER) is None
    assert mix_and_rate(BEFORE, {"a": Side(0, 0)}) is None
    assert mix_and_rate(BEFORE, AFTER | {"d": Side(1, 0)}) is None
