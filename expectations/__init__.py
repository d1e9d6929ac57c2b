"""WHETHER to believe a number: evidence in, verdicts out.

Belongs here: what is missing before dbt runs (`preflight`), facts about source, period and
computation as SQL (`audit.evidence`), one Great Expectations suite per KPI, and the verdict per
KPI, period and slice with its reason (`judge`). Great Expectations lives in this package only.
Does not belong here: computing a KPI's value, publishing it, telling people about it.
"""

from expectations.judging import judge
from expectations.missing import Preflight, preflight
from expectations.summary import VerdictSummary

__all__ = ["Preflight", "VerdictSummary", "judge", "preflight"]
