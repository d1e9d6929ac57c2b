"""Each of the 21 traps in metric computation has a case: rows in, and SQL by hand that agrees.

The runners are test_cases and test_shown_cases here, and test_published_cases.
"""

import re
from pathlib import Path

import pytest
import yaml

CASES = Path(__file__).parents[3] / "cases"
# Those whose runner executes `check`.
FOLDERS = ("compiler", "metrics", "traps", "shown", "published")
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


PRODUCT = re.compile(
    r"\b(?:kpi_\w+|(?:kpi|audit|calendar|whole)\.\w+|dim_period|shown|computed|effects)\b"
)

CHECKED = {
    case["sentence"]: case
    for folder in FOLDERS
    for path in sorted((CASES / folder).glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
}
OF_TRAPS = [sentence for sentence in CHECKED if re.match(r"trap \d+: ", sentence)]


def test_every_trap_has_a_case_that_begins_with_its_number():
    numbers = {int(sentence.split(":")[0].removeprefix("trap ")) for sentence in OF_TRAPS}
    missing = {number: trap for number, trap in TRAPS.items() if number not in numbers}
    assert not missing, f"write a case 'trap <number>: ...' in tests/cases/ for {missing}"
    assert numbers <= set(TRAPS)


@pytest.mark.parametrize("sentence", OF_TRAPS)
def test_a_case_of_a_trap_is_checked_by_sql_over_its_rows(sentence):
    case = CHECKED[sentence]
    assert "check" in case, "write in `check` SQL over the rows that gives `expect` by itself"
    read = [name for name in case["datasets"] if re.search(rf"\b{name}\b", case["check"])]
    assert read, "`check` must read the case's rows"


@pytest.mark.parametrize("sentence", [s for s, case in CHECKED.items() if "check" in case])
def test_a_check_takes_nothing_from_what_it_checks(sentence):
    taken = PRODUCT.findall(CHECKED[sentence]["check"])
    assert not taken, f"`check` must rest on the case's rows alone, not on {taken}"
