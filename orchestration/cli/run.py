"""`kpi run`: ingest to publish; `kpi backfill` is the same for a range of days."""

import argparse
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.cli.failures import failure, without_dumps
from orchestration.cli.progress import StageProgress
from orchestration.cli.stopping import stops_at_once
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
    print_error,
    print_json,
    scorecard_or_stop,
)
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from kpi_specs.language import Project


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
    before = _which(paths.published_file)

    def is_out() -> bool:
        return _which(paths.published_file) != before

    try:
        with (
            stops_at_once(lambda: _stopped(progress, is_out())),
            progress,
            without_dumps(),
        ):
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
        raise UserError(failure(paths, error, is_out=is_out()), EXIT_MACHINERY) from error
    _show(args, paths, project, result)
    missing = result.unmeasurable_due or project.invalid
    return EXIT_STRICT if args.strict and missing else EXIT_OK


def _stopped(progress: StageProgress, is_out: bool) -> None:
    progress.stop()
    print_error(
        "stopped after it had published; what is left to tell the next run tells."
        if is_out
        else "stopped; nothing was published. The next run goes on from here."
    )


def _which(file: Path) -> tuple[int, int] | None:
    """What tells a publication from the next, which is another file under its name."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


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

    from orchestration.last_valid_specs import withheld_lines
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
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
