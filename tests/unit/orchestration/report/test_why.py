"""What slices did to a total, and whether it is noise: the cases that a publication seldom has."""

import pytest

from orchestration.report.why import noise_words, split


def row(name, value, numerator=None, denominator=None, period="2017-02"):
    measured = value is not None
    return {
        "period": period, "slice_value": name, "value": value,
        "numerator": value if numerator is None else numerator, "denominator": denominator,
        "data_status": "final" if measured else "unmeasurable",
        "reason": "" if measured else "There is nothing to measure.",
    }  # fmt: skip


def test_a_slice_without_a_value_added_nothing_where_the_others_make_the_total():
    """The fax sent its first orders in February."""
    found = split(
        "channel",
        (row("total", 10.0, period="2017-01"), row("total", 15.0)),
        ([row("web", 10.0), row("fax", None)], [row("web", 11.0), row("fax", 4.0)]),
    )
    assert [(c.slice_value, c.before, c.after, c.change) for c in found.contributions] == [
        ("fax", None, 4.0, 4.0), ("web", 10.0, 11.0, 1.0),
    ]  # fmt: skip


def test_a_slice_that_is_new_changes_a_ratio_by_its_weight_alone():
    found = split(
        "channel",
        (row("total", 0.5, 5.0, 10.0), row("total", 0.6, 12.0, 20.0)),
        (
            [row("web", 0.5, 5.0, 10.0), row("fax", None)],
            [row("web", 0.5, 5.0, 10.0), row("fax", 0.7, 7.0, 10.0)],
        ),
    )
    rates = {c.slice_value: c.rate for c in found.contributions}
    assert rates == {"web": 0.0, "fax": 0.0}
    assert sum(c.mix for c in found.contributions) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            row("total", 7.0, 1.0, 2.0), row("total", 8.0, 1.0, 2.0),
            "Its value is not numerator / denominator.",
        ),
        (
            row("total", 0.5, 1.0, 2.0), row("total", 0.75, 1.5, 2.0),
            "Slices by channel do not add up to the total of 2017-02: they overlap, or each is a "
            "statistic of its own.",
        ),
    ],
)  # fmt: skip
def test_nothing_is_split_that_is_not_what_it_seems(before, after, why):
    slices = [row("web", 0.5, 1.0, 2.0)]
    found = split("channel", (before, after), (slices, slices))
    assert (found.contributions, found.why_none) == ((), why)


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        (
            ([row("web", None, period="2017-01")], [row("web", None), row("fax", None)]),
            "web has no value in 2017-01 (and 2 more): There is nothing to measure.",
        ),
        (
            ([], [row("web", None)]),
            "web has no value in 2017-02: There is nothing to measure.",
        ),
        (
            ([], []),
            "No slice by channel is there, neither in 2017-02 nor in the period before.",
        ),
    ],
)  # fmt: skip
def test_totals_of_0_are_not_made_by_slices_without_a_value(slices, why):
    """The sum of no slices is 0 too, and says nothing of them."""
    found = split("channel", (row("total", 0.0, period="2017-01"), row("total", 0.0)), slices)
    assert (found.contributions, found.why_none) == ((), why)


LIMITS = {
    "signal": "none", "signal_rule": None, "signal_basis": "values", "lower_limit": 2.0,
    "upper_limit": 8.0, "moving_range_limit": 3.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("of", "change", "words"),
    [
        ({}, 2.9, "none: no more than noise, within the natural limits, 2 to 8"),
        (
            {}, -3.1,
            "none: within the natural limits, 2 to 8; but a step of more than 3 is no noise",
        ),
        # The limit of steps is one of differences from the year before, not of this step.
        (
            {"signal_basis": "year_ago"}, 3.1,
            "none: no more than noise, within the natural limits, 2 to 8",
        ),
        (
            {"signal": "concerning", "signal_rule": "outside_limits"}, 1.0,
            "concerning, more than noise: outside the natural limits, 2 to 8",
        ),
        (
            {"signal": "improving", "signal_rule": "near_limit"}, 1.0,
            "improving, more than noise: three of four values in a row are near one of the natural "
            "limits, 2 to 8",
        ),
        (
            {"signal": "improving", "signal_rule": "run_of_eight"}, 1.0,
            "improving, more than noise: eight values in a row are on one side of the centre",
        ),
        (
            {"signal": "too_few_points", "lower_limit": None}, 1.0,
            "not known: too few periods before it have a value",
        ),
        (
            {"signal": None, "lower_limit": None}, 1.0,
            "not known: values whose periods share days have no signal",
        ),
    ],
)  # fmt: skip
def test_whether_it_is_noise_is_said_in_words(of, change, words):
    assert noise_words({**LIMITS, **of}, change, lambda value: f"{value:g}") == words
