"""Why a ratio changed: its parts' own rates, or the weight of the parts.

With weights w (shares of the denominator) and rates r of a part, before (0) and after (1), and R
the ratio of the whole:

    rate = (w0 + w1) / 2 x (r1 - r0)
    mix  = (w1 - w0) x ((r0 + r1) / 2 - (R0 + R1) / 2)

Both, added up over all parts, are exactly R1 - R0. The mean of before and after in each leaves no
third term to explain; R in the mix makes a part that grows count for it only where its rate lies
above the whole's.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """A part of a ratio in one period."""

    numerator: float
    denominator: float


@dataclass(frozen=True)
class Effect:
    """What a part adds to the change of the whole ratio, in the ratio's own unit."""

    rate: float
    mix: float


def mix_and_rate(before: Mapping[str, Side], after: Mapping[str, Side]) -> dict[str, Effect] | None:
    """Split the change of a ratio by its parts.

    Args:
        before: Part -> its numerator and denominator. A part of one side only weighs nothing in
            the other, and has the same rate there: all that it does is mix.
        after: The same, later.

    Returns:
        Part -> its effects, parts of `before` first. None where the whole has no denominator
        before or after, or a part has a numerator without one: then there is nothing to split.
    """
    wholes = [_whole(side) for side in (before, after)]
    parts = tuple(dict.fromkeys((*before, *after)))
    sides = [side.get(part) for side in (before, after) for part in parts]
    if any(w.denominator == 0 for w in wholes) or any(
        s is not None and s.denominator == 0 and s.numerator != 0 for s in sides
    ):
        return None
    middle = sum(w.numerator / w.denominator for w in wholes) / 2
    effects = {}
    for part in parts:
        w0, w1 = (
            (side[part].denominator / whole.denominator if part in side else 0.0)
            for side, whole in zip((before, after), wholes, strict=True)
        )
        r0, r1 = _rate(before.get(part)), _rate(after.get(part))
        r0 = r1 if r0 is None else r0
        r1 = r0 if r1 is None else r1
        if r0 is None or r1 is None:
            effects[part] = Effect(0.0, 0.0)  # weighs nothing on either side
            continue
        effects[part] = Effect(
            rate=(w0 + w1) / 2 * (r1 - r0), mix=(w1 - w0) * ((r0 + r1) / 2 - middle)
        )
    return effects


def _whole(side: Mapping[str, Side]) -> Side:
    return Side(
        sum(part.numerator for part in side.values()),
        sum(part.denominator for part in side.values()),
    )


def _rate(side: Side | None) -> float | None:
    return None if side is None or side.denominator == 0 else side.numerator / side.denominator
