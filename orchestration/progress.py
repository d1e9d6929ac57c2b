"""How a run tells of its progress; who shows it decides how (a bar, or nothing)."""

from typing import Protocol


class OnProgress(Protocol):
    """Told of progress: stage, steps done, steps in all, what was just done."""

    def __call__(self, stage: str, done: int, total: int, label: str) -> None: ...  # noqa: D102


def silent(stage: str, done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""
