"""Natural limits on the published example of correctness trap 21."""

import pytest

from orchestration.audit.limits import natural_limits


def test_four_points_and_their_limits():
    """Moving ranges 40, 10, 10: mean 20; 32.5 plus and minus 2.66 x 20."""
    limits = natural_limits([10, 50, 40, 30], needed=4)
    assert limits.centre == 32.5
    assert limits.upper == pytest.approx(85.7)
    assert limits.lower == pytest.approx(-20.7)
    assert limits.range_limit == pytest.approx(65.36)


def test_a_process_that_never_varies_has_no_room():
    limits = natural_limits([0.1] * 8)
    assert (limits.lower, limits.centre, limits.upper) == (0.1, 0.1, 0.1)


def test_too_few_points_or_ranges_have_no_limits():
    assert natural_limits([1.0] * 7) is None
    assert natural_limits([1.0, None] * 8) is None  # no two neighbours
