"""What a run says of KPIs whose spec is invalid: which are withheld, why, and what to do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpi_specs.language import Project


def withheld_lines(project: "Project") -> Iterator[str]:
    """One block for each invalid spec, and what to do; nothing where all are valid."""
    if not project.invalid:
        return
    for kpi, problems in project.invalid.items():
        state = "withheld" if kpi in project.kpis else "not published, since it was never valid"
        yield f"{kpi}: its spec is invalid; {state}."
        yield from (f"    {problem}" for problem in problems)
        over = [one for one, root in project.withheld.items() if root == kpi and one != kpi]
        if over:
            yield f"    Withheld with it, since computed from it: {', '.join(over)}."
    yield (
        "The other KPIs are as ever. Correct the spec ('kpi validate' checks it), then run "
        "'kpi run'."
    )
