"""The formulas of derived metrics: arithmetic over named inputs, division always safe.

Parsed with sqlglot and walked: only names of inputs, numbers, + - * / and abs. Nothing that turns
a missing value into a number (coalesce, greatest, case): what is not known stays so.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from kpi_specs.language.grammar import ExpressionError, Grammar, check, read
from kpi_specs.language.problems import did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

ALLOWED = "names of inputs, numbers, + - * /, brackets, abs"
_GRAMMAR = Grammar(
    "a formula", "arithmetic over the names of its inputs", "the input's", 500,
    "take KPIs for its parts", ALLOWED,
)  # fmt: skip


@lru_cache(maxsize=4096)
def parse(text: str) -> "exp.Expression":
    """Parse one formula.

    Raises:
        ExpressionError: it is not a single formula of the grammar.
    """
    from sqlglot import exp

    tree = read(text, _GRAMMAR)
    allowed = (
        exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Neg,
        exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Abs,
    )  # fmt: skip
    without_texts = tuple(kind for kind in allowed if kind is not exp.Literal)
    for node in tree.walk():
        check(node, text, _GRAMMAR, without_texts if node.is_string else allowed)
    return tree


def names_of(text: str) -> tuple[str, ...]:
    """Names of the inputs that a formula reads, in order, without repeats."""
    from sqlglot import exp

    return tuple(dict.fromkeys(column.name for column in parse(text).find_all(exp.Column)))


def mistakes(text: str, inputs: Collection[str]) -> list[str]:
    """What is wrong with a formula over these inputs; empty: nothing."""
    try:
        names = names_of(text)
    except ExpressionError as error:
        return [str(error)]
    found = [
        f"'{name}' is not an input.{did_you_mean(name, inputs, noun='Inputs')}"
        for name in names
        if name not in inputs
    ]
    found += [
        f"the input '{one}' is not used in the formula." for one in inputs if one not in names
    ]
    return found


def value_sql(text: str) -> str:
    """The formula as SQL; a quotient with a zero divisor is NULL."""
    from sqlglot import exp

    tree = parse(text).copy()
    for division in tree.find_all(exp.Div):
        divisor = division.expression
        safe = exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0))
        division.set("expression", safe)
    return str(tree.sql(dialect="duckdb"))


def divisors_sql(text: str) -> tuple[str, ...]:
    """Each divisor of the formula as SQL, its own divisions safe."""
    from sqlglot import exp

    divisors = (
        division.expression.sql(dialect="duckdb") for division in parse(text).find_all(exp.Div)
    )
    return tuple(dict.fromkeys(value_sql(divisor) for divisor in divisors))


def quotient_sql(text: str) -> tuple[str, str] | None:
    """Both sides of a formula that is one division of things without any; None: it is not."""
    from sqlglot import exp

    tree = parse(text).unnest()
    if not isinstance(tree, exp.Div) or len(list(tree.find_all(exp.Div))) > 1:
        return None
    return tree.this.sql(dialect="duckdb"), tree.expression.sql(dialect="duckdb")
