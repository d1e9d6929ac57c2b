"""Rules about sources that are databases, and against files."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.source import SourceOptions

_QUERY = re.compile(r"\s*(select|with)\b[^;]*;?\s*", re.IGNORECASE)
_OF_DATABASES = ("date_format", "timestamp_format")  # a text in a database may be a date, too


def kind_says_where_rows_are(context: RuleContext) -> Iterator[Problem]:
    """A source of the kind `database` has no files, and no other one has a database."""
    for key, source in context.project.sources.items():
        if source.database is not None and source.kind != "database":
            message = f"rows of a database come from kind '{source.kind}'; say 'kind: database'."
            yield context.problem("source", key, ("kind",), "wrong-kind", message)
        if source.path is not None and source.database is not None:
            message = "a source has files or a database, not both; leave 'path' or 'database' out."
            yield context.problem("source", key, ("path",), "files-and-database", message)
        elif source.path is not None and source.kind == "database":
            message = (
                "a database is named under 'database', and has no files; for files that were "
                "exported from one say 'kind: files'."
            )
            yield context.problem("source", key, ("path",), "wrong-kind", message)


def database_has_no_format(context: RuleContext) -> Iterator[Problem]:
    """How files are written is said of files only."""
    for key, source in context.project.sources.items():
        if source.database is None:
            continue
        if source.format != "csv":
            message = f"a database has no format '{source.format}'; leave it out."
            yield context.problem("source", key, ("format",), "no-files", message)
        for name in SourceOptions.model_fields:
            if name not in _OF_DATABASES and name in source.options.model_fields_set:
                message = f"'{name}' is about files, and a database has none; leave it out."
                yield context.problem("source", key, ("options", name), "no-files", message)


def database_address_is_not_written(context: RuleContext) -> Iterator[Problem]:
    """Of a server the spec has the name of a variable; its address may hold a password."""
    for key, source in context.project.sources.items():
        variable = source.database.env if source.database else None
        if variable is not None and re.fullmatch(r"[A-Za-z_]\w*", variable) is None:
            message = (  # what stands there is not repeated
                "write the name of an environment variable that holds the address, such as "
                "SHOP_DATABASE_URL; the address itself stands in no spec."
            )
            yield context.problem("source", key, ("database", "env"), "bad-variable", message)


def database_file_is_of_the_project(context: RuleContext) -> Iterator[Problem]:
    """The file of a database is named from the project on, on whichever machine that is."""
    for key, source in context.project.sources.items():
        file = source.database.file if source.database else None
        if file and (PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive):
            message = (
                f"'{file}' is the path of one machine; write it relative to the project, such as "
                "landing/shop.sqlite."
            )
            yield context.problem("source", key, ("database", "file"), "absolute-path", message)


def database_is_only_read(context: RuleContext) -> Iterator[Problem]:
    """A query is one SELECT."""
    for key, source in context.project.sources.items():
        query = source.database.query if source.database else None
        if query is not None and _QUERY.fullmatch(query) is None:
            message = "a query is one 'select' (or 'with'), without another statement after it."
            yield context.problem("source", key, ("database", "query"), "bad-query", message)
