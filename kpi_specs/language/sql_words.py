"""What a parser or DuckDB says against an expression, in the words of somebody who wrote it."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

LONGEST = 20_000  # letters; what is longer belongs into the mart


def unreadable(text: str, error: "SqlglotError") -> str:
    """Where reading stopped, and what is missing there; without the full stop."""
    errors: list[dict[str, Any]] = getattr(error, "errors", [])
    first = errors[0] if errors else {}
    said, column = str(first.get("description", "")), int(first.get("col") or 0)
    if not first:
        return "a quote is not closed" if text.count("'") % 2 else "a sign that no expression has"
    if "Expecting )" in said:
        return "a bracket is not closed"
    if "Expected END" in said:
        return "a case closes with 'end'"
    if "number of provided arguments" in said:
        return f"too many values between the brackets of '{text[:column]}'"
    if "'this'" in said:
        return "a value is missing before a sign or between brackets"
    if column >= len(text.rstrip()) and "Unexpected token" not in said:
        return "it ends where a value is expected"
    begins = max(column - len(str(first.get("highlight", ""))), 0)
    return f"not understood from '{text[begins:].strip()}' on"


def as_written(text: str, node: "exp.Expression") -> str:
    """A part of an expression as it was written; all of it where the parser renamed the part."""
    rendered = str(node.sql(dialect="duckdb"))
    written = "".join(text.split()).lower()
    return rendered if "".join(rendered.split()).lower() in written else text.strip()


_REFUSALS = (
    (
        r'Could not convert string "(?P<a>.*?)" to (?P<b>[\w ]+(\([\d, ]+\))?)',
        "'{a}' is no {b}",
    ),
    (r'invalid (?P<b>date|timestamp) field format: "(?P<a>.*?)"', "'{a}' is no {b}"),
    (
        r"Cannot compare values of type (?P<a>.+?) and type (?P<b>.+?)( -|$)",
        "{a} and {b} cannot be compared",
    ),
    (r"Cannot combine types of (?P<a>.+?) and (?P<b>.+?)( -|$)", "{a} and {b} cannot be combined"),
    (r"No function matches .*? '(?P<a>\W+)\((?P<b>.*)\)'", "'{a}' is not for {b}"),
    (r"No function matches .*? '(?P<a>\w+)\((?P<b>.*)\)'", "{a}() is not for {b}"),
)
_OPERATORS = {"~~": "like", "!~~": "not like"}


def refusal(said: str) -> str:
    """Why DuckDB does not compute an expression; without the full stop."""
    for pattern, words in _REFUSALS:
        if match := re.search(pattern, said.splitlines()[0]):
            parts = match.groupdict()
            a, b = parts["a"], _types(parts["b"])
            if "is no " not in words:
                a = _OPERATORS.get(a, _types(a))
            return words.format(a=a, b=b)
    return "it cannot be computed of columns of these types"


def _types(said: str) -> str:
    """Types as a spec has them: `decimal(10,2), a number`."""
    text = re.sub(r"(INTEGER|DECIMAL|DOUBLE)_LITERAL", "a number", said)
    text = text.replace("STRING_LITERAL", "a text")
    return re.sub(r"[A-Z][A-Z_]+", lambda match: match.group().lower(), text).strip()
