"""What a mart's column is called in generated SQL: in a mart it may be called anything.

Steps of the generated SQL have columns of their own beside those of the mart: the day, what groups,
the calendar's. A mart's column that is called like one of them, or like a word of SQL, is renamed
where the mart is read, and has its new name from there on. Any other keeps its own.
"""

import hashlib
import re
from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that DuckDB reads as a column only in quotes: `reserved` and `type_function` in its
# duckdb_keywords(); a test compares.
KEYWORDS = _words("""
    all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by
    case cast check collate collation column columns concurrently constraint create cross default
    deferrable desc describe distinct do else end except false fetch for foreign freeze from full
    generated glob group having ilike in initially inner intersect into is isnull join lambda
    lateral leading left like limit map natural not notnull null offset on only or order outer
    overlaps pivot pivot_longer pivot_wider placing positional primary qualify references
    returning right select semi show similar some struct summarize symmetric table tablesample
    then to trailing true try_cast union unique unpack unpivot using variadic verbose when where
    window with
""")

# Columns that steps have beside a mart's own, and the calendar's that are joined to them.
STEP_COLUMNS = _words("""
    day calendar cadence period period_no date day_number first_day last_day slice slice_value
    fact matches first_row has_earlier first_event entity balance position change next_day measured
    event base_at converted_at first_converted_at last_converted_at next_converted_at stretch
    is_converted open_until
""")

_PREFIX = "mart_"


def in_sql(column: str) -> str:
    """The column's name after the mart is read; no two columns of a mart have one."""
    name = column.lower()
    if not column.isidentifier():
        digest = hashlib.sha256(name.encode()).hexdigest()[:6]
        return _PREFIX + "_".join([*re.findall(r"[a-z0-9]+", name), digest])
    # Two underscores stand in names of joined columns, `by_` and `slice_` before what groups.
    ours = name in STEP_COLUMNS or name in KEYWORDS or "__" in name
    if ours or name.startswith((_PREFIX, "by_", "fact_key_", "slice_")):
        return f"{_PREFIX}{name}"
    return column


def as_read(column: str) -> str:
    """The column's own name as SQL reads it, in quotes where it needs them."""
    if column.isidentifier() and column.lower() not in KEYWORDS:
        return column
    return '"' + column.replace('"', '""') + '"'


def mart(model: str, columns: Iterable[str]) -> str:
    """What follows FROM: a dbt model in which each of `columns` is called as `in_sql` says."""
    read = f"{{{{ ref('{model}') }}}}"
    renamed = [column for column in dict.fromkeys(columns) if in_sql(column) != column]
    if not renamed:
        return read
    # They come first: of two columns that are called mart_day, the first one is meant.
    first = ", ".join(f"{as_read(column)} as {in_sql(column)}" for column in renamed)
    return f"(select {first}, * exclude ({', '.join(map(as_read, renamed))}) from {read})"
