"""What a benchmark promises, and how it tells whether that holds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """One promise: what was found, what is allowed, both as text."""

    what: str
    found: str
    allowed: str
    holds: bool


def told(bounds: Sequence[Bound]) -> int:
    """Print them; 0 when every one holds, else 1."""
    print("\nBounds")
    for bound in bounds:
        mark = "holds " if bound.holds else "BROKEN"
        print(f"  {mark}  {bound.what:<44}{bound.found:>10}   allowed {bound.allowed}")
    return 0 if all(bound.holds for bound in bounds) else 1
