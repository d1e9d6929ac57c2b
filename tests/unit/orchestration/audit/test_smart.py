"""The five letters, each with the evidence that it rests on."""

import pytest

from orchestration.audit import smart_rows
from tests.unit.orchestration.audit.publication import AS_OF, Publication
from tests.unit.orchestration.audit.small_project import kpi, project

TARGET = {"from": "2017-01-01", "to": "2017-12-31", "value": 11, "set_by": "sales", "why": "plan"}
STATED = {"reason": "two more tills", "by": "sales", "on": "2017-02-01"}


@pytest.fixture
def shop():
    publication = Publication()
    publication.kpi("orders", formula="rows (orders)")
    return publication


def letters(publication, spec, **more):
    """Letter -> (verdict, evidence)."""
    rows = list(smart_rows(publication.con, project(spec, **more), AS_OF))
    assert [row.kpi for row in rows] == [spec.kpi] * 5
    return {row.letter: (row.verdict, row.evidence) for row in rows}


def test_specific_rests_on_criterion_formula_and_example(shop):
    example = {"rows": [{"id": 1}], "value": 1}
    assert letters(shop, kpi("orders", example=example))["Specific"] == (
        "met",
        "How many orders come in? = rows (orders)",
    )
    assert letters(shop, kpi("orders"))["Specific"] == (
        "met",
        "How many orders come in? = rows (orders); no worked example",
    )


def test_measurable_counts_the_last_twelve_due_periods(shop):
    """Fourteen months were due; of the last twelve two could not be measured: 10 of 12 is 83 %."""
    shop.months("orders", [None, None, *[5] * 5, None, *[5] * 5, None], first="2016-11")
    assert letters(shop, kpi("orders"))["Measurable"] == (
        "not_met",
        "10 of the last 12 due periods (monthly) measured; not 2017-12 SOURCE_STALE, "
        "2017-06 SOURCE_STALE",
    )


def test_one_gap_in_twelve_is_still_measurable(shop):
    shop.months("orders", [5] * 6 + [None] + [5] * 5)
    assert letters(shop, kpi("orders"))["Measurable"] == (
        "met",
        "11 of the last 12 due periods (monthly) measured; not 2017-07 SOURCE_STALE",
    )


def test_many_gaps_are_counted_not_listed(shop):
    shop.months("orders", [None] * 5)
    assert letters(shop, kpi("orders"))["Measurable"] == (
        "not_met",
        "0 of the last 5 due periods (monthly) measured; not 2017-05 SOURCE_STALE, "
        "2017-04 SOURCE_STALE, 2017-03 SOURCE_STALE and 2 more",
    )


def test_periods_that_are_pending_not_due_or_of_another_slice_do_not_count(shop):
    shop.months("orders", [5])
    shop.month("orders", "2016-12", None, data_status="pending")
    shop.month("orders", "2018-01", None)  # due on 1 February, after the clock
    shop.months("orders", [None], slice="channel", slice_value="web")
    assert letters(shop, kpi("orders"))["Measurable"] == (
        "met",
        "1 of the last 1 due periods (monthly) measured",
    )


def test_a_kpi_is_measurable_in_each_of_its_cadences(shop):
    shop.months("orders", [5] * 3)
    weeks = {"cadence": "weekly"}
    shop.months("orders", [5] * 3, **weeks)
    both = kpi("orders", cadence=["monthly", "weekly", "daily"])  # no day was due yet
    main = "3 of the last 3 due periods (monthly) measured"
    assert letters(shop, both)["Measurable"] == ("met", main)
    shop.months("orders", [None], first="2017-04", **weeks)
    assert letters(shop, both)["Measurable"] == (
        "not_met",
        f"{main}; 3 of the last 4 due periods (weekly) measured; not 2017-04 SOURCE_STALE",
    )


def test_without_a_due_period_or_a_source_nothing_is_measurable(shop):
    assert letters(shop, kpi("orders"))["Measurable"] == ("unknown", "no period was due yet")
    assert letters(shop, kpi("orders"), connected=False)["Measurable"] == (
        "not_met",
        "no path to the data of till",
    )


ACHIEVABLE = [
    # values of history, target, further fields; verdict, evidence
    (
        [10, 12] * 4, 11, {"smart": {"achievable": STATED}},
        "met",
        "two more tills (sales, 2017-02-01); met in 4 of 8 final values, some of what the natural "
        "limits allow",
    ),
    (
        [10, 12] * 4, 11, {},
        "not_met",
        "nobody states why ('smart.achievable'); met in 4 of 8 final values, some of what the "
        "natural limits allow",
    ),
    (
        [10, 12] * 4, 18, {"smart": {"achievable": STATED}},
        "not_met",
        "two more tills (sales, 2017-02-01); met in 0 of 8 final values, beyond the natural limits",
    ),
    (
        [10, 12] * 3, 11, {"smart": {"achievable": STATED}},
        "unknown",
        "two more tills (sales, 2017-02-01); met in 3 of 6 final values, too few for limits",
    ),
    (
        [10, 12] * 4, 11,
        {"smart": {"achievable": STATED}, "resources": [{"what": "a till", "available": False}]},
        "not_met",
        "two more tills (sales, 2017-02-01); met in 4 of 8 final values, some of what the natural "
        "limits allow; missing: a till",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("history", "target", "fields", "verdict", "evidence"), ACHIEVABLE)
def test_achievable_needs_a_reason_and_a_history_that_allows_it(
    shop, history, target, fields, verdict, evidence
):
    shop.months("orders", history)
    shop.target("orders", target)
    spec = kpi("orders", targets=[{**TARGET, "value": target}], **fields)
    assert letters(shop, spec)["Achievable"] == (verdict, evidence)


def test_who_stated_the_reason_and_when_stand_beside_it(shop):
    spec = kpi("orders", targets=[TARGET], smart={"achievable": STATED})
    rows = {row.letter: row for row in smart_rows(shop.con, project(spec), AS_OF)}
    assert (rows["Achievable"].stated_by, str(rows["Achievable"].stated_on)) == (
        "sales",
        "2017-02-01",
    )
    assert (rows["Specific"].stated_by, rows["Relevant"].stated_by) == (None, None)


def test_without_a_target_there_is_nothing_to_achieve_by_a_date(shop):
    found = letters(shop, kpi("orders"))
    assert found["Achievable"] == ("unknown", "no target")
    assert found["Time-bound"] == ("unknown", "no target; next review 2018-06-01")


def test_relevant_needs_a_reason_and_a_chain_to_a_strategic_root(shop):
    relevant = {"relevant": STATED}
    assert letters(shop, kpi("orders", smart=relevant, leads_to=["revenue"]))["Relevant"] == (
        "met",
        "two more tills (sales, 2017-02-01); serves sell > grow; leads to revenue",
    )
    assert letters(shop, kpi("orders"))["Relevant"] == (
        "not_met",
        "nobody states why ('smart.relevant'); serves sell > grow",
    )
    alone = {"sell": project().objectives["sell"]}
    assert letters(shop, kpi("orders", smart=relevant), objectives=alone)["Relevant"] == (
        "not_met",
        "two more tills (sales, 2017-02-01); serves sell (no strategic root)",
    )


def test_a_target_of_another_cadence_than_the_main_one_is_looked_at_too(shop):
    """Orders are counted by month first; what was promised is the year's number."""
    for year in range(2010, 2018):
        shop.month("orders", f"{year}-12", 100 + year % 2, cadence="yearly")
    shop.target_of("orders", "2017-12", 101, cadence="yearly")
    for table in ("kpi_values", "kpi_targets"):
        shop.con.execute(f"update {table} set period = left(period, 4)")
    yearly = {**TARGET, "value": 101, "cadence": "yearly"}
    spec = kpi(
        "orders", cadence=["monthly", "yearly"], targets=[yearly], smart={"achievable": STATED}
    )
    found = letters(shop, spec)
    assert found["Achievable"] == (
        "met",
        "two more tills (sales, 2017-02-01); yearly: met in 4 of 8 final values, some of what the "
        "natural limits allow",
    )
    assert found["Time-bound"] == (
        "met",
        "yearly, due 1 day after the period; until 2017-12-31; the last period with a target is "
        "2017; next review 2018-06-01",
    )


def test_time_bound_names_cadence_end_and_review(shop):
    shop.months("orders", [10])
    shop.target("orders", 11)
    assert letters(shop, kpi("orders", targets=[TARGET]))["Time-bound"] == (
        "met",
        "monthly, due 1 day after the period; until 2017-12-31; the last period with a target is "
        "2017-12; next review 2018-06-01",
    )
    long_ago = {**TARGET, "from": "2016-01-01", "to": "2016-12-31"}
    assert letters(shop, kpi("orders", targets=[long_ago]))["Time-bound"] == (
        "not_met",
        "the last target ended on 2016-12-31; next review 2018-06-01",
    )
