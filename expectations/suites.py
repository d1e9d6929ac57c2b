"""One suite per KPI, derived from its spec, and its translation to Great Expectations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.check import Check, Unit
from expectations.checks import CHECKS, SPEC_CHECKS
from expectations.reasons import CHECK_ERROR
from expectations.row_checks import JOIN_CHECKS, LOOK_BACK_CHECKS, ROW_CHECKS
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


@dataclass(frozen=True)
class Suite:
    """The checks of one KPI; their names are unique."""

    kpi: str
    checks: tuple[Check, ...]


def derive_suite(kpi: Kpi, more: tuple[Unit, ...] = ()) -> Suite:
    """All checks that a KPI's spec asks for by itself, and `more` that the project asks of it."""
    rows = () if kpi.metric.only_inputs else ROW_CHECKS
    found = (unit(kpi) for unit in (*CHECKS, *rows, *more))
    return Suite(kpi.kpi, tuple(check for check in found if check is not None))


def derive_suites(project: Project) -> dict[str, Suite]:
    """KPI -> its suite."""
    withheld = project.withheld
    return {
        name: derive_suite(
            _with_complete(project, kpi),
            (*_more(project, kpi), *(SPEC_CHECKS if name in withheld else ())),
        )
        for name, kpi in project.kpis.items()
    }


def _with_complete(project: Project, kpi: Kpi) -> Kpi:
    """The KPI with what its complete period holds, also by the KPI whose definition it takes."""
    complete = project.complete_of(kpi)
    availability = kpi.availability.model_copy(update={"complete": complete})
    return kpi.model_copy(update={"availability": availability})


def _more(project: Project, kpi: Kpi) -> tuple[Unit, ...]:
    look_back = LOOK_BACK_CHECKS if project.counted_as(kpi).looks_back else ()
    return (*look_back, *(JOIN_CHECKS if project.joins_of(kpi) else ()))


def to_expectations(suite: Suite, *, expected_rows: int) -> "ExpectationSuite":
    """The suite as Great Expectations runs it, with the row-count guard in front.

    Expectations on columns pass over an empty batch; the guard does not. Each expectation's `meta`
    holds the check's name, its reason and the party to tell.

    Args:
        suite: The checks.
        expected_rows: Rows that the cases of the batch must stand for, counted from the calendar.
    """
    import great_expectations as gx

    guard = gx.expectations.ExpectColumnSumToBeBetween(
        column=ROWS,
        min_value=expected_rows,
        max_value=expected_rows,
        severity="critical",
        meta={"check": ROW_COUNT, "reason": CHECK_ERROR.code, "party": CHECK_ERROR.party},
    )
    checks = [_expectation(check) for check in suite.checks]
    return gx.ExpectationSuite(name=suite.kpi, expectations=[guard, *checks])


ROW_COUNT = "every_row_is_judged_once"
ROWS = "rows_of_case"  # the column that the guard sums


def _expectation(check: Check) -> Any:
    import great_expectations as gx

    severity = "warning" if check.reason.status == "measured" else "critical"
    meta = {"check": check.name, "reason": check.reason.code, "party": check.reason.party}
    if check.allowed is not None:
        return gx.expectations.ExpectColumnValuesToBeInSet(
            column=check.column, value_set=list(check.allowed), severity=severity, meta=meta
        )
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=check.column, min_value=check.at_least, severity=severity, meta=meta
    )
