"""The small checked grammar of expressions in specs.

Parsed with sqlglot and walked: only the node types below, known columns, no subqueries, no
statements, no functions beyond the list. What passes is rendered again from the tree, so that text
from a spec never reaches SQL unread.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kpi_specs.language.dbt_columns import is_numeric
from kpi_specs.language.grammar import ExpressionError, Grammar, check, read
from kpi_specs.language.problems import no_such_column
from kpi_specs.language.sql_words import LONGEST
from kpi_specs.mart_columns import in_sql

if TYPE_CHECKING:
    from sqlglot import exp

_NAME = re.compile(r"^[a-z_][a-z0-9_]*$")
ALLOWED = (
    'columns ("in quotes" where a name is a word of SQL or has blanks), '
    "numbers, 'texts', true/false/null, + - *, comparisons, and/or/not, in (…), between, "
    "like, is null, case when, coalesce, abs, round, lower, upper, greatest, least"
)
_GRAMMAR = Grammar(
    "an expression", "a column, or arithmetic over columns", "the column's", LONGEST,
    "compute it in dbt", ALLOWED,
)  # fmt: skip

_KEPT = 2**16  # every rule asks again: fewer than a project has would parse each text anew

_BREAKS = ("{{", "{%", "{#", "\n", "\r")  # dbt would run what stands between; lines are indented


@lru_cache(maxsize=_KEPT)
def parse(text: str) -> "exp.Expression":
    """Parse one expression.

    Raises:
        ExpressionError: it is not a single expression of the grammar.
    """
    from sqlglot import exp

    tree = read(text, _GRAMMAR)
    allowed: tuple[type[Any], ...] = (
        exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg,
        exp.Add, exp.Sub, exp.Mul, exp.And, exp.Or, exp.Not,
        exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like,
        exp.Case, exp.If, exp.Coalesce, exp.Abs, exp.Round, exp.Lower, exp.Upper,
        exp.Greatest, exp.Least,
    )  # fmt: skip
    without_in = tuple(kind for kind in allowed if kind is not exp.In)
    for node in tree.walk():
        # A list of values, not a query.
        check(node, text, _GRAMMAR, without_in if node.args.get("query") else allowed, _hints())
        if isinstance(node, exp.In) and not node.expressions:
            raise ExpressionError(f"'{text}' cannot be read: between the brackets of 'in' is none.")
        if isinstance(node, exp.Literal | exp.Identifier) and any(m in node.this for m in _BREAKS):
            raise ExpressionError(
                f"{node.sql()}: a text in an expression has no {{{{, {{% or {{#, and is one line."
            )
    return tree


@lru_cache(maxsize=1)
def _hints() -> "dict[type[exp.Expression], str]":
    """What to do instead of some things that stand in SQL."""
    from sqlglot import exp

    return {
        exp.Div: " A quotient is a metric: ratio or derived.",
        exp.AggFunc: " The measure aggregates, not its expression.",
        exp.Cast: " Types are the mart's; a date is compared with a text: day > '2017-01-31'.",
    }


def columns_of(text: str) -> tuple[str, ...]:
    """Names of the columns that an expression reads, in order, without repeats."""
    if text == "*":
        return ()
    if _NAME.match(text):
        return (text,)
    from sqlglot import exp

    return tuple(dict.fromkeys(column.name for column in parse(text).find_all(exp.Column)))


def is_column(text: str) -> bool:
    """Whether an expression is one column alone; one that cannot be read is another's matter."""
    if _NAME.match(text):
        return True
    from sqlglot import exp

    try:
        return isinstance(parse(text), exp.Column)
    except ExpressionError:
        return True


@lru_cache(maxsize=_KEPT)
def to_sql(text: str) -> str:
    """The expression as DuckDB SQL, from the checked tree; columns are called as in `mart`."""
    if text == "*":
        return text
    if _NAME.match(text):
        return in_sql(text)
    from sqlglot import exp

    tree = parse(text).copy()
    for column in list(tree.find_all(exp.Column)):
        if in_sql(column.name) != column.name:
            column.set("this", exp.to_identifier(in_sql(column.name)))
    return str(tree.sql(dialect="duckdb", comments=False))


def as_quoted(text: str) -> str:
    """The expression as DuckDB SQL over the mart itself, where columns have their own names."""
    from sqlglot import exp

    tree = parse(text).copy()
    for column in list(tree.find_all(exp.Column)):
        column.set("this", exp.to_identifier(column.name, quoted=True))
    return str(tree.sql(dialect="duckdb", comments=False))


def compared_texts(text: str) -> tuple[tuple[str, str], ...]:
    """Each column that is compared with a text (`=`, `<>`, `in`), and that text.

    Raises:
        ExpressionError: it is not an expression of the grammar.
    """
    from sqlglot import exp

    found: list[tuple[str, str]] = []
    for node in parse(text).find_all(exp.EQ, exp.NEQ, exp.In):
        sides = [node.this, *node.args.get("expressions", [])]
        sides += [node.expression] if isinstance(node, exp.EQ | exp.NEQ) else []
        columns = [one.name for one in sides if isinstance(one, exp.Column)]
        texts = [one.this for one in sides if isinstance(one, exp.Literal) and one.is_string]
        found += [(column, one) for column in columns[:1] for one in texts]
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def compared_columns(text: str) -> tuple[str, ...]:
    """The columns that decide a comparison in an expression, in order, without repeats."""
    if text == "*" or _NAME.match(text):
        return ()
    from sqlglot import exp

    kinds = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
    nodes = parse(text).find_all(*kinds, exp.Greatest, exp.Least)
    return tuple(dict.fromkeys(c.name for node in nodes for c in node.find_all(exp.Column)))


def demanded_text(where: str | None, column: str) -> str | None:
    """The one text that a filter demands of a column, be it among other conditions.

    None where it demands none: `a = 'x' or b`, `a in ('x', 'y')` let others through.
    """
    from sqlglot import exp

    tree = parse(where).unnest() if where is not None else None
    for node in tree.flatten() if isinstance(tree, exp.And) else (tree,):
        if isinstance(node, exp.EQ):
            sides = (node.this, node.expression)
            texts = [one.this for one in sides if isinstance(one, exp.Literal) and one.is_string]
            if texts and any(isinstance(one, exp.Column) and one.name == column for one in sides):
                return str(texts[0])
    return None


@lru_cache(maxsize=_KEPT)
def canonical(text: str) -> str:
    """One spelling for expressions that differ in blanks, brackets or the order of and/or only.

    Raises:
        ExpressionError: it is not an expression of the grammar.
    """
    if text == "*" or _NAME.match(text):
        return text
    return _canonical(parse(text))


def _canonical(node: "exp.Expression") -> str:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And | exp.Or):
        parts = sorted({_canonical(part) for part in node.flatten()})
        return f"({f' {node.key} '.join(parts)})"
    return str(node.sql(dialect="duckdb", comments=False))


def column_errors(text: str, columns: Mapping[str, str], model: str) -> list[str]:
    """Messages for columns that the model does not have.

    Raises:
        ExpressionError: the expression itself is outside the grammar.
    """
    return [
        no_such_column(name, columns, model) for name in columns_of(text) if name not in columns
    ]


@dataclass(frozen=True)
class WrongType:
    """A column that is not what an expression needs; as text, what speaks against it."""

    column: str
    declared: str
    wanted: str

    def __str__(self) -> str:
        """`'day' is date, not a number`."""
        return f"'{self.column}' is {self.declared}, not a {self.wanted}"


def wrong_type(text: str, columns: Mapping[str, str], *, wanted: str) -> WrongType | None:
    """What speaks against `text` being `wanted` (number or boolean); None where it fits.

    A bare column is judged by its declared type; of a longer expression only arithmetic on a
    column that is not a number is an error.
    """
    if _NAME.match(text):
        declared = columns.get(text, "")
        fits = is_numeric(declared) if wanted == "number" else declared in ("", "boolean")
        return None if fits else WrongType(text, declared, wanted)
    from sqlglot import exp

    for operator in parse(text).find_all(exp.Add, exp.Sub, exp.Mul, exp.Neg):
        for column in operator.find_all(exp.Column):
            if isinstance(column.parent, exp.Add | exp.Sub | exp.Mul | exp.Neg | exp.Paren):
                declared = columns.get(column.name, "")
                if not is_numeric(declared):
                    return WrongType(column.name, declared, "number")
    return None
