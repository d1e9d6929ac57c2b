"""The scorecard: what is measurable, and how it stands, from the published file alone.

Belongs here: reading the publication (`reading`), what a card says (`card`), its words (`wording`)
and its table in a terminal (`rendering`).
Does not belong here: the warehouse, computing or judging anything; a number that is not published
is not shown, and a KPI without a value shows its reason, never a zero.
"""

from orchestration.report.card import Scorecard, ScoreRow
from orchestration.report.reading import ReportError, scorecard
from orchestration.report.rendering import render

__all__ = ["ReportError", "ScoreRow", "Scorecard", "render", "scorecard"]
