"""What is wrong now: the unmeasurable periods of the verdicts, one finding per cause and owner.

Pending periods are no finding. A slice is one only where its total is measured, or where the KPI
has no total: otherwise the total says it already. That a slice has no rows before its first value
is none either: a store that opens today had none yesterday. A warning is one of the total, as long
as it names its cause (`root`): one that is long past does not.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import duckdb

from expectations.newest import NOBODYS_MATTER
from expectations.reasons import INPUT_UNUSUAL
from kpi_specs.calendars import CADENCES
from kpi_specs.language.project import Project

Severity = Literal["kpi", "slice", "warning"]
UPSTREAM = "UPSTREAM_UNMEASURABLE"
_DAY = dt.timedelta(days=1)
_CADENCES: dict[str, int] = {cadence: number for number, cadence in enumerate(CADENCES)}
_FROM_INPUTS = INPUT_UNUSUAL.sentence.partition("{")[0]
_Key = tuple[str, str, str, Severity]  # owner, root, reason code


@dataclass(frozen=True)
class Affected:
    """One period of one KPI that cannot be measured, or is measured with a warning.

    `slices` are the values of its affected slices; of the total there are none.
    """

    kpi: str
    cadence: str
    period_start: dt.date
    period_end: dt.date
    period: str
    reason: str
    data_through: dt.date | None
    slices: tuple[str, ...] = ()
    is_inherited: bool = False  # from an input KPI; its reason quotes the input's

    @property
    def fineness(self) -> int:
        """The higher, the shorter the cadence; February is no finer than any other month."""
        return -_CADENCES[self.cadence]


@dataclass(frozen=True)
class Span:
    """Consecutive periods of one KPI and cadence."""

    kpi: str
    cadence: str
    first: str
    last: str
    start: dt.date
    end: dt.date
    count: int

    def __str__(self) -> str:
        """`2017-03-01 to 2017-03-05 (5)`, or the one period."""
        return self.first if self.count == 1 else f"{self.first} to {self.last} ({self.count})"


@dataclass(frozen=True)
class Finding:
    """One root cause that one owner has to be told of. `affected` is sorted and never empty."""

    owner: str
    root: str  # e.g. source:ads, kpi:roas
    reason_code: str
    severity: Severity
    affected: tuple[Affected, ...]

    @property
    def fingerprint(self) -> str:
        """What makes it the same finding in the next run."""
        return "|".join((self.severity, self.root, self.reason_code, self.owner))

    @property
    def kpis(self) -> tuple[str, ...]:
        """The affected KPIs."""
        return tuple(dict.fromkeys(one.kpi for one in self.affected))

    @property
    def newest(self) -> Affected:
        """The period that shows the cause best: its own, of the finest cadence, the last one."""
        return max(
            self.affected, key=lambda one: (not one.is_inherited, one.fineness, one.period_end)
        )

    @property
    def since(self) -> dt.date:
        """First day that cannot be measured, as exactly as the finest cadence tells it."""
        finest = self.newest.cadence
        return min(one.period_start for one in self.affected if one.cadence == finest)

    @property
    def data_through(self) -> dt.date | None:
        """Business date of the newest data behind it."""
        return max((one.data_through for one in self.affected if one.data_through), default=None)


def find(con: duckdb.DuckDBPyConnection, project: Project) -> tuple[Finding, ...]:
    """Group the unmeasurable and failed rows of `audit.verdicts` by cause and owner."""
    rows = con.execute(_SQL).fetchall()
    groups: dict[_Key, list[Affected]] = {}
    inherited: list[tuple[str, str, Affected, Severity]] = []
    for party, root, codes, is_slice, is_warning, *values in rows:
        kpi: str = values[0]
        affected = replace(Affected(*values[:-1]), slices=tuple(values[-1] or ()))
        # The judge names the weightiest reason first; sentence, party and root are that one's.
        code = codes.split(",")[0].strip()
        owner = party if party in project.owners else project.settings.default_owner
        if is_warning:
            affected = replace(affected, is_inherited=affected.reason.startswith(_FROM_INPUTS))
            groups.setdefault((owner, root, code, "warning"), []).append(affected)
        elif code == UPSTREAM:
            severity: Severity = "slice" if is_slice else "kpi"
            inherited.append((owner, root, replace(affected, is_inherited=True), severity))
        elif is_slice:
            groups.setdefault((owner, f"kpi:{kpi}", code, "slice"), []).append(affected)
        else:
            groups.setdefault((owner, root or f"kpi:{kpi}", code, "kpi"), []).append(affected)
    _attach(groups, inherited)
    return tuple(
        Finding(owner, root, code, severity, tuple(sorted(affected, key=_by_time)))
        for (owner, root, code, severity), affected in sorted(groups.items())
    )


def spans(affected: Iterable[Affected]) -> tuple[Span, ...]:
    """Compress sorted periods into runs without a gap, per KPI and cadence."""
    found: list[Span] = []
    for one in affected:
        last = found[-1] if found else None
        if (
            last is not None
            and (last.kpi, last.cadence) == (one.kpi, one.cadence)
            and one.period_start <= last.end + _DAY
        ):
            count = last.count + (one.period != last.last)
            found[-1] = Span(
                one.kpi, one.cadence, last.first, one.period, last.start, one.period_end, count
            )
        else:
            span = Span(
                one.kpi, one.cadence, one.period, one.period, one.period_start, one.period_end, 1
            )
            found.append(span)
    return tuple(found)


def _attach(
    groups: dict[_Key, list[Affected]], inherited: list[tuple[str, str, Affected, Severity]]
) -> None:
    """Put KPIs that only inherit a verdict into the finding of its root, whoever owns that.

    Slices go to slices, and totals to totals. What is wrong with a root may be several things:
    then it is the one whose reason the inherited reason quotes.
    """
    own = {key: frozenset(one.reason for one in found) for key, found in groups.items()}
    for owner, root, affected, severity in inherited:
        keys = [key for key in sorted(own) if (key[1], key[3]) == (root, severity)]
        quoted = (
            key for key in keys if any(affected.reason.endswith(reason) for reason in own[key])
        )
        alone = f"kpi:{affected.kpi}" if severity == "slice" or not root else root
        key = next(quoted, keys[0] if keys else (owner, alone, UPSTREAM, severity))
        groups.setdefault(key, []).append(affected)


def _by_time(one: Affected) -> tuple[str, str, dt.date]:
    return (one.kpi, one.cadence, one.period_start)


# A reason beside a value is a warning (`measured` in expectations.reasons).
_SQL = f"""
WITH failing AS (
    SELECT *, data_status IN ('final', 'provisional') AS is_warning FROM audit.verdicts
    WHERE data_status IN ('unmeasurable', 'error') AND NOT {NOBODYS_MATTER}
        OR is_warning AND reason_codes <> '' AND root <> '' AND slice = 'total'
),
totals AS (
    SELECT kpi, cadence, period, data_status IN ('final', 'provisional') AS is_measured
    FROM audit.verdicts
    WHERE slice = 'total'
),
first_values AS (
    SELECT kpi, cadence, slice, slice_value, min(period_start) AS first_start
    FROM audit.verdicts
    WHERE slice <> 'total' AND data_status IN ('final', 'provisional')
    GROUP BY ALL
),
rows AS (
    SELECT f.*, f.slice <> 'total' AND t.is_measured IS NOT NULL AS is_slice
    FROM failing AS f
    LEFT JOIN totals AS t USING (kpi, cadence, period)
    LEFT JOIN first_values AS v USING (kpi, cadence, slice, slice_value)
    WHERE f.slice = 'total' OR t.is_measured IS NULL OR t.is_measured AND (
        split_part(f.reason_codes, ',', 1) NOT IN ('NO_ROWS', '{UPSTREAM}')
        OR f.period_start > v.first_start
    )
)
SELECT
    coalesce(party, ''), coalesce(root, ''), reason_codes, is_slice, is_warning,
    kpi, cadence, period_start, period_end, period,
    arg_min(reason, (slice_value, slice)), max(data_through),
    list(DISTINCT slice_value ORDER BY slice_value) FILTER (slice <> 'total')
FROM rows
GROUP BY ALL
ORDER BY ALL
"""
