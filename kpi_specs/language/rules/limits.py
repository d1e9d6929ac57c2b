"""Rules about what a source promises of its columns and days."""

from collections.abc import Iterator

from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.source import Column


def column_limits_fit_its_type(context: RuleContext) -> Iterator[Problem]:
    """A column's limits and `allowed` values fit its type."""
    for key, source in context.project.sources.items():
        for name, column in source.columns.items():
            for field, message in _mistakes(name, column):
                place = ("columns", name, field)
                yield context.problem("source", key, place, "limits", message)


def _mistakes(name: str, column: Column) -> Iterator[tuple[str, str]]:
    kind = column.type.split("(")[0]
    for field in ("min", "max"):
        if getattr(column, field) is not None and kind not in ("integer", "number", "decimal"):
            yield field, f"'{name}' is {column.type}; only numbers have a {field}."
    if column.allowed is None:
        return
    if not column.allowed:
        yield "allowed", f"no value of '{name}' is allowed; name some, or leave 'allowed' out."
    elif kind not in ("text", "integer"):
        yield "allowed", f"'{name}' is {column.type}; only a text or an integer has allowed values."
    elif kind == "integer":
        for value in column.allowed:
            if not value.removeprefix("-").isdecimal():
                yield "allowed", f"'{value}' is allowed and no integer, which '{name}' is."


def expected_values_are_of_columns(context: RuleContext) -> Iterator[Problem]:
    """Values that are expected every day are of a text or an integer column."""
    for key, source in context.project.sources.items():
        for name, values in (source.expects.values if source.expects else {}).items():
            column, message = source.columns.get(name), None
            if column is None:
                near = did_you_mean(name, source.columns, noun="Columns")
                message = f"'{name}' is not a column of this source.{near}"
            elif column.type not in ("text", "integer"):
                message = (
                    f"'{name}' is {column.type}; only values of a text or an integer are expected."
                )
            elif not values:
                message = f"no value of '{name}' is named; name some, or leave it out."
            elif column.allowed is not None and (other := set(values) - set(column.allowed)):
                message = f"'{min(other)}' is expected of '{name}' and not allowed there."
            elif source.event_time is None:
                message = (
                    "without an event_time nothing says which day a row is of; name its column."
                )
            if message is not None:
                place = ("expects", "values", name)
                yield context.problem("source", key, place, "expected-values", message)


def restating_source_has_days(context: RuleContext) -> Iterator[Problem]:
    """A source that restates its last days says which column they are in."""
    for key, source in context.project.sources.items():
        if source.restates is not None and source.event_time is None:
            message = "without an event_time nothing says which days are restated; name its column."
            yield context.problem("source", key, ("restates",), "no-event-time", message)
