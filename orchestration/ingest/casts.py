"""From a value as received to the contract's type, as SQL; NULL where it does not fit exactly.

DuckDB's own casts are too kind for measured data: '1.5' becomes the integer 2, '1.005' the decimal
1.01, '1e400' infinity, 'epoch' a date, and an offset in a timestamp is dropped. Each expression
here yields NULL for such a value, and the row goes to the rejects.
"""

import re
from dataclasses import dataclass

from kpi_specs.language.source import Source
from orchestration.ingest import sql

_INTEGER = r"[+-]?\d+(\.0*)?"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_MIDNIGHT = r"([ T]00:00(:00(\.0+)?)?)?"
_TIME = r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_OFFSET = r" ?(Z|[+-]\d{2}(:?\d{2})?)"

# What a sum of doubles leaves behind (0.30000000000000004, or 1.8e-15 where 0 was meant) is no
# information: relative to the value, and in units of the contract's last decimal. A value that
# loses more than that when it is rounded to the contract's scale is a reject.
_NOISE = 1e-14
_NOISE_OF_LAST_DECIMAL = 1e-9

_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_INTEGERS = frozenset((*_SIGNED, *(f"U{name}" for name in _SIGNED)))
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_NAIVE_TIMESTAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_ZONED_TIMESTAMP = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True)
class Cast:
    """How one column gets the contract's type."""

    value: str  # SQL of the typed value; NULL for a blank and for a value that does not fit
    blank: str  # SQL condition: nothing was delivered
    exact: bool  # True: `value` is NULL only for blanks, no check is needed
    expected: str  # what the value should have been, for the reason of a reject


def duckdb_type(column_type: str) -> str:
    """The DuckDB type of a contract type, e.g. `decimal(12, 2)` -> `DECIMAL(12,2)`."""
    plain = {
        "text": "VARCHAR",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
    }
    return plain.get(column_type) or column_type.upper().replace(" ", "")


def as_text(column: str, received: str) -> str:
    """SQL of a column as text, nested values as JSON."""
    if received == "VARCHAR":
        return column
    if re.search(r"^(STRUCT|MAP|UNION)\(|\]$", received):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def cast(column: str, received: str, column_type: str, source: Source) -> Cast:
    """The cast of one column.

    Args:
        column: SQL of the column as received.
        received: its DuckDB type; VARCHAR for CSV and JSON.
        column_type: the contract's type.
        source: for its date and timestamp formats and its time zone. A timestamp with an offset
            is converted to `source.time_zone` (UTC where the source names none) and stored naive.
    """
    if column_type == "text":
        text = as_text(column, received)
        return Cast(text, f"({column} IS NULL OR trim({text}) = '')", True, "text")
    target = duckdb_type(column_type)
    native = _from_native(column, received, column_type, target, source)
    if native is not None:
        value, exact = native
        return Cast(value, f"{column} IS NULL", exact, _expected(column_type, source))
    text = f"nullif(trim({as_text(column, received)}), '')"
    value = _from_text(text, column_type, target, source)
    return Cast(value, f"{text} IS NULL", False, _expected(column_type, source))


def _from_native(
    column: str, received: str, column_type: str, target: str, source: Source
) -> tuple[str, bool] | None:
    """Typed value and whether it is always exact; None: go through the text."""
    if column_type == "number" and received in _FLOATS:
        return f"CASE WHEN isfinite({column}) THEN CAST({column} AS DOUBLE) END", False
    if received == target:
        return column, True
    if column_type == "number" and (received in _INTEGERS or received.startswith("DECIMAL")):
        return f"CAST({column} AS DOUBLE)", True
    if column_type == "integer" and received in _INTEGERS:
        return f"TRY_CAST({column} AS BIGINT)", False
    if column_type in ("date", "timestamp"):
        if received == _ZONED_TIMESTAMP:
            local = f"timezone({sql.text(_zone(source))}, {column})"
        elif received in _NAIVE_TIMESTAMPS:
            local = f"CAST({column} AS TIMESTAMP)"
        elif received == "DATE":
            return f"CAST({column} AS TIMESTAMP)", True
        else:
            return None
        if column_type == "timestamp":
            return local, True
        return _when(f"{local} = date_trunc('day', {local})", f"CAST({local} AS DATE)"), False
    if column_type.startswith("decimal"):
        decimal = f"TRY_CAST({column} AS {target})"
        if received in _INTEGERS:
            return decimal, False
        if received.startswith("DECIMAL"):
            return _when(f"{decimal} = {column}", decimal), False
        if received in _FLOATS:
            return _when(_keeps(f"CAST({column} AS DOUBLE)", decimal, target), decimal), False
    return None


def _from_text(text: str, column_type: str, target: str, source: Source) -> str:
    if column_type == "boolean":
        return f"TRY_CAST({text} AS BOOLEAN)"
    if column_type == "integer":
        return _when(_matches(text, _INTEGER), f"TRY_CAST({text} AS BIGINT)")
    if column_type == "number":
        number = f"TRY_CAST({text} AS DOUBLE)"
        return _when(f"{_matches(text, _NUMBER)} AND isfinite({number})", number)
    if column_type == "date":
        return _date(text, source)
    if column_type == "timestamp":
        return _timestamp(text, source)
    number = f"TRY_CAST({text} AS DOUBLE)"
    # DuckDB reads the text '8.881784e-16' as the decimal 0.01, so exponents go through a double.
    decimal = (
        f"CASE WHEN contains(lower({text}), 'e') THEN TRY_CAST({number} AS {target})"
        f" ELSE TRY_CAST({text} AS {target}) END"
    )
    return _when(f"{_matches(text, _NUMBER)} AND {_keeps(number, decimal, target)}", decimal)


def _keeps(number: str, decimal: str, target: str) -> str:
    """Condition: rounding to the contract's scale loses nothing but noise."""
    scale = int(target.rstrip(")").split(",")[1])
    noise = f"greatest({_NOISE!r} * abs({number}), {_NOISE_OF_LAST_DECIMAL * 10**-scale!r})"
    return f"abs({number} - CAST({decimal} AS DOUBLE)) <= {noise}"


def _date(text: str, source: Source) -> str:
    if source.options.date_format:  # the first that fits
        return f"CAST(try_strptime({text}, {sql.texts(source.options.date_format)}) AS DATE)"
    return _when(_matches(text, _DAY + _MIDNIGHT), f"TRY_CAST({text} AS DATE)")


def _timestamp(text: str, source: Source) -> str:
    zone = sql.text(_zone(source))
    pattern = source.options.timestamp_format
    if pattern is not None:
        parsed = f"try_strptime({text}, {sql.text(pattern)})"
        return f"timezone({zone}, {parsed})" if re.search("%[zZ]", pattern) else parsed
    return (
        f"CASE WHEN {_matches(text, f'{_DAY}({_TIME})?')} THEN TRY_CAST({text} AS TIMESTAMP)"
        f" WHEN {_matches(text, _DAY + _TIME + _OFFSET)}"
        f" THEN timezone({zone}, TRY_CAST({text} AS TIMESTAMPTZ)) END"
    )


def _zone(source: Source) -> str:
    return source.time_zone or "UTC"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {sql.text(pattern)})"


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


def _expected(column_type: str, source: Source) -> str:
    if column_type == "date":
        return f"a date like {' or '.join(source.options.date_format) or '2017-03-31'}"
    if column_type == "timestamp":
        return f"a timestamp like {source.options.timestamp_format or '2017-03-31 23:59:59'}"
    return {
        "integer": "an integer",
        "number": "a finite number",
        "boolean": "true or false",
    }.get(column_type, f"an exact {column_type}")
