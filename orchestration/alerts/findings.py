"""What is wrong now: the unmeasurable periods of the verdicts, one finding per cause and owner.

Pending periods are no finding. A slice is one only where its total is measured, or where the KPI
has no total: otherwise the total says it already. That a slice has no rows before its first value
is none either: a store that opens today had none yesterday. A warning is one of the total, as long
as it names its cause (`root`): one that is long past does not.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from expectations.newest import NOBODYS_MATTER
from expectations.reasons import INPUT_UNUSUAL, SPEC_INVALID
from kpi_specs.language.project import Project
from orchestration.alerts.affected import Affected, by_time
from orchestration.alerts.hidden_sources import hidden_sources
from orchestration.alerts.one_cause import Key, Severity, join_marts

UPSTREAM = "UPSTREAM_UNMEASURABLE"
_FROM_INPUTS = INPUT_UNUSUAL.sentence.partition("{")[0]


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
    groups: dict[Key, list[Affected]] = {}
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
    for source, code, affected in hidden_sources(con, project):
        owner = project.sources[source].owner
        owner = owner if owner in project.owners else project.settings.default_owner
        groups.setdefault((owner, f"source:{source}", code, "kpi"), []).append(affected)
    _attach(groups, inherited, join_marts(groups, project))
    return tuple(
        Finding(owner, root, code, severity, tuple(sorted(affected, key=by_time)))
        for (owner, root, code, severity), affected in sorted(groups.items())
    )


def _attach(
    groups: dict[Key, list[Affected]],
    inherited: list[tuple[str, str, Affected, Severity]],
    joined: Mapping[str, set[str]],
) -> None:
    """Put KPIs that only inherit a verdict into the finding of its root, whoever owns that.

    Slices go to slices, and totals to totals. What is wrong with a root may be several things, and
    some of them may be told with another (`joined`): then it is the one whose reason the inherited
    reason quotes.
    """
    own = {key: frozenset(one.reason for one in found) for key, found in groups.items()}
    for owner, root, affected, severity in inherited:
        roots = [root, *sorted(joined.get(root, ()))]
        keys = [key for one in roots for key in sorted(own) if (key[1], key[3]) == (one, severity)]
        quoted = (
            key for key in keys if any(affected.reason.endswith(reason) for reason in own[key])
        )
        alone = f"kpi:{affected.kpi}" if severity == "slice" or not root else root
        code = SPEC_INVALID.code if root.startswith("spec:") else UPSTREAM
        key = next(quoted, keys[0] if keys else (owner, alone, code, severity))
        groups.setdefault(key, []).append(affected)


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
