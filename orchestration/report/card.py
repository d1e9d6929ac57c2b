"""What a scorecard says, as plain values."""

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from orchestration.report.wording import NO_VALUE, ShownUnit, change_text, target_text, value_text

MEASURED = ("final", "provisional")
FAILED = ("unmeasurable", "error")  # as `kpi run --strict` counts them


@dataclass(frozen=True)
class Gap:
    """Periods in a row without a value, up to the newest: the first one's label, and how many."""

    since: str
    periods: int


@dataclass(frozen=True)
class Lacking:
    """The newest due period of a KPI's other cadence that has no value."""

    cadence: str
    period: str
    data_status: str
    reason_codes: str
    reason: str
    gap: Gap | None = None


@dataclass(frozen=True)
class OtherTarget:
    """How a KPI stands against its target in another cadence than the main one."""

    cadence: str
    period: str
    value: float | None
    target: float | None
    target_low: float | None
    target_high: float | None
    target_status: str


@dataclass(frozen=True)
class ScoreRow:
    """One KPI at the newest due period of its main cadence, or the open one before any is due.

    Attributes:
        gap: Since when it has no value; None where it has one.
        lacking: Its other cadences whose newest due period has no value.
        other_targets: Where the main cadence has no target, those that have one.
    """

    kpi: str
    title: str
    objective: str
    kind: str
    owner: str
    owner_name: str
    cadence: str
    period: str
    is_due: bool
    data_status: str
    reason_codes: str
    reason: str
    value: float | None
    unit: str
    currency: str | None
    decimals: int
    scale: int | None
    target: float | None
    target_low: float | None
    target_high: float | None
    target_status: str
    attainment: float | None
    signal: str | None
    previous_value: float | None
    previous_change: float | None
    last_good_value: float | None
    last_good_period: str | None
    missing_resources: str
    gap: Gap | None = None
    lacking: tuple[Lacking, ...] = ()
    other_targets: tuple[OtherTarget, ...] = ()

    @property
    def _unit(self) -> ShownUnit:
        return self.unit, self.decimals, self.currency, self.scale

    @property
    def is_measured(self) -> bool:
        """Whether there is a value."""
        return self.data_status in MEASURED

    @property
    def is_measurable(self) -> bool:
        """Whether every cadence of which a period is due has a value for the newest one."""
        return self.is_due and self.is_measured and not self.lacking

    @property
    def is_failing(self) -> bool:
        """Whether a due period of it, in any cadence, is unmeasurable or in error."""
        return (self.is_due and self.data_status in FAILED) or any(
            one.data_status in FAILED for one in self.lacking
        )

    @property
    def shown_value(self) -> str:
        """The value in its unit; a dash where there is none."""
        return value_text(self.value, *self._unit)

    @property
    def shown_target(self) -> str:
        """The target in the KPI's unit, or its band."""
        return target_text(self.target, self.target_low, self.target_high, *self._unit)

    def shown_other(self, other: OtherTarget) -> str:
        """`2017: 4,596,040 USD against 4,500,000 USD`."""
        value = value_text(other.value, *self._unit)
        target = target_text(other.target, other.target_low, other.target_high, *self._unit)
        return f"{other.period}: {value} against {target}"

    @property
    def shown_change(self) -> str:
        """The change against the period before; percentages in points."""
        return change_text(self.value, self.previous_value, self.previous_change, self.unit)

    @property
    def shown_last_good(self) -> str:
        """The newest earlier value with its period, or a dash."""
        if self.last_good_period is None:
            return NO_VALUE
        text = value_text(self.last_good_value, *self._unit)
        return f"{text} ({self.last_good_period})"


@dataclass(frozen=True)
class Scorecard:
    """All KPIs of a publication, in the order of their objectives.

    Attributes:
        objectives: Id -> title with the objectives above it, from the root down.
        rows: One per KPI, ordered by objective.
        restated: KPI -> final values of its total that this run replaced by other ones.
        contradictions: KPI on target -> what is said of the KRI that it leads to and that is off.
    """

    project: str
    run_id: str
    computed_at: dt.datetime
    as_of: dt.date
    objectives: dict[str, str]
    rows: tuple[ScoreRow, ...]
    contradictions: dict[str, str] = field(default_factory=dict)
    restated: dict[str, int] = field(default_factory=dict)

    @property
    def measurable(self) -> int:
        """KPIs with a value for their newest due period, in every cadence."""
        return sum(row.is_measurable for row in self.rows)

    @property
    def provisional(self) -> int:
        """Measurable KPIs whose newest due value may still change."""
        return sum(row.is_measurable and row.data_status == "provisional" for row in self.rows)

    @property
    def headline(self) -> str:
        """`N of M KPIs measurable (P provisional)`, and what keeps the others."""
        missing = Counter(_why_not(row) for row in self.rows if not row.is_measurable)
        kept = "".join(f", {count} {why}" for why, count in sorted(missing.items()))
        open_ = f" ({self.provisional} provisional)" if self.provisional else ""
        return f"{self.measurable} of {len(self.rows)} KPIs measurable{open_}{kept}"

    @property
    def groups(self) -> tuple[tuple[str, tuple[ScoreRow, ...]], ...]:
        """Rows by objective, with the objective's title."""
        return tuple(
            (self.objectives.get(objective, objective), tuple(rows))
            for objective, rows in groupby(self.rows, key=lambda row: row.objective)
        )

    def as_dict(self) -> dict[str, Any]:
        """The card for `--json`: numbers unrounded, dates as ISO text."""
        return {
            "project": self.project,
            "run_id": self.run_id,
            "computed_at": self.computed_at.isoformat(),
            "as_of": self.as_of.isoformat(),
            "headline": self.headline,
            "measurable": self.measurable,
            "provisional": self.provisional,
            "kpis": len(self.rows),
            "objectives": self.objectives,
            "contradictions": self.contradictions,
            "restated": self.restated,
            "rows": [asdict(row) for row in self.rows],
        }


def _why_not(row: ScoreRow) -> str:
    if not row.is_due:
        return "not due yet"
    return "not in every cadence" if row.is_measured else row.data_status
