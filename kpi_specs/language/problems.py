"""One thing that is wrong with a spec, and how it is said."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Literal

SHOWN = 30  # of the allowed words
_LONGEST = 80  # letters of a word that may be a misspelt one


@dataclass(frozen=True, order=True)
class Problem:
    """A finding in a spec file. `file` is relative to the project, `line` counts from 1."""

    file: str
    line: int
    rule: str  # short name, e.g. unknown-column
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """`file:line [rule] message`, as editors and terminals make it clickable."""
        return f"{self.file}:{self.line} [{self.rule}] {self.message}"


def _likeness(wrong: str, allowed: str) -> float:
    return SequenceMatcher(None, allowed, wrong).ratio()  # as get_close_matches compares them


def nearest(wrong: str, allowed: Iterable[str]) -> str:
    """The one nearest allowed word as a question, after a blank; nothing where none is nearest."""
    if len(wrong) > _LONGEST:
        return ""
    written = re.sub(r"[\s-]+", "_", wrong.strip().lower())
    by_spelling = {one.lower(): one for one in sorted(allowed)}
    near = get_close_matches(written, by_spelling, n=2, cutoff=0.65)
    if len(near) == 1 or (near and _likeness(written, near[0]) > _likeness(written, near[1])):
        return f" Did you mean '{by_spelling[near[0]]}'?"
    return ""


def did_you_mean(wrong: str, allowed: Iterable[str], *, noun: str = "Allowed") -> str:
    """The nearest allowed word as a question, or else the list of what is allowed.

    Returns a sentence that starts with a space, so that it can follow another one.
    """
    choices = sorted(allowed)
    if near := nearest(wrong, choices):
        return near
    if not choices:
        return f" {noun}: none yet."
    rest = len(choices) - SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f" {noun}: {', '.join(choices[:SHOWN])}{more}."


def no_such_column(name: str, columns: Iterable[str], model: str) -> str:
    """The message on a column that a model does not declare."""
    return f"'{name}' is not a column of {model}.{did_you_mean(name, columns, noun='Columns')}"


def one_column(name: str, other: str) -> str:
    """The message for two names that differ in nothing but capital letters."""
    return (
        f"'{name}' and '{other}' are one column to the warehouse, which sees no difference between "
        "small and capital letters; keep one of them."
    )
