"""What a spec may say at a place, in the words of a spec: never those of pydantic or Python."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from kpi_specs.language.base import ID_PATTERN
from kpi_specs.language.places import Place, forms_of, is_model, options
from kpi_specs.language.problems import nearest
from kpi_specs.language.source import COLUMN_TYPES, DAY_PATTERN, HOUR_PATTERN, TYPE_PATTERN

_EXAMPLE = re.compile(r"\s*E\.g\.\s+`([^`]+)`\.?\s*$")
_PATTERNS = {
    ID_PATTERN: "an id has lower-case letters, digits and '_', and begins with a letter",
    TYPE_PATTERN: f"a type is {', '.join(COLUMN_TYPES)} or decimal(12,2)",
    HOUR_PATTERN: "write a time of day as 06:00, between 00:00 and 23:59",
    DAY_PATTERN: "write a day as 12-25 for every year, or as 2017-12-25",
}
_GERMAN_DAY = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_SLASHED_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
_PERCENT = re.compile(r"^([-+]?\d+(?:\.\d+)?)\s*%$")
_GROUPED = re.compile(r"^[-+]?\d{1,3}([,_' ]\d{3})+(\.\d+)?$|^[-+]?\d+(_\d+)+(\.\d+)?$")
_COMMA = re.compile(r"^[-+]?\d+,\d+$")


def either(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def shown(value: Any) -> str:
    """A value as it is written, shortened; lists and keys by what they are."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return f"'{value.isoformat()}'"
    if isinstance(value, str):
        cut = value if len(value) <= 60 else f"{value[:57]}…"
        return f"'{cut}'"
    if isinstance(value, int | float):
        return f"{value:.12g}" if isinstance(value, float) else str(value)
    return "keys and values" if isinstance(value, Mapping) else "a list"


def example(where: Place) -> str | None:
    """The field's own example, where the place is the whole field."""
    if where.field is None or not where.is_field:
        return None
    match = _EXAMPLE.search(" ".join((where.field.description or "").split()))
    return match.group(1) if match else None


def said(error: Mapping[str, Any], where: Place, found: Any) -> str:
    """What is wrong with a value, what is allowed, what to write, as sentences.

    Args:
        error: As pydantic tells it.
        where: Its place.
        found: What the YAML has there; a validator may have made something else of it.
    """
    kind: str = error["type"]
    context = error.get("ctx", {})
    if kind == "value_error":
        text = f"{str(context['error']).rstrip('.')}."
        tells = isinstance(found, dict | list) or shown(found) in text
        return text if tells else f"{text} Found: {shown(found)}."
    if words := options(where.kind):
        near = nearest(found, words) if isinstance(found, str) else ""
        listed = " A list is written [a, b]." if isinstance(found, str) and "," in found else ""
        return f"write {either(words)}. Found: {shown(found)}.{near}{listed}"
    make = _SAID.get(kind)
    text, hint = make(found, context, where) if make else (_wanted(where), "")
    one = example(where)
    eg = f", e.g. {one}" if one and kind in _WITH_EXAMPLE else ""
    seen = f" Found: {shown(found)}." if kind not in _LENGTHS else ""
    return f"{text}{eg}.{seen}{hint}"


Said = tuple[str, str]  # what is allowed; what follows after 'Found'


def _wanted(where: Place) -> str:
    """The declared type in words."""
    (inner, *_) = (*forms_of(where.kind), None)
    if is_model(inner):
        return "write keys and values"
    words = {str: "write a text", int: "write a whole number", float: "write a number",
             bool: "write true or false", dt.date: _A_DAY}  # fmt: skip
    return words.get(inner, "write what belongs here")


def _text(found: Any, context: Mapping[str, Any], where: Place) -> Said:
    del context
    noun = "an id" if where.field is not None and where.field.title == "id" else "a text"
    if isinstance(found, bool | int | float | dt.date):
        return f"write {noun}", f' Write it in quotes: "{str(found).lower()}".'
    return f"write {noun}", ""


def _number(noun: str) -> Callable[[Any, Mapping[str, Any], Place], Said]:
    def make(found: Any, context: Mapping[str, Any], where: Place) -> Said:
        del context, where
        return f"write {noun}", _number_hint(found)

    return make


def _number_hint(found: Any) -> str:
    """How a number in the writing of some country is written here."""
    if not isinstance(found, str):
        return ""
    text = found.strip()
    latin = "".join(str(unicodedata.digit(one, one)) for one in text)
    if latin != text and latin.isascii():
        return f" Write it in these digits: {latin}."
    if match := _PERCENT.match(text):
        return f" {text} is written {float(match.group(1)) / 100:.12g}."
    if _GROUPED.match(text):
        return f" Write it without marks between the digits: {re.sub(r'[^0-9.+-]', '', text)}."
    if _COMMA.match(text):
        return f" Write a point, not a comma: {text.replace(',', '.')}."
    return ""


_A_DAY = "write a day as year-month-day"


def _day(found: Any, context: Mapping[str, Any], where: Place) -> Said:
    del where
    text = found if isinstance(found, str) else ""
    if match := _GERMAN_DAY.match(text):
        day, month, year = match.groups()
        return _A_DAY, f" Write {year}-{int(month):02d}-{int(day):02d}."
    if match := _SLASHED_DAY.match(text):
        one, other, year = (int(part) for part in match.groups())
        return _A_DAY, f" Write {year}-{one:02d}-{other:02d} or {year}-{other:02d}-{one:02d}."
    why = str(context.get("error", ""))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) and ("day" in why or "month" in why):
        return f"there is no such day; {_A_DAY}", ""
    if isinstance(found, int) and 1900 < found < 2200:
        return _A_DAY, f" The year is {found}-01-01 to {found}-12-31."
    if isinstance(found, dt.datetime):
        return "write a day without a time of day", ""
    return _A_DAY, ""


def _list(found: Any, context: Mapping[str, Any], where: Place) -> Said:
    del context
    (kind, *_) = (*forms_of(where.kind), None)
    of_words = get_origin(kind) is tuple and forms_of(get_args(kind)[0]) == (str,)
    is_word = isinstance(found, str) and found.strip() and "," not in found
    return "write a list", f" Write [{found}]." if of_words and is_word else ""


def _bound(text: str, name: str) -> Callable[[Any, Mapping[str, Any], Place], Said]:
    def make(found: Any, context: Mapping[str, Any], where: Place) -> Said:
        del where
        bound = context[name]
        is_number = isinstance(bound, int | float)
        limit = f"{bound:g}" if is_number else str(bound)
        is_share = name in ("le", "lt") and bound == 1 and isinstance(found, int | float)
        hint = f" {found:g} % is written {found / 100:g}." if is_share and found <= 100 else ""
        said = text.format(limit)
        return (said if is_number else said.replace("more", "later")), hint

    return make


def _pattern(found: Any, context: Mapping[str, Any], where: Place) -> Said:
    del where
    pattern = context["pattern"]
    hint = ""
    if pattern == TYPE_PATTERN:
        hint = nearest(str(found).partition("(")[0], [*COLUMN_TYPES, "decimal"])
    return _PATTERNS.get(pattern, "this is not how it is written"), hint


def _length(found: Any, context: Mapping[str, Any], where: Place) -> Said:
    """Too few or too many items of a list."""
    del found, where
    least, most = context.get("min_length"), context.get("max_length")
    if least is not None:  # what is there is empty
        return ("write at least one" if least == 1 else f"write at least {least}"), ""
    return f"write {most} at most", ""


def _always(text: str) -> Callable[[Any, Mapping[str, Any], Place], Said]:
    return lambda found, context, where: (text, "")


_LENGTHS = ("too_short", "too_long")
_SAID: dict[str, Callable[[Any, Mapping[str, Any], Place], Said]] = {
    "string_type": _text,
    "string_too_short": _always("write something"),
    "string_pattern_mismatch": _pattern,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"),
                    _number("a whole number")),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _number("a number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), _always("write true or false")),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing",
                     "date_from_datetime_inexact"), _day),
    **dict.fromkeys(("tuple_type", "list_type"), _list),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"),
                    _always("write keys and values")),
    **dict.fromkeys(_LENGTHS, _length),
    "greater_than_equal": _bound("write {} or more", "ge"),
    "greater_than": _bound("write more than {}", "gt"),
    "less_than_equal": _bound("write {} or less", "le"),
    "less_than": _bound("write less than {}", "lt"),
}  # fmt: skip

# Where the kind of a value is wrong; a number out of its bounds is of the right kind.
_WITH_EXAMPLE = frozenset(_SAID) - {
    "greater_than_equal", "greater_than", "less_than_equal", "less_than",
    "string_pattern_mismatch", "bool_type", "bool_parsing",
}  # fmt: skip
