"""From failed checks to verdicts: the status of each case, its reasons and what is told of it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.cases import BLINDING
from expectations.check import Check
from expectations.reasons import (
    CHECK_ERROR,
    CURED_BY_MORE_ROWS,
    NOT_ENOUGH_YET,
    REASONS,
    Reason,
)
from expectations.suites import Suite
from expectations.validator import Outcome

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Flags = np.ndarray[Any, np.dtype[np.bool_]]  # one per case

NOTHING = -1  # `told` of a case of which nothing is said


@dataclass(frozen=True)
class Decided:
    """What is to be said of the cases of some KPIs.

    Attributes:
        verdicts: case_id, data_status, reason_codes and told: the place in `REASONS` of the reason
            that gives the sentence, the party and the root, or `NOTHING`.
        checks: The checks that `shown` names by their place.
        shown: case_id, check_number and verdict: all checks of totals, and of others those that
            did not pass.
        errors: kpi, check_name and message of every check that could not be made.
    """

    verdicts: "pd.DataFrame"
    checks: tuple[Check, ...]
    shown: "pd.DataFrame"
    errors: tuple[tuple[str, str, str], ...]


def decide(
    cases: "pd.DataFrame", suites: Mapping[str, Suite], outcomes: Mapping[str, Outcome]
) -> Decided:
    """Decide every case.

    Args:
        cases: As of `write_cases`; those of one KPI in the order in which they were judged.
        suites: KPI -> its suite; absent if there is none.
        outcomes: KPI -> what its suite found; an error voids all of the KPI's checks.
    """
    failing = _failing(cases, suites, outcomes)
    errors = tuple(
        (kpi, name, message)
        for kpi, outcome in outcomes.items()
        for name, message in outcome.errors.items()
    )
    by_reason = _by_reason(cases, failing)
    by_reason[CHECK_ERROR] = cases["kpi"].isin([kpi for kpi, _, _ in errors]).to_numpy(dtype=bool)
    return Decided(_verdicts(cases, by_reason), tuple(failing), _shown(cases, failing), errors)


@dataclass(frozen=True)
class _Made:
    """A check that was made: of which cases, and which of them fail."""

    of: "Flags"
    fails: "Flags"


def _failing(
    cases: "pd.DataFrame", suites: Mapping[str, Suite], outcomes: Mapping[str, Outcome]
) -> dict[Check, _Made]:
    import numpy as np

    made: dict[Check, _Made] = defaultdict(
        lambda: _Made(np.zeros(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool))
    )
    for kpi, positions in cases.groupby("kpi").indices.items():
        outcome = outcomes[str(kpi)]
        if outcome.errors:
            continue
        for check in suites[str(kpi)].checks:
            made[check].of[positions] = True
            fails = np.array(outcome.failing.get(check.name, ()), dtype=int)
            made[check].fails[np.asarray(positions)[fails]] = True
    return dict(made)


def _by_reason(cases: "pd.DataFrame", made: Mapping[Check, _Made]) -> "dict[Reason, Flags]":
    """Reason -> the cases in which its check failed, unless more rows may cure it yet."""
    import numpy as np

    failing = {reason: np.zeros(len(cases), dtype=bool) for reason in REASONS}
    for check, one in made.items():
        failing[check.reason] |= one.fails
    for reason in CURED_BY_MORE_ROWS:
        failing[reason] &= ~failing[NOT_ENOUGH_YET]
    return failing


def _verdicts(cases: "pd.DataFrame", failing: "dict[Reason, Flags]") -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    unranked = max(reason.rank for reason in REASONS) + 1
    rank = np.full(len(cases), unranked)
    for reason in REASONS:
        rank = np.where(failing[reason], np.minimum(rank, reason.rank), rank)

    status = _measured_status(cases)
    codes = np.full(len(cases), "", dtype=object)
    told = np.full(len(cases), NOTHING)
    for place, reason in enumerate(REASONS):
        holds = failing[reason] & (rank == reason.rank)
        if reason.status != "measured":  # a warning stands beside the value
            status[holds] = reason.status
        codes[holds] = [_with(found, reason.code) for found in codes[holds]]
        told[holds & (told == NOTHING)] = place
    return pd.DataFrame(
        {
            "case_id": cases["case_id"].to_numpy(),
            "data_status": status,
            "reason_codes": codes,
            "told": told,
        }
    )


def _with(codes: str, code: str) -> str:
    return ",".join(dict.fromkeys([*codes.split(","), code])) if codes else code


def _measured_status(cases: "pd.DataFrame") -> "np.ndarray[Any, Any]":
    """Final once closed; a value computed from provisional ones is provisional itself."""
    import numpy as np

    inputs_are_final = ~(
        cases["upstream_current"].eq("provisional") | cases["upstream_base"].eq("provisional")
    )
    final = cases["is_closed"].eq(1) & inputs_are_final
    return np.where(final.to_numpy(dtype=bool), "final", "provisional").astype(object)


def _shown(cases: "pd.DataFrame", made: Mapping[Check, _Made]) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    is_total = cases["is_total"].to_numpy(dtype=bool)
    is_blind = cases[list(BLINDING)].gt(0).any(axis=1).to_numpy(dtype=bool)
    found = [np.empty((0, 3), dtype=int)]
    for number, (check, one) in enumerate(made.items()):
        seen = one.of & (one.fails | is_total)
        if check.column not in BLINDING:
            seen &= ~is_blind
        of = cases["case_id"].to_numpy()[seen]
        found.append(np.column_stack((of, np.full(len(of), number), one.fails[seen])))
    return pd.DataFrame(np.concatenate(found), columns=["case_id", "check_number", "fails"])
