"""How many random examples a property is tried on: few and always the same ones in the suite.

To hunt for more, other ones each time: `MORE_EXAMPLES=20 pytest tests/unit -k properties`.
"""

import os

from hypothesis import Phase, settings

_TIMES = int(os.environ.get("MORE_EXAMPLES", "1"))


def few(examples: int, *, shrink: bool = True) -> settings:
    """So many examples, or so many times as many as MORE_EXAMPLES says.

    Without `shrink` one that fails is told as it is: making it smaller would take minutes.
    """
    phases = [p for p in Phase if shrink or p not in (Phase.shrink, Phase.explain)]
    return settings(
        max_examples=examples * _TIMES, deadline=None, derandomize=_TIMES == 1, phases=phases
    )
