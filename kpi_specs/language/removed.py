"""KPIs whose file was deleted while others still name them.

A deletion takes a KPI out where the project is valid without it. Where it is not, the deleted spec
is the one that was changed, and not those that name it: it is at fault, like one with a typo.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from kpi_specs.language.loader import load_project
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import SpecText

_SHOWN = 5  # places that name it


def still_named(
    root: Path,
    errors: Iterable[Problem],
    gone: Mapping[str, SpecText],
    instead: Mapping[str, SpecText | None],
    *,
    clock: dt.date | None,
) -> dict[str, Problem]:
    """The deleted KPIs without which others are invalid, each with what is wrong.

    Args:
        root: The project's folder.
        errors: What is wrong with the project that was read with `instead`.
        gone: KPI id -> the last valid text of a spec that has no file any more.
        instead: As of `load_project`. What is wrong with these texts is no fault of the deletion,
            since the files may say something else by now.
        clock: As of `load_project`.
    """
    found = [one for one in errors if PurePosixPath(one.file).stem not in instead]

    def mended_by(back: Mapping[str, SpecText]) -> list[Problem]:
        """The errors that are over with these texts; others may be told in other words."""
        left = load_project(root, clock=clock, instead={**instead, **back}).errors
        over = Counter(map(_place, found)) - Counter(map(_place, left))
        return [one for one in found if _place(one) in over]

    if not gone or not mended_by(gone):
        return {}
    named_by = {kpi: mended_by({kpi: text}) for kpi, text in gone.items()}
    return {kpi: _removed(kpi, gone[kpi], named) for kpi, named in named_by.items() if named}


def _place(problem: Problem) -> tuple[str, int, str]:
    return problem.file, problem.line, problem.rule


def _removed(kpi: str, text: SpecText, named: Iterable[Problem]) -> Problem:
    places = list(dict.fromkeys(f"{PurePosixPath(one.file).name}:{one.line}" for one in named))
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    message = (
        f"the file is gone, and others still name '{kpi}': {', '.join(places[:_SHOWN])}{more}. "
        "Remove it there as well, or put the file back."
    )
    return Problem(text.file, 1, "removed", message)
