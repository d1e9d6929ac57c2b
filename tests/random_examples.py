"""How many random examples a property is tried on: few and always the same ones in the suite.

To hunt for more, other ones each time: `MORE_EXAMPLES=20 pytest tests/unit -k properties`.
"""

import os

from hypothesis import settings


def few(examples: int) -> settings:
    """So many examples, or so many times as many as MORE_EXAMPLES says."""
    times = int(os.environ.get("MORE_EXAMPLES", "1"))
    return settings(max_examples=examples * times, deadline=None, derandomize=times == 1)
