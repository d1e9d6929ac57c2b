"""What the commands share: the project argument, loading with readable problems, output."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.cli.problems import print_problems
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    import duckdb

    from kpi_specs.language import Project
    from orchestration.report import Scorecard

EXIT_OK, EXIT_USAGE, EXIT_MACHINERY, EXIT_STRICT = 0, 1, 2, 3


class UserError(Exception):
    """Something the user can mend: shown as one message, never as a traceback."""

    def __init__(self, message: str, exit_code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def print_error(message: str) -> None:
    """One message on standard error."""
    print(f"kpi: {message}", file=sys.stderr)


def print_json(data: Any) -> None:
    """Machine-readable output; dates as ISO text, other scripts kept readable."""
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def add_project(parser: argparse.ArgumentParser) -> None:
    """Every command takes --project DIR."""
    parser.add_argument(
        "--project", metavar="DIR", type=Path, default=Path(), help="the project (default: here)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Every command that prints a table takes --json."""
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def date_argument(text: str) -> dt.date:
    """An ISO date of the command line.

    Raises:
        argparse.ArgumentTypeError: anything else, with what is expected.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a date; write it as 2017-12-31"
        ) from None


def paths_of(args: argparse.Namespace) -> ProjectPaths:
    """The project's paths.

    Raises:
        UserError: the folder does not exist.
    """
    root = Path(args.project).resolve()
    if not root.is_dir():
        raise UserError(f"the project folder {args.project} does not exist.")
    return ProjectPaths(root)


def load_or_stop(paths: ProjectPaths, *, warnings: bool = True) -> "Project":
    """Load the specs; print every problem and stop where one is an error.

    Raises:
        UserError: the specs are invalid; the problems are printed before.
    """
    from kpi_specs.language import load_project

    loaded = load_project(paths.root)
    print_problems(loaded.problems if warnings else loaded.errors, to=sys.stderr)
    if loaded.project is None:
        count = len(loaded.errors)
        raise UserError(
            f"{count} problem{'s' if count != 1 else ''} in the specs; nothing was run."
        )
    return loaded.project


def load_for_run_or_stop(paths: ProjectPaths) -> "Project":
    """Load the specs as a run takes them: see `orchestration.last_valid_specs`.

    Raises:
        UserError: something else than KPI specs is invalid; the problems are printed before.
    """
    from orchestration.last_valid_specs import load_for_run

    loaded = load_for_run(paths)
    if loaded.project is None:
        return load_or_stop(paths, warnings=False)
    return loaded.project


def chosen_kpis(project: "Project", names: Sequence[str]) -> list[str]:
    """The KPIs named on the command line, or all.

    Raises:
        UserError: a name that no KPI has.
    """
    for name in names:
        stop_unless_kpi(name, project.kpis)
    return list(dict.fromkeys(names or project.kpis))


def stop_unless_kpi(name: str, kpis: Collection[str]) -> None:
    """Stop where no KPI has this name.

    Raises:
        UserError: with the nearest name.
    """
    if name not in kpis:
        near = get_close_matches(name, list(kpis), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "'kpi status' lists them."
        raise UserError(f"no KPI is called '{name}'. {hint}")


def published_or_stop(paths: ProjectPaths) -> Path:
    """The live publication's file.

    Raises:
        UserError: nothing has been published yet.
    """
    if not paths.published_file.is_file():
        from orchestration.cli.unpublished import no_valid_spec

        raise UserError(no_valid_spec(paths) or "nothing is published yet; run 'kpi run' first.")
    return paths.published_file


@contextmanager
def open_published(paths: ProjectPaths) -> "Iterator[duckdb.DuckDBPyConnection]":
    """The live publication, read-only.

    Raises:
        UserError: nothing has been published yet, or the file cannot be read.
    """
    import duckdb

    published = published_or_stop(paths)
    try:
        opened = duckdb.connect(str(published), read_only=True)
    except duckdb.Error as error:
        raise UserError(
            f"{published} cannot be read ({error}). Run 'kpi run --full-refresh' to publish anew, "
            "or 'kpi rollback' to put an earlier publication back.",
            EXIT_MACHINERY,
        ) from None
    with opened as con:
        yield con


def scorecard_or_stop(published: Path, *, language: str = "en") -> "Scorecard":
    """The scorecard of a publication.

    Raises:
        UserError: the file cannot be read as a publication.
    """
    from orchestration.report import ReportError, scorecard

    try:
        return scorecard(published, language=language)
    except ReportError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None


def rows_of(con: Any, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, each by column name."""
    cursor = con.execute(query, list(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def audit_rows(paths: ProjectPaths, query: str) -> list[dict[str, Any]]:
    """Rows of an audit table of the live publication.

    Raises:
        UserError: nothing is published, or only by a version that did not audit.
    """
    import duckdb

    with open_published(paths) as con:
        try:
            return rows_of(con, query)
        except duckdb.CatalogException:
            raise UserError(
                "the live publication has no audit; run 'kpi run --full-refresh' to publish anew."
            ) from None
