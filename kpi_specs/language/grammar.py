"""How a text in a spec becomes one expression: what expressions and formulas have in common.

Parsed with sqlglot, and rendered again from the tree: text from a spec never reaches SQL unread,
and a comment in it never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpi_specs.language.sql_words import as_written, unreadable

if TYPE_CHECKING:
    from sqlglot import exp

_SHORT = 500  # letters that cannot nest deeper than Python calls


class ExpressionError(ValueError):
    """A text outside its grammar. The message says what and what is allowed."""


@dataclass(frozen=True)
class Grammar:
    """What may be written, in the words that a refusal needs.

    Attributes:
        noun: With its article: `an expression`.
        begin: What to write where there is nothing: `a column, or arithmetic over columns`.
        names: Whose names stand in it: `the column's`.
        longest: Letters that it may have.
        instead: What to do with a longer or deeper one: `compute it in dbt`.
        allowed: All that it may hold.
    """

    noun: str
    begin: str
    names: str
    longest: int
    instead: str
    allowed: str


def read(text: str, grammar: Grammar) -> "exp.Expression":
    """The one expression that a text is, of whatever nodes.

    Raises:
        ExpressionError: it is none, or more than one, or too long or deep to be read.
    """
    import sqlglot
    from sqlglot import errors

    noun = grammar.noun.partition(" ")[2]
    if not text.strip():
        raise ExpressionError(f"there is no {noun}; write {grammar.begin}.")
    if len(text) > grammar.longest:
        raise ExpressionError(
            f"{grammar.noun} has {grammar.longest:,} letters at most; {grammar.instead}."
        )
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
        if len(text) > _SHORT and trees[0] is not None:
            trees[0].sql(dialect="duckdb")
    except errors.SqlglotError as error:
        raise ExpressionError(f"'{text}' cannot be read: {unreadable(text, error)}.") from None
    except RecursionError:
        raise ExpressionError(f"the brackets or terms nest too deep; {grammar.instead}.") from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"'{text}' is not one {noun}.")
    for node in trees[0].walk():
        node.comments = None
    return trees[0]


def check(
    node: "exp.Expression",
    text: str,
    grammar: Grammar,
    kinds: tuple[type[Any], ...],
    hints: "Mapping[type[Any], str] | None" = None,
) -> None:
    """Refuse a node that is of none of the `kinds`, and a name that has another before it.

    Args:
        node: The node.
        text: The whole text.
        grammar: What it is to be.
        kinds: The nodes that are allowed.
        hints: What to do instead, by kind of node.

    Raises:
        ExpressionError: it is refused.
    """
    from sqlglot import exp

    if not isinstance(node, kinds):
        hint = next((said for kind, said in (hints or {}).items() if isinstance(node, kind)), "")
        raise ExpressionError(
            f"'{as_written(text, node)}' is not allowed in {grammar.noun}.{hint} "
            f"Allowed: {grammar.allowed}."
        )
    if isinstance(node, exp.Column) and node.table:
        raise ExpressionError(f"'{node.sql()}': write {grammar.names} name alone.")
