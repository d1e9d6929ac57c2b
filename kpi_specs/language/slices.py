"""How a slice and its value are written, in every table and every message."""

from collections.abc import Iterable, Mapping, Sequence

Slice = tuple[str, ...]  # dimensions; () is the total


def in_order(where: Mapping[str, str], grain: Iterable[Slice]) -> Slice:
    """The dimensions of `where` in the order of the grain; as they stand where it has no such."""
    wanted = frozenset(where)
    return next((one for one in grain if frozenset(one) == wanted), tuple(where))


def slice_name(dimensions: Sequence[str]) -> str:
    """`total`, `channel`, `channel+campaign`."""
    return "+".join(dimensions) or "total"


def slice_value(values: Sequence[str]) -> str:
    """`total`, the one value, or several joined by ' | ' with the bars inside them escaped.

    No two lists of values look alike: a bar between values follows a blank, one inside a value a
    backslash. `kpi_specs.compiler.slices_sql` says the same in SQL.
    """
    if len(values) < 2:
        return values[0] if values else "total"
    return " | ".join(value.replace("|", "\\|") for value in values)
