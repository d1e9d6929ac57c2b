"""`kpi compile`: writes the dbt models of the KPIs, or checks that they are up to date."""

import argparse
from typing import Any

from orchestration.cli.terminal import EXIT_OK, EXIT_USAGE, add_project, load_or_stop, paths_of


def register(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("compile", help="write the KPIs' dbt models from the specs")
    add_project(parser)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where files would change"
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Write what differs, or name it with --check."""
    from kpi_specs.compiler import compile_project, drift, write

    paths = paths_of(args)
    project = load_or_stop(paths, warnings=False)  # `kpi validate` shows them
    compiled = compile_project(project)
    found = (drift if args.check else write)(paths.root, compiled.files)
    for word, names in (
        ("missing" if args.check else "written", found.missing),
        ("out of date" if args.check else "updated", found.changed),
        ("left over" if args.check else "removed", found.left_over),
    ):
        for name in names:
            print(f"{word}: {name}")
    if args.check and found:
        print("Run 'kpi compile' and commit what it writes.")
        return EXIT_USAGE
    print(f"{len(compiled.files)} generated files are up to date.")
    return EXIT_OK
