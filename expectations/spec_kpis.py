"""What a KPI's spec says, as rows of `spec_kpis`: what decides how its values are judged."""

import re
from collections.abc import Iterator, Mapping, Sequence

from expectations.dues import closed_after, due_after, promised_days
from expectations.missing import Preflight, upstream_first
from expectations.spec_sources import dated
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project

# A source without a promise: its newest whole day is yesterday.
DEFAULT_WITHIN = 1

KPI_COLUMNS = """
    kpi varchar, cadence varchar, calendar varchar,
    due integer, closes integer, within integer, warm_up integer, taken_warm_up integer,
    min_coverage double, lowest double, highest double, min_sample double,
    zero_is_valid boolean, divides boolean, has_inputs boolean, reads_data boolean,
    dataset varchar, measured varchar, numerator_is_whole boolean, denominator_is_whole boolean,
    has_formula boolean, waits_for_end boolean, elapses boolean, open_for integer, matures boolean,
    span_kind varchar, span_days integer, span_within varchar, looks_back integer,
    left_out boolean, failed_kpi varchar, compute_message varchar, compute_root varchar,
    invalid_spec varchar, spec_problem varchar
"""


def spread_failures(project: Project, errors: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """KPIs without a trustworthy table: those that failed, and those computed from them.

    Returns:
        KPI -> (the KPI whose computation failed first, its message).
    """
    spread: dict[str, tuple[str, str]] = {}
    for name in upstream_first(project):
        failed = [one.kpi for one in project.kpis[name].metric.inputs if one.kpi in spread]
        if failed:
            spread[name] = spread[failed[0]]
        elif name in errors:
            told, _ = project.stand_ins.get(name, (name, ""))
            spread[name] = (told, errors[name])
    return spread


def _counted(problems: Sequence[Problem]) -> str:
    """The first one, and how many there are besides; '' for none."""
    if not problems:
        return ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"


def kpi_rows(
    project: Project, found: Preflight, failures: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[object, ...]]:
    """Rows of `spec_kpis`.

    Args:
        project: The specs.
        found: What preflight found.
        failures: See `spread_failures`.
    """
    withheld = project.withheld
    for name, kpi in project.kpis.items():
        availability, definition = kpi.availability, kpi.metric.definition
        complete = project.complete_of(kpi)
        counted_as = project.counted_as(kpi)
        takes = kpi.metric.takes
        datasets = project.read_by(kpi)
        within = max(promised_days(project, kpi), default=DEFAULT_WITHIN)
        failed, message = failures.get(name, ("", ""))
        for cadence in kpi.cadence:
            # It is of the cadences that the spec lists: see `inputs.input_rows` for others.
            is_lent = cadence in project.lent.get(name, ())
            low, high = (not is_lent and availability.valid_range) or (None, None)
            yield (
                name, cadence, kpi.calendar,
                due_after(project, kpi), closed_after(project, kpi), within, availability.warm_up,
                max((one.availability.warm_up for one in project.taken_over(kpi)[1:]), default=0),
                complete.coverage if complete else 1.0, low, high,
                availability.min_sample.denominator if availability.min_sample else 0.0,
                availability.zero_is_valid, counted_as.divides,
                bool(kpi.metric.inputs), bool(datasets), datasets[0] if datasets else "",
                definition.words,
                _is_whole(project, kpi, 0), _is_whole(project, kpi, 1),
                definition.has_formula,
                definition.compares_whole_periods or _mixes_days(project, kpi),
                definition.elapses, counted_as.open_for,
                # What waits for no certain day is final when its spec says so.
                availability.mature > 0 and not counted_as.open_for,
                takes.kind if takes else "", takes.days if takes else 0,
                (takes.within or "") if takes else "", counted_as.looks_back,
                name in found.kpis_left_out, failed, message, _root(failed or name, message),
                withheld.get(name, ""), _counted(project.invalid.get(withheld.get(name, ""), ())),
            )  # fmt: skip


def _is_whole(project: Project, kpi: Kpi, position: int) -> bool:
    """Whether NULL over rows says that what is measured is empty, not that a filter matched none.

    Args:
        project: The specs.
        kpi: The KPI.
        position: 0 for its numerator, 1 for its denominator.
    """
    counted_as, operands = project.counted_as(kpi), kpi.metric.operands(project)
    if counted_as.has_formula or position >= len(operands):
        return False
    part, measures = operands[position].part, counted_as.operand_measures
    if part.whole or part.known is not None:
        return True
    unfiltered = position < len(measures) and measures[position].where is None
    return unfiltered and len(kpi.metric.datasets) == 1


def _mixes_days(project: Project, kpi: Kpi) -> bool:
    """Whether what it sets against each other is promised for different days.

    As long as a period is open, each side is then known up to another day.
    """
    counted_as = project.counted_as(kpi)
    if counted_as.open_for or not (counted_as.divides or counted_as.has_formula):
        return False
    promised = set()
    for dataset in project.datasets_of(kpi):
        arrives = (project.sources[source].arrives for source in dated(project, dataset))
        promised.add(max((one.within for one in arrives if one is not None), default=None))
    return len(promised - {None}) > 1


# What the machine, not a model, says when it fails: whichever models it hits, the cause is one.
_OF_THE_MACHINE = {
    "No space left on device": "disk",
    "File too large": "disk",
    "Out of Memory Error": "memory",
    "Could not set lock on file": "warehouse",
    "database has been invalidated": "warehouse",
    "FATAL Error": "warehouse",
    "run the whole pipeline": "unfinished_run",  # orchestration.build: STALE, CUT_SHORT
}


def _root(failed: str, message: str) -> str:
    """What is at fault: `fct_ads: ...` names the model that failed, for all KPIs over it."""
    for words, cause in _OF_THE_MACHINE.items():
        if words in message:
            return f"platform:{cause}"
    named = re.match(r"([a-z0-9_]+):", message)
    return f"model:{named[1]}" if named else f"kpi:{failed}"
