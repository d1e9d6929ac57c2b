"""`kpi run`: ingest to publish; `kpi backfill` is the same for a range of days."""

import argparse
import json
import logging
import shutil
import traceback
from typing import TYPE_CHECKING, Any

from orchestration.cli.progress import StageProgress
from orchestration.cli.terminal import (
    EXIT_MACHINERY,
    EXIT_OK,
    EXIT_STRICT,
    UserError,
    add_json,
    add_project,
    date_argument,
    load_for_run_or_stop,
    paths_of,
    print_json,
    scorecard_or_stop,
)
from orchestration.cli.withheld import withheld_lines
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from kpi_specs.language import Project

_LEAST_ROOM = 1 << 20  # bytes; what a run writes is more


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("run", help="ingest, compute, judge, publish, alert")
    add_project(parser)
    add_json(parser)
    parser.add_argument(
        "--as-of",
        type=date_argument,
        metavar="DATE",
        help="the clock: today as the run sees it (default: project.yml's as_of, else today)",
    )
    parser.add_argument(
        "--select",
        nargs="+",
        default=[],
        metavar="KPI",
        help="compute these even if nothing changed",
    )
    parser.add_argument(
        "--full-refresh", action="store_true", help="compute everything, changed or not"
    )
    parser.add_argument(
        "--from",
        dest="from_",
        type=date_argument,
        metavar="DATE",
        help="backfill: first day; tables are rebuilt whole, the days name the partitions recorded",
    )
    parser.add_argument(
        "--to", type=date_argument, metavar="DATE", help="backfill: last day, inclusive"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit code 3 when a due KPI is unmeasurable, or a spec invalid",
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Run the pipeline; print the scorecard and where the published file is."""
    paths = paths_of(args)
    project = load_for_run_or_stop(paths)
    from orchestration import pipeline
    from orchestration.run_context import OrderError
    from orchestration.run_lock import RunLockedError

    logging.raiseExceptions = False  # on a full disk each line of a log would print a traceback
    progress = StageProgress(silent=args.json)
    try:
        with progress:
            result = pipeline.run(
                paths,
                project,
                as_of=args.as_of,
                select=args.select,
                full_refresh=args.full_refresh,
                from_=args.from_,
                to=args.to,
                on_progress=progress,
            )
    except OrderError as error:
        raise UserError(str(error)) from None
    except RunLockedError as error:
        raise UserError(str(error), EXIT_MACHINERY) from None
    except Exception as error:
        raise UserError(_machinery(paths, error), EXIT_MACHINERY) from error
    _show(args, paths, project, result)
    missing = result.unmeasurable_due or project.invalid
    return EXIT_STRICT if args.strict and missing else EXIT_OK


def _machinery(paths: ProjectPaths, error: BaseException) -> str:
    """A message for a failure of the machinery; the traceback goes to a file."""
    logs = paths.var / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / "last_failure.txt"
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f" Details: {log}"
    except OSError as second:  # a full disk must not hide the first error
        where = f" (The details could not be written to {logs}: {second}.)"
    said = str(error).strip() or type(error).__name__
    if "disk is full" not in said and _is_full(paths):
        said = f"the disk is full: free some space and run again. ({said})"
    return f"the run failed, nothing was published: {said}{where}"


def _is_full(paths: ProjectPaths) -> bool:
    """Whether the disk has no room for a run; SQLite, for one, says only `disk I/O error`."""
    return shutil.disk_usage(paths.root).free < _LEAST_ROOM


def _show(args: argparse.Namespace, paths: ProjectPaths, project: "Project", result: Any) -> None:
    card = scorecard_or_stop(paths.published_file)
    if args.json:
        print_json(
            {
                "run_id": result.run_id,
                "status": result.status,
                "reason": result.reason,
                "as_of": result.as_of,
                "computed": result.computed,
                "compute_errors": dict(result.compute_errors),
                "unmeasurable_due": result.unmeasurable_due,
                "invalid_specs": {
                    kpi: [str(one) for one in problems] for kpi, problems in project.invalid.items()
                },
                "published": str(paths.published_file),
                "seconds": {k: round(v, 3) for k, v in result.seconds.items()},
                "scorecard": json.loads(json.dumps(card.as_dict(), default=str)),
            }
        )
        return
    from rich.console import Console
    from rich.markup import escape

    from orchestration.report import render

    console = Console()
    render(card, console)
    for line in withheld_lines(project):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for kpi, message in result.compute_errors.items():
        console.print(f"[red]{kpi}[/red]: {escape(message)}", highlight=False)
    for report in result.ingested:
        if report.status in ("failed", "empty") or report.rows_rejected or report.rows_outranked:
            console.print(
                f"Source {report.source}: {report.message}", highlight=False, markup=False
            )
    told = getattr(result.delivery, "told", 0)
    if told:
        count = "1 alert was" if told == 1 else f"{told} alerts were"
        console.print(f"{count} sent; 'kpi alerts' lists what is open.", highlight=False)
    for problem in getattr(result.delivery, "errors", ()):
        console.print(f"An alert could not be sent; 'kpi alerts' has it: {problem}", markup=False)
    seconds = result.seconds["total"]
    said = "Nothing new" if result.status == "unchanged" else "Published"
    console.print(
        f"{said} in {seconds:.1f} s: {_short(paths.published_file)}",
        highlight=False,
        soft_wrap=True,
    )


def _short(path: Any) -> str:
    """The path from here where that is shorter."""
    from pathlib import Path

    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
