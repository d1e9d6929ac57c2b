"""A check: which column of the evidence it reads, which values pass, and what a failure means."""

from collections.abc import Callable
from dataclasses import dataclass

from expectations.reasons import Reason
from kpi_specs.language.kpi import Kpi

# What an input is worth, in words: its data_status, or that there is no such period.
_STATUSES: dict[int | str, str] = {
    "final": "a value", "provisional": "a value", "absent": "none", "never": "none"
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One check of one evidence column; exactly one of `allowed` and `at_least` is set.

    Attributes:
        name: A sentence in snake case that is true when the check passes.
        reason: What it means when it fails.
        column: Column of `audit.evidence`.
        observed: Template over the evidence columns, for `audit.checks`.
        allowed: Values that pass.
        at_least: The smallest share that passes.
    """

    name: str
    reason: Reason
    column: str
    observed: str
    allowed: tuple[int | str, ...] | None = None
    at_least: float | None = None

    @property
    def expected(self) -> str:
        """What passes, in words."""
        if self.at_least is not None:
            return "all" if self.at_least == 1 else f"at least {self.at_least * 100:g} %"
        if self.allowed in ((0,), (1,)):
            return "yes"  # the name is a sentence: it has to be true
        *most, last = dict.fromkeys(_STATUSES.get(one, str(one)) for one in self.allowed or ("",))
        return f"{', '.join(most)} or {last}" if most else last


# From a KPI's spec to a check of its evidence, or to None where it asks for none.
Unit = Callable[[Kpi], Check | None]
