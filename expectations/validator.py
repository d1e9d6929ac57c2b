"""Runs a suite on a batch of evidence with Great Expectations and reads the result strictly.

Great Expectations reports an expectation that raised as `success: false`, like one that failed, and
passes over NULLs. So a result counts only if it says by itself that it looked at every row, and
anything else makes the whole suite an error, never a pass.

An expectation costs the same 10 to 20 ms on 10 rows and on 10,000, so KPIs are not validated one
by one: each check runs once, on the rows of all KPIs whose suites have it (15 KPIs, 300 checks:
4.7 CPU seconds one by one, 0.6 together). Where that leaves any doubt, each KPI is validated by
itself, so that the trouble of one is not that of the others.

What is validated are cases (`cases.py`), each with the number of the rows that it stands for.
Failing ones are taken from the result's own index list. That list costs 0.3 ms each when index
columns are named and next to nothing when it holds plain positions (6,800 rows, ten checks, all
failing: 1.5 s against 0.06 s), so the batch has positions, and periods and slices are joined to
them afterwards.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from expectations.check import Check
from expectations.suites import ROW_COUNT, ROWS, Suite, to_expectations

if TYPE_CHECKING:
    import pandas as pd

RESULT_FORMAT = {"result_format": "COMPLETE"}
WHOLE_SUITE = "suite_is_run"


@dataclass(frozen=True)
class Outcome:
    """What a suite found.

    Attributes:
        failing: Check name -> positions of the cases that fail it; a check without any is absent.
        errors: Check name -> why it could not be made. Any entry voids the whole outcome.
    """

    failing: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class Validator:
    """One Great Expectations context, in memory and without analytics, for many suites."""

    def __init__(self) -> None:
        self._batches = _batches()

    def run_all(
        self,
        suites: Mapping[str, Suite],
        batches: Mapping[str, "pd.DataFrame"],
        *,
        expected_rows: Mapping[str, int],
    ) -> dict[str, Outcome]:
        """Validate the cases of several KPIs.

        Args:
            suites: KPI -> its checks; a KPI without is an error.
            batches: KPI -> its cases, index 0..n-1, with the rows of each as `ROWS`.
            expected_rows: KPI -> rows that its cases must stand for.

        Returns:
            KPI -> what its suite found, as `run` would find it.
        """
        together = {
            kpi: suites[kpi]
            for kpi, batch in batches.items()
            if kpi in suites and batch[ROWS].sum() == expected_rows[kpi] > 0
        }
        failing: dict[str, dict[str, tuple[int, ...]]] = {kpi: {} for kpi in together}
        for kpis, checks in _asked_of_the_same(together).items():
            found = self._run_together(kpis, checks, batches)
            for kpi in kpis:
                if found is None:
                    failing.pop(kpi, None)
                elif kpi in failing:
                    failing[kpi].update(found[kpi])
        return {
            kpi: Outcome(failing[kpi])
            if kpi in failing
            else self.run(suites.get(kpi), batch, expected_rows=expected_rows[kpi])
            for kpi, batch in batches.items()
        }

    def _run_together(
        self,
        kpis: tuple[str, ...],
        checks: tuple[Check, ...],
        batches: Mapping[str, "pd.DataFrame"],
    ) -> dict[str, dict[str, tuple[int, ...]]] | None:
        """KPI -> check name -> positions of its own batch that fail; None where there is doubt."""
        import pandas as pd

        columns = list(dict.fromkeys(check.column for check in checks))
        starts = list(accumulate((len(batches[kpi]) for kpi in kpis), initial=0))
        cases = pd.concat([batches[kpi][[ROWS, *columns]] for kpi in kpis], ignore_index=True)
        outcome = self.run(Suite(kpis[0], checks), cases, expected_rows=int(cases[ROWS].sum()))
        if outcome.errors:
            return None
        found: dict[str, dict[str, tuple[int, ...]]] = {kpi: {} for kpi in kpis}
        for name, positions in outcome.failing.items():
            ordered = sorted(positions)
            for kpi, start, end in zip(kpis, starts[:-1], starts[1:], strict=True):
                mine = ordered[bisect_left(ordered, start) : bisect_left(ordered, end)]
                if mine:
                    found[kpi][name] = tuple(position - start for position in mine)
        return found

    def run(self, suite: Suite | None, batch: "pd.DataFrame", *, expected_rows: int) -> Outcome:
        """Validate the cases of one KPI.

        Args:
            suite: The KPI's checks; None if there is no suite, which is an error.
            batch: Its cases, index 0..n-1, with the rows of each as `ROWS`.
            expected_rows: Rows that they must stand for.
        """
        if suite is None:
            return Outcome(errors={WHOLE_SUITE: "the KPI has no suite"})
        columns = list(dict.fromkeys(check.column for check in suite.checks))
        try:
            validated = self._batches.get_batch(
                batch_parameters={"dataframe": batch[[ROWS, *columns]]}
            ).validate(
                to_expectations(suite, expected_rows=expected_rows), result_format=RESULT_FORMAT
            )
        except Exception as error:  # noqa: BLE001  whatever it is, the KPI was not judged
            return Outcome(errors={WHOLE_SUITE: _first_line(error)})
        return read_results(validated.results, suite, expected_rows=expected_rows, cases=len(batch))


@cache
def _batches() -> Any:
    """Whole frames as batches, of a context that keeps nothing: one is enough for a process."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        ),
    )
    asset = context.data_sources.add_pandas("evidence").add_dataframe_asset("kpi")
    return asset.add_batch_definition_whole_dataframe("all_rows")


def _asked_of_the_same(suites: Mapping[str, Suite]) -> dict[tuple[str, ...], tuple[Check, ...]]:
    """KPIs -> the checks that the suites of exactly these have."""
    kpis: dict[Check, list[str]] = defaultdict(list)
    for kpi, suite in suites.items():
        for check in suite.checks:
            kpis[check].append(kpi)
    checks: dict[tuple[str, ...], list[Check]] = defaultdict(list)
    for check, asked in kpis.items():
        checks[tuple(asked)].append(check)
    return {asked: tuple(found) for asked, found in checks.items()}


def read_results(results: Any, suite: Suite, *, expected_rows: int, cases: int) -> Outcome:
    """Read the validation results of one suite.

    Args:
        results: Great Expectations' results, one per expectation.
        suite: The suite that was run.
        expected_rows: Rows that the cases must stand for.
        cases: Cases that each check must have looked at.
    """
    by_name = {result.expectation_config.meta["check"]: result for result in results}
    failing: dict[str, tuple[int, ...]] = {}
    errors: dict[str, str] = {}
    for name in (ROW_COUNT, *(check.name for check in suite.checks)):
        result = by_name.get(name)
        if result is None:
            errors[name] = f"the check {name} has no result"
        elif message := raised(result.exception_info):
            errors[name] = f"{name} raised {message}"
        elif name == ROW_COUNT:
            if not result.success:
                found = result.result.get("observed_value")
                errors[name] = f"{found} rows were judged where the calendar asks {expected_rows}"
        else:
            positions = result.result.get("unexpected_index_list") or []
            if doubt := _doubt(result, len(positions), cases):
                errors[name] = f"{name} gave an unclear result, {doubt}"
            elif positions:
                failing[name] = tuple(positions)
    return Outcome(failing, errors)


def raised(exception_info: Mapping[str, Any] | None) -> str:
    """The message of a raised exception, '' if there was none.

    Two shapes occur: `{"raised_exception": True, "exception_message": ...}` when the expectation
    itself raised, and the same nested under an id for every metric that raised.
    """
    if not exception_info:
        return ""
    if "raised_exception" in exception_info:
        if not exception_info["raised_exception"]:
            return ""
        return _first_line(exception_info.get("exception_message") or "an unnamed exception")
    messages = [raised(nested) for nested in exception_info.values() if isinstance(nested, Mapping)]
    return next((message for message in messages if message), "")


def _doubt(result: Any, positions: int, cases: int) -> str:
    """Why a result cannot be relied on; '' if it can."""
    details = result.result
    if details.get("element_count") != cases:
        return f"it looked at {details.get('element_count')} of {cases} cases"
    if details.get("missing_count"):
        return f"{details['missing_count']} cases of its evidence are empty"
    if details.get("unexpected_count") != positions or result.success != (positions == 0):
        return f"it counts {details.get('unexpected_count')} failing cases and names {positions}"
    return ""


def _first_line(error: object) -> str:
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    return line if len(line) <= 300 else f"{line[:297]}..."
