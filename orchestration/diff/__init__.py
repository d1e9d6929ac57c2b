"""Two versions of a project's specs compared: what they say, and what history is under each.

Belongs here: finding the two versions, their differences in words, history recomputed under both
beside the warehouse. Does not belong here: arguments and output of the command.
"""

from orchestration.diff.history import HistoryDiff, WarehouseError, history_diff
from orchestration.diff.sides import Side, SideError, read_side
from orchestration.diff.specs import SpecChange, concerned_kpis, spec_changes

__all__ = [
    "HistoryDiff",
    "Side",
    "SideError",
    "SpecChange",
    "WarehouseError",
    "concerned_kpis",
    "history_diff",
    "read_side",
    "spec_changes",
]
