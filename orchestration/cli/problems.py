"""Problems of the specs as the commands show them: one a line, errors before warnings."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from kpi_specs.language import Problem

_STYLES = {"error": "red", "warning": "yellow"}


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def print_problems(problems: Sequence["Problem"], *, to: TextIO | None = None) -> None:
    """Each group under its count; `file:line [rule] message`, which editors make clickable.

    Lines are never wrapped here, so that `kpi validate | grep` finds whole ones; colours appear on
    a terminal only.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=to or sys.stdout, highlight=False, soft_wrap=True)
    for severity, style in _STYLES.items():
        group = [problem for problem in problems if problem.severity == severity]
        if not group:
            continue
        console.print(Text(counted(len(group), severity), style=f"bold {style}"))
        for one in group:
            console.print(
                Text.assemble(
                    (f"{one.file}:{one.line}", "bold"),
                    " ",
                    (f"[{one.rule}]", style),
                    f" {one.message}",
                )
            )
        console.print()
