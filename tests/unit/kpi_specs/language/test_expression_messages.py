"""What is said of an expression or formula that is none: the writer's words, never the parser's."""

import re
from pathlib import Path

import pytest
import yaml

from kpi_specs.language.binding import Binder
from kpi_specs.language.expressions import ALLOWED, parse, to_sql
from kpi_specs.language.grammar import ExpressionError
from kpi_specs.language.metrics import formulas

CASES = yaml.safe_load(
    (Path(__file__).parents[3] / "cases" / "expressions" / "messages.yml").read_text("utf-8")
)
COLUMNS = {
    "amount": "decimal(10,2)", "n": "bigint", "channel": "varchar", "order_date": "date",
    "at": "timestamp", "is_won": "boolean",
}  # fmt: skip
INTERNAL = re.compile(
    r"sqlglot|<class|keyword:|required|Line \d|\bCol\b|[Tt]oken|Error\b|_LITERAL|"
    r"explicit cast|\x1b|VARCHAR|BIGINT|[Dd]uck"
)
PIECES = (
    "amount",
    "=",
    "'x'",
    "(",
    ")",
    ",",
    "and",
    "not",
    "3",
    "in",
    "between",
    "case",
    "'",
    "/",
    ";",
)


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_a_mistake_in_an_expression_is_told_with_what_to_do(case):
    with Binder() as binder:
        if "binds" in case:
            parse(case["text"])
            assert binder.refusal(case["text"], "fct", COLUMNS, wanted=None) == case["binds"]
            return
        with pytest.raises(ExpressionError) as caught:
            parse(case["text"])
    assert str(caught.value) == case["says"].replace("ALLOWED", f"Allowed: {ALLOWED}.")


def test_no_message_has_the_parsers_words_whatever_stands_in_three_places():
    told = 0
    with Binder() as binder:
        for first in PIECES:
            for second in PIECES:
                for third in PIECES:
                    text = f"{first} {second} {third}"
                    told += _has_no_internals(text, binder)
    assert told > 1000


def _has_no_internals(text: str, binder: Binder) -> bool:
    """Whether something was told."""
    for message in (_of_expression(text, binder), *formulas.mistakes(text, ("amount",))):
        if message is not None:
            assert not INTERNAL.search(message), f"{text}: {message}"
    return message is not None


def _of_expression(text: str, binder: Binder) -> str | None:
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return binder.refusal(text, "fct", COLUMNS, wanted="boolean")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "(" * 5_000 + "n" + ")" * 5_000,
            "the brackets or terms nest too deep; compute it in dbt.",
        ),
        ("n" + " + n" * 6_000, "an expression has 20,000 letters at most; compute it in dbt."),
    ],
    ids=["brackets", "terms"],
)
def test_an_expression_that_nobody_can_read_is_refused(text, says):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == says


def test_a_long_list_of_values_is_an_expression():
    values = ", ".join(f"'{n}'" for n in range(1_000))
    assert parse(f"channel in ({values})") is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a +", "'a +' cannot be read: it ends where a value is expected."),
        ("(a", "'(a' cannot be read: a bracket is not closed."),
        ("a ** 2", f"'a ** 2' is not allowed in a formula. Allowed: {formulas.ALLOWED}."),
        ("a" + " + a" * 200, "a formula has 500 letters at most; take KPIs for its parts."),
        (
            "(" * 240 + "a" + ")" * 240,
            "the brackets or terms nest too deep; take KPIs for its parts.",
        ),
        (" ", "there is no formula; write arithmetic over the names of its inputs."),
        ("a; a", "'a; a' is not one formula."),
        ("a + 'x'", f"''x'' is not allowed in a formula. Allowed: {formulas.ALLOWED}."),
        ("t.a", "'t.a': write the input's name alone."),
    ],
)
def test_a_formula_that_is_none_is_told_with_what_to_do(text, says):
    assert formulas.mistakes(text, ("a",)) == [says]


def test_a_comment_in_a_formula_or_expression_stays_in_the_spec():
    text = "a /* {{ run_query('drop table x') }} */ - b -- {{ no }}"
    assert formulas.value_sql(text) == to_sql(text) == "a - b"
