import datetime as dt

import duckdb
import pytest

from orchestration.check_facts import check_facts, source_facts

AS_OF = dt.date(2024, 3, 1)


def verdict(con, kpi, period, status, *, due="2024-03-01", piece="total", coverage=None) -> None:
    con.execute(
        "insert into audit.verdicts values (?, 'monthly', ?, ?::date, ?, ?, 'NO_ROWS', 'no rows', "
        "'ops', 'source:orders', ?, ?, null)",
        [kpi, period, f"{period}-01", piece, status, coverage, due],
    )


@pytest.fixture
def con(fakes):
    with duckdb.connect() as con:
        fakes.ensure_schemas(con)
        yield con


@pytest.mark.parametrize(
    ("status", "measurable", "broken"),
    [
        ("final", True, False),
        ("provisional", True, False),
        ("pending", True, False),
        ("unmeasurable", False, False),
        ("error", False, True),
    ],
)
def test_a_check_says_whether_the_newest_due_period_has_a_value(con, status, measurable, broken):
    verdict(con, "revenue", "2024-01", "final")
    verdict(con, "revenue", "2024-02", status)
    fact = check_facts(con, ["revenue"], AS_OF)["revenue"]
    assert (fact.measurable, fact.broken) == (measurable, broken)


def test_periods_that_are_not_due_and_slices_do_not_count(con):
    verdict(con, "revenue", "2024-02", "final")
    verdict(con, "revenue", "2024-02", "unmeasurable", piece="channel")
    verdict(con, "revenue", "2024-03", "unmeasurable", due="2024-04-01")
    assert check_facts(con, ["revenue"], AS_OF)["revenue"].measurable


def test_a_month_that_is_closed_by_contract_says_nothing_of_the_kpi(con):
    verdict(con, "revenue", "2024-01", "final")
    verdict(con, "revenue", "2024-02", "unmeasurable")
    con.execute("update audit.verdicts set party = '', root = '' where period = '2024-02'")
    fact = check_facts(con, ["revenue"], AS_OF)["revenue"]
    assert (fact.measurable, fact.metadata["monthly"]) == (True, "2024-01: final (NO_ROWS)")


def test_a_kpi_without_any_verdict_fails(con):
    fact = check_facts(con, ["revenue"], AS_OF)["revenue"]
    assert (fact.measurable, fact.broken) == (False, True)
    assert fact.metadata == {"reason": "no verdict"}


def test_a_failing_check_shows_reason_party_and_evidence(con):
    verdict(con, "revenue", "2024-02", "unmeasurable", coverage=0.5)
    con.execute(
        "insert into audit.checks values "
        "('revenue', 'monthly', '2024-02', 'total', 'complete', 'days', '29', '14', 'fail'), "
        "('revenue', 'monthly', '2024-02', 'total', 'fresh', 'age', '1', '1', 'pass'), "
        "('revenue', 'monthly', '2024-01', 'total', 'complete', 'days', '31', '14', 'fail')"
    )
    assert check_facts(con, ["revenue"], AS_OF)["revenue"].metadata == {
        "monthly": "2024-02: unmeasurable (NO_ROWS)",
        "monthly coverage": 0.5,
        "monthly complete": "days: expected 29, observed 14",
        "reason": "no rows",
        "party": "ops",
        "root": "source:orders",
        "next": "check whether the rows were lost; if none is right, say zero_is_valid in the spec",
        "more": "kpi explain revenue --period 2024-02",
    }


def test_how_far_the_data_of_a_value_reaches_is_told_and_can_be_drawn(con):
    verdict(con, "revenue", "2024-02", "final")
    con.execute("update audit.verdicts set data_through = '2024-02-27'")
    metadata = check_facts(con, ["revenue"], AS_OF)["revenue"].metadata
    assert (metadata["monthly data through"], metadata["monthly days behind"]) == ("2024-02-27", 3)


@pytest.mark.parametrize(
    ("status", "fresh"),
    [("fresh", True), ("no_promise", True), ("undated", True), ("late", False), ("missing", False)],
)
def test_a_source_is_not_fresh_where_it_is_late_missing_or_was_not_judged(con, status, fresh):
    con.execute("insert into audit.source_freshness values ('ads', null, null, 0, ?)", [status])
    facts = source_facts(con, ["ads", "crm"])
    assert (facts["ads"].fresh, facts["crm"].fresh) == (fresh, False)
    assert facts["crm"].metadata["status"] == "not judged"
    con.execute("drop table audit.source_freshness")
    assert not source_facts(con, ["ads"])["ads"].fresh
