"""SMART, letter by letter, as far as a spec alone can show it: `kpi validate` warns of it.

`orchestration.audit.smart` begins with these letters and asks the data too: it may find that one
is not met, or not known, though the spec looks fine. It never meets one that the spec does not.
"""

import datetime as dt
from dataclasses import dataclass

from kpi_specs.language.cadence import Cadence
from kpi_specs.language.kpi import Kpi, Stated
from kpi_specs.language.project import Project

# A target that ended longer ago binds nobody; shorter, and the next one is being agreed on.
LAPSED = dt.timedelta(days=366)


@dataclass(frozen=True)
class Letter:
    """One letter of a KPI's SMART audit.

    Attributes:
        name: Specific, Measurable, Achievable, Relevant or Time-bound.
        met: None where there is nothing to judge: no target, so nothing to achieve by a date.
        evidence: What it rests on; what is missing, where it is not met.
    """

    name: str
    met: bool | None
    evidence: str


def smart_letters(kpi: Kpi, project: Project, clock: dt.date) -> tuple[Letter, ...]:
    """The five letters of a KPI.

    Raises:
        LookupError: a dataset, source or KPI that it is computed from does not exist.
    """
    return (
        _specific(kpi, project),
        _measurable(kpi, project),
        _achievable(kpi),
        _stated("Relevant", kpi.smart.relevant),
        _time_bound(kpi, clock),
    )


def target_cadences(kpi: Kpi) -> tuple[Cadence, ...]:
    """The KPI's cadences that one of its targets is for, in its order; not always the main one."""
    meant = {
        cadence
        for target in kpi.targets
        for cadence in (*((target.cadence,) if target.cadence else kpi.cadence), *target.into)
    }
    return tuple(cadence for cadence in kpi.cadence if cadence in meant)


def _specific(kpi: Kpi, project: Project) -> Letter:
    language = project.settings.languages[0]
    if language not in kpi.criterion or language not in kpi.title:
        language = next(iter(kpi.criterion))  # that a language is missing is another matter
    criterion, title = kpi.criterion[language], kpi.title.get(language, "")
    if criterion.strip(" ?.").lower() in ("", title.strip(" ?.").lower()):
        return Letter("Specific", False, f"the criterion says no more than the title '{title}'")
    return Letter("Specific", True, criterion)


def _measurable(kpi: Kpi, project: Project) -> Letter:
    if at_fault := kpi.kpi if kpi.kpi in project.invalid else project.held_by.get(kpi.kpi):
        return Letter("Measurable", False, f"the spec of {at_fault} is invalid")
    sources = [project.sources[name] for name in project.sources_of(kpi)]
    if not sources:
        raise LookupError(kpi.kpi)
    unconnected = [source.source for source in sources if not source.is_connected]
    if unconnected:
        evidence = f"no path to the data of {', '.join(unconnected)}"
        return Letter("Measurable", False, evidence)
    counted = project.complete_of(kpi) is not None or any(one.expects for one in sources)
    if not counted:
        evidence = "nothing says what a complete period holds ('availability.complete')"
        return Letter("Measurable", False, evidence)
    return Letter("Measurable", True, f"from {', '.join(source.source for source in sources)}")


def _achievable(kpi: Kpi) -> Letter:
    if not kpi.targets:
        return Letter("Achievable", None, "no target")
    return _stated("Achievable", kpi.smart.achievable)


def _stated(name: str, stated: Stated | None) -> Letter:
    if stated is None or not stated.reason.strip():
        return Letter(name, False, f"nobody states why ('smart.{name.lower()}')")
    return Letter(name, True, f"{stated.reason} ({stated.by}, {stated.on})")


def _time_bound(kpi: Kpi, clock: dt.date) -> Letter:
    if not kpi.targets:
        return Letter("Time-bound", None, "no target")
    ends = [target.to for target in kpi.targets]
    last = max(end for end in ends if end is not None) if None not in ends else None
    if last is not None and clock - last > LAPSED:
        return Letter("Time-bound", False, f"the last target ended on {last}")
    until = "open end" if last is None else f"until {last}"
    due = f"{kpi.availability.due} day{'' if kpi.availability.due == 1 else 's'}"
    periods = ", ".join(target_cadences(kpi))
    return Letter("Time-bound", True, f"{periods}, due {due} after the period; {until}")
