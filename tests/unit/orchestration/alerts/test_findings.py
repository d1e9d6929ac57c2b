"""What is wrong now, from verdicts by hand."""

import pytest
from alert_desk import Desk

from orchestration.alerts.findings import find

LATE = {"codes": "SOURCE_STALE"}
FAILED = {"codes": "COMPUTE_ERROR", "status": "error", "party": "platform"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        # A failed model is one cause, however many KPIs rest on it.
        (
            {kpi: {**FAILED, "root": "model:fct_ads"} for kpi in ("ctr", "cpc", "roas")},
            [("platform", "model:fct_ads", "COMPUTE_ERROR", ("cpc", "ctr", "roas"))],
        ),
        (
            {"ctr": {**FAILED, "root": "model:fct_ads"}, "cpc": {**FAILED, "root": "kpi:cpc"}},
            [
                ("platform", "kpi:cpc", "COMPUTE_ERROR", ("cpc",)),
                ("platform", "model:fct_ads", "COMPUTE_ERROR", ("ctr",)),
            ],
        ),
        ({"ctr": LATE, "cpc": LATE}, [("data", "source:ads", "SOURCE_STALE", ("cpc", "ctr"))]),
        # Closed by contract: nobody to tell, no cause.
        ({"ctr": {"codes": "NO_ROWS", "party": "", "root": ""}}, []),
        ({"ctr": {"codes": "NOT_DUE", "status": "pending", "party": "", "root": ""}}, []),
    ],
)
def test_a_cause_is_one_finding_for_its_owner(tmp_path, rows, found):
    desk = Desk(tmp_path)
    for kpi, row in rows.items():
        desk.day(kpi, 10, **row)
    assert [(f.owner, f.root, f.reason_code, f.kpis) for f in find(desk.con, desk.project)] == found
