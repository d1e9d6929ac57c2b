"""Quoting of names and values in SQL text that is built from a source's contract."""

from collections.abc import Sequence


def name(identifier: str) -> str:
    """Quote an identifier; a quote in it is doubled."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a text literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Sequence[str]) -> str:
    """A list literal of texts: `['a', 'b']`."""
    return "[" + ", ".join(text(value) for value in values) + "]"


def glob_safe(path: str) -> str:
    """Quote a path for a reader function, which would take `w[1].csv` for a pattern."""
    return text("".join(f"[{char}]" if char in "*?[" else char for char in path))
