"""Natural limits of a whole history; `orchestration.publish.signals` names the source and factors.

There each period is held against the limits of the periods before it. Here a target is held against
all of history, seasons included: what the process does as long as nothing about it changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from orchestration.publish.signals import LIMIT_FACTOR, POINTS, RANGE_FACTOR, RANGES


@dataclass(frozen=True)
class NaturalLimits:
    """Of a process; in the unit of its points. `range_limit` is that of the moving ranges."""

    centre: float
    lower: float
    upper: float
    range_limit: float


def natural_limits(points: Sequence[float | None], *, needed: int = POINTS) -> NaturalLimits | None:
    """The limits of points in the order of time; None where there are too few.

    A point that is None is a gap, which no moving range spans.
    """
    there = [point for point in points if point is not None]
    ranges = [
        abs(after - before)
        for before, after in pairwise(points)
        if before is not None and after is not None
    ]
    if len(there) < needed or len(ranges) < RANGES:
        return None
    centre, moving = fmean(there), fmean(ranges)
    reach = LIMIT_FACTOR * moving
    return NaturalLimits(centre, centre - reach, centre + reach, RANGE_FACTOR * moving)
