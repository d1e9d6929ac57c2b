"""What the method asks about KPIs beside their values: realism, SMART, coverage, contradictions.

Belongs here: plain functions over a publication's tables and the specs. Each takes a connection and
the name of the schema that holds the tables, so that a publication can be audited while it is built
and after. Does not belong here: arguments and output of commands, how a value is judged.
"""

from orchestration.audit.feasibility import Feasibility, Wanted, feasibilities, try_target
from orchestration.audit.findings import Finding, findings
from orchestration.audit.smart import SmartRow, smart_rows

__all__ = [
    "Feasibility",
    "Finding",
    "SmartRow",
    "Wanted",
    "feasibilities",
    "findings",
    "smart_rows",
    "try_target",
]
