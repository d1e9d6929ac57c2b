"""From failed checks to verdicts: the status of each row, its reasons and who is told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

from expectations.reasons import (
    CHECK_ERROR,
    COLUMN_MISSING,
    COMPUTE_ERROR,
    REASONS,
    SOURCE_MISSING,
    TYPE_MISMATCH,
    Reason,
)
from expectations.suites import Suite
from expectations.validator import WHOLE_SUITE, Outcome

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

PartyOf = Callable[[Reason, str, str], str]  # reason, kpi, source -> owner id


@dataclass(frozen=True)
class Decided:
    """Two tables for one KPI.

    Attributes:
        verdicts: row_id, data_status, reason_codes, reason, party, root; one row per evidence row.
        checks: row_id, check_name, reason_code, evidence, expected, observed, verdict; all checks
            of total slices and those that did not pass of the others.
    """

    verdicts: "pd.DataFrame"
    checks: "pd.DataFrame"


def decide(
    evidence: "pd.DataFrame", suite: Suite | None, outcome: Outcome, party_of: PartyOf
) -> Decided:
    """Decide every row of one KPI.

    Args:
        evidence: Its rows of `audit.evidence`, index 0..n-1, dates as text.
        suite: Its suite, None if there is none.
        outcome: What the suite found.
        party_of: Who answers for a reason.
    """
    name, message = next(iter(outcome.errors.items()), ("", ""))
    evidence = evidence.assign(broken_check=name, check_message=message)
    failing = _failing_by_reason(len(evidence), suite, outcome)
    return Decided(
        _verdicts(evidence, failing, party_of),
        _checks(evidence, suite, outcome),
    )


def _failing_by_reason(
    rows: int, suite: Suite | None, outcome: Outcome
) -> "dict[Reason, np.ndarray[Any, Any]]":
    """Reason -> for each row, whether a check with this reason failed."""
    import numpy as np

    failing = {reason: np.zeros(rows, dtype=bool) for reason in REASONS}
    if outcome.errors:
        failing[CHECK_ERROR][:] = True
    for check in suite.checks if suite else ():
        positions = outcome.failing.get(check.name)
        if positions:
            failing[check.reason][list(positions)] = True
    return failing


def _verdicts(
    evidence: "pd.DataFrame",
    failing: "dict[Reason, np.ndarray[Any, Any]]",
    party_of: PartyOf,
) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    rows = len(evidence)
    unranked = max(reason.rank for reason in REASONS) + 1
    rank = np.full(rows, unranked)
    for reason in REASONS:
        rank = np.where(failing[reason], np.minimum(rank, reason.rank), rank)

    status = _measured_status(evidence)
    codes = np.full(rows, "", dtype=object)
    sentences, parties, roots = codes.copy(), codes.copy(), codes.copy()
    for reason in REASONS:
        told = failing[reason] & (rank == reason.rank)
        if reason.status != "measured":  # a warning stands beside the value
            status[told] = reason.status
        first = np.flatnonzero(told & (codes == ""))
        codes[told] = [_with(found, reason.code) for found in codes[told]]
        if len(first):
            sentences[first] = render(reason.sentence, evidence, first)
            roots[first] = render(reason.root, evidence, first)
            parties[first] = _parties(reason, evidence, first, party_of)
    return pd.DataFrame(
        {
            "row_id": evidence["row_id"].to_numpy(),
            "data_status": status,
            "reason_codes": codes,
            "reason": sentences,
            "party": parties,
            "root": roots,
        }
    )


def _with(codes: str, code: str) -> str:
    return ",".join(dict.fromkeys([*codes.split(","), code])) if codes else code


def _measured_status(evidence: "pd.DataFrame") -> "np.ndarray[Any, Any]":
    """Final once closed; a value computed from provisional ones is provisional itself."""
    import numpy as np

    inputs_are_final = ~(
        evidence["upstream_current"].eq("provisional") | evidence["upstream_base"].eq("provisional")
    )
    final = evidence["is_closed"].eq(1) & inputs_are_final
    return np.where(final.to_numpy(dtype=bool), "final", "provisional").astype(object)


def _parties(
    reason: Reason, evidence: "pd.DataFrame", rows: "np.ndarray[Any, Any]", party_of: PartyOf
) -> list[str]:
    if reason.party == "upstream":
        return list(evidence["upstream_party"].to_numpy()[rows])
    kpis = evidence["kpi"].to_numpy()[rows]
    sources = evidence[reason.source].to_numpy()[rows] if reason.source else [""] * len(rows)
    return [party_of(reason, kpi, source) for kpi, source in zip(kpis, sources, strict=True)]


# Where one of these holds nothing was looked at: the other checks would pass, or fail, on nothing.
BLINDING = (SOURCE_MISSING, COLUMN_MISSING, TYPE_MISMATCH, COMPUTE_ERROR)
NO_DAY = "1900-01-01"  # evidence's sentinel for a date that is not there


def render(template: str, evidence: "pd.DataFrame", rows: "np.ndarray[Any, Any]") -> list[str]:
    """Fill a template with the evidence of some rows.

    Args:
        template: Text with `{column}` or `{column:format}`.
        evidence: The evidence.
        rows: Positions to render.
    """
    names = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))
    if not names:
        return [template] * len(rows)
    columns = [evidence[name].to_numpy()[rows] for name in names]
    return [
        template.format(**dict(zip(names, values, strict=True))).replace(NO_DAY, "no day").strip()
        for values in zip(*columns, strict=True)
    ]


def _checks(evidence: "pd.DataFrame", suite: Suite | None, outcome: Outcome) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    is_total = evidence["slice"].eq("total").to_numpy(dtype=bool)
    blinding = ["sources_missing", "columns_missing", "types_wrong", "compute_failed"]
    blinded = evidence[blinding].gt(0).any(axis=1)
    blind = blinded.to_numpy(dtype=bool)
    parts = [_error_rows(evidence, name, message) for name, message in outcome.errors.items()]
    made = suite.checks if suite and WHOLE_SUITE not in outcome.errors else ()
    for check in made:
        if check.name in outcome.errors:
            continue
        fails = np.zeros(len(evidence), dtype=bool)
        fails[list(outcome.failing.get(check.name, ()))] = True
        seen = fails | is_total
        if check.reason not in BLINDING:
            seen &= ~blind
        rows = np.flatnonzero(seen)
        parts.append(
            _check_rows(
                evidence, rows, check.name, check.reason.code, check.column, check.expected,
                render(check.observed, evidence, rows), np.where(fails[rows], "fail", "pass"),
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _error_rows(evidence: "pd.DataFrame", name: str, message: str) -> "pd.DataFrame":
    import numpy as np

    rows = np.arange(len(evidence))
    return _check_rows(
        evidence, rows, name, CHECK_ERROR.code, "", "a result", [message] * len(rows),
        ["error"] * len(rows),
    )  # fmt: skip


def _check_rows(
    evidence: "pd.DataFrame",
    rows: "np.ndarray[Any, Any]",
    name: str,
    reason_code: str,
    column: str,
    expected: str,
    observed: Sequence[str],
    verdicts: Iterable[str],
) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "row_id": evidence["row_id"].to_numpy()[rows],
            "check_name": name,
            "reason_code": reason_code,
            "evidence": column,
            "expected": expected,
            "observed": observed,
            "verdict": list(verdicts),
        }
    )
