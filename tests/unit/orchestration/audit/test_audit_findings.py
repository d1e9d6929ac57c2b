"""Coverage, contradictions, specs that nobody moves: what is found, and what is not."""

import datetime as dt

import pytest

from kpi_specs.language.project import Objective, Owner
from orchestration.audit import findings
from tests.unit.orchestration.audit.publication import AS_OF, Publication
from tests.unit.orchestration.audit.small_project import kpi, project


@pytest.fixture
def shop():
    publication = Publication()
    for key in ("orders", "revenue"):
        publication.kpi(key)
    return publication


def found(publication, *kpis, section, **more):
    """(subject, finding) of one section."""
    rows = findings(publication.con, project(*kpis, **more), AS_OF)
    return [(row.subject, row.finding) for row in rows if row.section == section]


def judge(publication, key, statuses, first="2017-01", **fields):
    """One judged month after the other: + exceeded, = on target, ! warning, - off, . not judged."""
    names = {
        "+": "exceeded", "=": "on_target", "!": "warning", "-": "off_target", ".": "not_judged",
    }  # fmt: skip
    year, month = map(int, first.split("-"))
    for place, status in enumerate(statuses):
        period = f"{year + (month + place - 1) // 12}-{(month + place - 1) % 12 + 1:02}"
        value = None if status == "." else 1.0
        publication.month(key, period, value, target_status=names[status], **fields)


# -- coverage ---------------------------------------------------------------------------------


def test_objectives_without_a_kpi_in_or_below_them_and_owners_without_one_are_found(shop):
    objectives = {
        **project().objectives,
        "please": Objective(objective="please", title={"en": "P"}, level="mid", parent="grow"),
    }
    owners = {**project().owners, "legal": Owner(owner="legal", name={"en": "Legal"})}
    rows = found(shop, kpi("orders"), section="coverage", objectives=objectives, owners=owners)
    assert rows == [  # 'grow' has a KPI below it
        ("please", "neither it nor an objective below it has a KPI"),
        ("legal", "owns no KPI"),
    ]


# -- contradictions ---------------------------------------------------------------------------

LEADS = {"leads_to": ["revenue"]}
ROW = "monthly periods in a row"
CONTRADICTIONS = [
    ("several", "+=+", "---", f"3 {ROW} (2017-01 to 2017-03)"),
    ("the newest run counts", "-+==+", "-----", f"4 {ROW} (2017-02 to 2017-05)"),
    ("a month not judged is no end", "++.+", "----", f"3 {ROW} (2017-01 to 2017-04)"),
    ("two are not several", "-++", "---", None),
    ("it is over", "+++=", "---=", None),
    ("a warning is tolerable", "+++", "-!-", None),
    ("neither is well", "---", "---", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "orders", "revenue", "says"), CONTRADICTIONS, ids=[c[0] for c in CONTRADICTIONS]
)
def test_a_kpi_on_target_while_its_kri_is_off(shop, sentence, orders, revenue, says):
    judge(shop, "orders", orders)
    judge(shop, "revenue", revenue)
    rows = found(shop, kpi("orders", **LEADS), kpi("revenue", kind="kri"), section="contradiction")
    expected = f"on target in {says}, while revenue, which it leads to, was off target"
    assert rows == ([("orders", expected)] if says else [])


def test_cadences_that_the_two_do_not_share_are_not_compared(shop):
    judge(shop, "orders", "+++")
    judge(shop, "revenue", "---", cadence="weekly")
    kri = kpi("revenue", kind="kri", cadence="weekly")
    assert found(shop, kpi("orders", **LEADS), kri, section="contradiction") == []


def test_slices_and_periods_that_are_not_due_do_not_count(shop):
    judge(shop, "orders", "+++")
    judge(shop, "revenue", "==-")
    judge(shop, "revenue", "---", slice="channel", slice_value="web")
    judge(shop, "orders", "++", first="2018-01")
    judge(shop, "revenue", "--", first="2018-01")  # due on 1 February and 1 March
    rows = found(shop, kpi("orders", **LEADS), kpi("revenue", kind="kri"), section="contradiction")
    assert rows == []


# -- reviews ----------------------------------------------------------------------------------


def test_a_review_past_due_or_never_planned_is_found(shop):
    def review(**said):
        return kpi("orders", review=said or None)

    due = "the review of its definition was due on"
    cases = [
        (review(every="yearly", next="2018-01-14"), f"{due} 2018-01-14"),
        (review(every="monthly", last="2017-12-10"), f"{due} 2018-01-10"),
        (review(), "no review of its definition is planned"),
    ]  # fmt: skip
    for spec, says in cases:
        assert found(shop, spec, section="review") == [("orders", says)]
    assert found(shop, review(every="yearly", next="2018-01-15"), section="review") == []


def test_a_target_that_never_moved_in_two_years_is_found(shop):
    target = {"from": "2015-06-01", "value": 5, "set_by": "sales", "why": "plan"}
    assert found(shop, kpi("orders", targets=[target]), section="review") == [
        ("orders", "its target has not moved since 2015-06-01")
    ]
    moved = [{**target, "to": "2017-05-31"}, {**target, "from": "2017-06-01", "value": 6}]
    assert found(shop, kpi("orders", targets=moved), section="review") == []


def test_a_kpi_always_on_target_is_found(shop):
    judge(shop, "orders", "-" + "+" * 13, first="2016-11")
    assert found(shop, kpi("orders"), section="review") == [
        (
            "orders",
            "on target in each of the last 12 monthly periods that were judged (2017-01 to "
            "2017-12); does its target still ask for anything?",
        )
    ]


@pytest.mark.parametrize("statuses", ["+" * 7, "+" * 11 + "!", "+" * 6 + "-" + "+" * 5])
def test_seven_periods_or_one_miss_are_not_always(shop, statuses):
    judge(shop, "orders", statuses)
    assert found(shop, kpi("orders"), section="review") == []


def test_nothing_to_say_is_no_finding(shop):
    assert findings(shop.con, project(kpi("orders")), dt.date(2018, 1, 15)) == ()
