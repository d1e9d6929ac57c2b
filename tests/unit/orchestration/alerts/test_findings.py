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


def test_whatever_reason_stands_beside_a_value_is_a_warning_of_the_total(tmp_path):
    desk = Desk(tmp_path)
    for kpi, status in (("ctr", "final"), ("cpc", "provisional")):
        desk.day(kpi, 10, "NEW_REASON", status=status, root="source:ads", party="data")
    desk.day("roas", 10, "NEW_REASON", status="final", root="", party="")
    (found,) = find(desk.con, desk.project)
    assert (found.severity, found.owner, found.root, found.reason_code, found.kpis) == (
        "warning", "data", "source:ads", "NEW_REASON", ("cpc", "ctr"),
    )  # fmt: skip
