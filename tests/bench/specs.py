"""CPU seconds that the specs themselves cost: reading with every rule, and compiling."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.many_specs import many_specs

Result = TypeVar("Result")


@dataclass(frozen=True)
class SpecsTime:
    """CPU seconds of this process for a project of `kpis` KPIs, imports left out."""

    kpis: int
    validate: float
    compile: float


def take_times(folder: Path, counts: tuple[int, ...]) -> list[SpecsTime]:
    """Time every count once; a small project before them pays for the imports."""
    return [_time(folder, count) for count in (3, *counts)][1:]


def _time(folder: Path, count: int) -> SpecsTime:
    from kpi_specs.compiler import compile_project
    from kpi_specs.language import load_project

    root = many_specs(folder / f"specs_{count}", count)
    loaded, validated = _cpu(lambda: load_project(root))
    project = loaded.project
    if project is None:
        raise RuntimeError("\n".join(str(problem) for problem in loaded.errors))
    _, compiled = _cpu(lambda: compile_project(project))
    return SpecsTime(count, validated, compiled)


def _cpu(work: Callable[[], Result]) -> tuple[Result, float]:
    begun = time.process_time()
    return work(), time.process_time() - begun
