"""Whether a measure of one day is in another unit than before: cents for units, micros, toman.

Only days before it are asked, and of those only such as did not jump themselves. So a verdict
changes with data alone, never with time, and a unit that stays wrong never becomes the usual one.

How rows are spread differs between measures, so each is its own yardstick: where its days differ
much by nature, none of them is judged.
"""

import datetime as dt
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

# Tens: 10 (toman for rial, millimetres), 100 (cents), 1,000 (thousands, grams), 1,000,000 (micros).
# Beside each the rows that the day, and those before it, need: the smaller the factor, the more
# easily a handful of unusual rows looks like it.
ROWS_FOR = {1: 20, 2: 10, 3: 5, 6: 1}
NEAR = 0.2  # in powers of ten: 63 to 158 times is near 100
NEAR_ON_AVERAGE = 0.5  # the mean moves with its largest rows, so it only has to agree roughly
WEEKDAYS = 8  # the same weekday so many times before
LEAST_WEEKDAYS = 4
SPREAD_DAYS = 56  # of any weekday, for how much days differ by nature
CALM = 0.9  # this share of them lies within a fifth of the jump, and within...
CALM_SHARE, CALM_AT_MOST = 0.2, 0.5


@dataclass(frozen=True)
class Day:
    """The values of one measure on one day, of rows where it is neither empty nor 0.

    Attributes:
        date: The business date.
        rows: How many.
        middle: The median of the values without their sign, above 0.
        mean: Their mean, above 0.
    """

    date: dt.date
    rows: int
    middle: float
    mean: float


@dataclass(frozen=True)
class Jump:
    """A day on which a measure jumped by about 10 to the power of `tens`, below 0 if it fell."""

    date: dt.date
    tens: int
    was: float  # median of the same weekdays before
    now: float


@dataclass(frozen=True)
class Change:
    """A change of level that is right: from its first day on nothing before it is asked.

    With a last day, the days up to it are neither judged nor asked.
    """

    first: dt.date
    last: dt.date | None = None


def find_jumps(
    days: Iterable[Day], *, whole: bool = False, changes: Sequence[Change] = ()
) -> list[Jump]:
    """The days on which a measure jumped.

    Args:
        days: The measure's days, in order.
        whole: Whether it holds integers: of those few may be left on a quiet day by nature, so by
            10 and 100 they only jump up.
        changes: Changes of level that are right.
    """
    found: list[Jump] = []
    past = _Past()
    started = {change.first for change in changes if change.last is None}
    for day in days:
        if any(c.last is not None and c.first <= day.date <= c.last for c in changes):
            continue
        if begun := {first for first in started if first <= day.date}:
            started -= begun
            past = _Past()
        jump = past.jump(day, whole=whole)
        if jump is None:
            past.add(day)
        else:
            found.append(jump)
    return found


class _Past:
    """The days before one that did not jump."""

    def __init__(self) -> None:
        self._weekdays: dict[int, deque[Day]] = defaultdict(lambda: deque(maxlen=WEEKDAYS))
        self._days: deque[Day] = deque(maxlen=SPREAD_DAYS)

    def add(self, day: Day) -> None:
        self._weekdays[day.date.weekday()].append(day)
        self._days.append(day)

    def jump(self, day: Day, *, whole: bool) -> Jump | None:
        same = self._weekdays[day.date.weekday()]
        if len(same) < LEAST_WEEKDAYS:
            return None
        was = median(one.middle for one in same)
        shift = math.log10(day.middle / was)
        tens = round(shift)
        needed = ROWS_FOR.get(abs(tens))
        if needed is None or abs(shift - tens) > NEAR:
            return None
        if whole and tens in (-1, -2):
            return None
        if day.rows < needed or median(one.rows for one in same) < needed:
            return None
        on_average = math.log10(day.mean / median(one.mean for one in same))
        if abs(on_average - tens) > NEAR_ON_AVERAGE or self._spread() > _allowed(abs(tens)):
            return None
        return Jump(day.date, tens, was, day.middle)

    def _spread(self) -> float:
        """How far days lie from the usual of their weekday, all but the most unusual ones."""
        by_weekday: dict[int, list[float]] = defaultdict(list)
        for day in self._days:
            by_weekday[day.date.weekday()].append(math.log10(day.middle))
        usual = {weekday: median(logs) for weekday, logs in by_weekday.items()}
        apart = sorted(
            abs(one - usual[weekday]) for weekday, logs in by_weekday.items() for one in logs
        )
        return apart[min(math.ceil(CALM * len(apart)), len(apart)) - 1]


def _allowed(tens: int) -> float:
    return min(CALM_SHARE * tens, CALM_AT_MOST)
