"""The rule about SMART letters."""

from collections.abc import Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.smart import smart_letters


def smart_letters_are_met(context: RuleContext) -> Iterator[Problem]:
    """A KPI is specific, measurable, achievable, relevant and time-bound, with its evidence."""
    for key, kpi in context.project.kpis.items():
        try:
            letters = smart_letters(kpi, context.project, context.clock)
        except LookupError:
            continue  # an unknown dataset, source or input, which another rule reports
        lacking = [f"{one.name}: {one.evidence}" for one in letters if one.met is False]
        if lacking:
            message = f"not SMART yet. {'. '.join(lacking)}."
            yield context.problem("kpi", key, ("smart",), "smart", message, "warning")
