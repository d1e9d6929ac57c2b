"""Rules about a source's contract: its columns, and how its files are written."""

import codecs
from collections.abc import Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext


def event_time_is_a_time(context: RuleContext) -> Iterator[Problem]:
    """The column of the business date is a date or a timestamp."""
    for name, source in context.project.sources.items():
        column = source.columns.get(source.event_time or "")
        if column is not None and column.type not in ("date", "timestamp"):
            message = (
                f"'{source.event_time}' is {column.type}; the business date is a date or a "
                "timestamp, so give the column that type."
            )
            yield context.problem("source", name, ("event_time",), "wrong-type", message)


def dated_ahead_needs_a_day(context: RuleContext) -> Iterator[Problem]:
    """How far ahead rows are dated is said where rows have a day."""
    for name, source in context.project.sources.items():
        if source.dated_ahead and source.event_time is None:
            message = (
                "without an event_time nothing says how far ahead a row is dated; name its column, "
                "or leave dated_ahead out."
            )
            yield context.problem("source", name, ("dated_ahead",), "no-event-time", message)


def limits_are_in_order(context: RuleContext) -> Iterator[Problem]:
    """The smallest value of a column is not above its largest one."""
    for name, source in context.project.sources.items():
        for key, column in source.columns.items():
            if column.min is not None and column.max is not None and column.min > column.max:
                message = f"min ({column.min:g}) is above max ({column.max:g}); exchange them."
                yield context.problem("source", name, ("columns", key), "limits", message)


def files_can_be_read(context: RuleContext) -> Iterator[Problem]:
    """The encoding of a source exists, and its formats of dates are those of strptime."""
    for name, source in context.project.sources.items():
        options = source.options
        try:
            codecs.lookup(options.encoding)
        except LookupError:
            message = (
                f"'{options.encoding}' is no encoding; use a name such as utf-8, latin-1 or cp1252."
            )
            place: tuple[str | int, ...] = ("options", "encoding")
            yield context.problem("source", name, place, "unknown-encoding", message)
        formats: list[tuple[tuple[str | int, ...], str]] = [
            (("options", "date_format", index), one)
            for index, one in enumerate(options.date_format)
        ]
        if options.timestamp_format is not None:
            formats.append((("options", "timestamp_format"), options.timestamp_format))
        for place, one in formats:
            if "%" not in one:
                message = f"'{one}' names no part of a date; write it as '%d/%m/%Y'."
                yield context.problem("source", name, place, "date-format", message)


def files_belong_to_one_source(context: RuleContext) -> Iterator[Problem]:
    """No two sources read the same files: each row would be loaded twice."""
    taken: dict[str, str] = {}
    for name, source in context.project.sources.items():
        other = taken.setdefault(source.path or name, name)
        if other != name:
            message = f"the source '{other}' reads the same files ('{source.path}')."
            yield context.problem("source", name, ("path",), "same-files", message, "warning")
