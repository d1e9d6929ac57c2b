"""Each of the 21 traps in metric computation has a case that names it by its number."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[3]
TRAPS = {
    1: "a declared key that is not unique",
    2: "a target at a coarser grain",
    3: "seven days are seven days",
    4: "rolling distinct users",
    5: "to date at a coarser cadence",
    6: "the prior period survives a date filter",
    7: "a month shifted by day",
    8: "a year ago by row offset",
    9: "a partial period against a full one",
    10: "fabricated zeros",
    11: "zero denominators, means of ratios",
    12: "balances at the period's end",
    13: "weeks of another year, days of 23 hours",
    14: "late and restated data",
    15: "NULL in filters",
    16: "fan-out",
    17: "new customers",
    18: "refunds have their own date",
    19: "decimal money",
    20: "mix and rate",
    21: "natural process limits",
}


def test_every_trap_has_a_case():
    texts = [
        path.read_text(encoding="utf-8")
        for path in TESTS.rglob("*")
        if path.suffix in (".py", ".yml") and path != Path(__file__)
    ]
    missing = {
        number: trap
        for number, trap in TRAPS.items()
        if not any(re.search(rf"\btrap {number}\b", text, re.IGNORECASE) for text in texts)
    }
    assert not missing, f"write a case, and 'trap <number>' into its sentence, for {missing}"
