"""Entry point of the `kpi` command."""

import argparse
import io
import logging
import sys
from collections.abc import Sequence

from orchestration.cli import commands
from orchestration.cli.terminal import EXIT_MACHINERY, EXIT_USAGE, UserError, print_error

_STOPPED = "stopped by you; nothing was published that was not complete."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        """Usage errors are the user's: exit code 1 like invalid specs, not argparse's 2."""
        self.print_usage(sys.stderr)
        print_error(f"{message}. See '{self.prog} --help'.")
        raise SystemExit(EXIT_USAGE)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="kpi",
        description="KPIs people can trust: what cannot be measured is never shown as if it were.",
        epilog="Exit codes: 0 done, 1 invalid specs or usage, 2 the machinery failed, "
        "3 with --strict when a due KPI is unmeasurable.",
    )
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for register in commands.REGISTER:
        register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 shows '?', and goes on
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = build_parser().parse_args(argv)
    _log_plainly()
    try:
        return int(args.execute(args))
    except UserError as error:
        print_error(str(error))
        return error.exit_code
    except ValueError as error:
        from kpi_specs.compiler import SharedNameError

        if not isinstance(error, SharedNameError):
            raise
        print_error(str(error))
        return EXIT_MACHINERY
    except KeyboardInterrupt:
        print_error(_STOPPED)
        return EXIT_MACHINERY
    except BrokenPipeError:  # `kpi status | head`
        sys.stderr.close()
        return 0
    except OSError as error:  # a read-only folder, a full disk: what the system says is enough
        where = f"{error.filename}: " if error.filename else ""
        print_error(f"{where}{error.strerror or error}. Mend that and run the command again.")
        return EXIT_MACHINERY
    except Exception as error:  # DuckDB says of a disk what the system says
        if str(error) == "Query interrupted":  # what DuckDB makes of Ctrl-C
            print_error(_STOPPED)
            return EXIT_MACHINERY
        duckdb = sys.modules.get("duckdb")
        if duckdb is None or not isinstance(error, duckdb.IOException):
            raise
        said = " ".join(str(error).split()).removeprefix("IO Error: ").rstrip(".!")
        print_error(f"{said}. Mend that and run the command again.")
        return EXIT_MACHINERY


class _Plain(logging.Handler):
    """Warnings as sentences. Alerts have their file and channels, and are counted at the end."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "kpi.alerts":
            print(record.getMessage(), file=sys.stderr)


def _log_plainly() -> None:
    """In place of handlers that name levels and modules, as libraries set them up."""
    root = logging.getLogger()
    root.handlers[:] = [
        one for one in root.handlers if type(one) not in (logging.StreamHandler, _Plain)
    ]
    root.addHandler(_Plain(logging.WARNING))


if __name__ == "__main__":
    raise SystemExit(main())
