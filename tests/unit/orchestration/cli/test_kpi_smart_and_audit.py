"""`kpi smart` and `kpi audit`: what they print."""

import json

import duckdb
import pytest

from orchestration.audit import findings, smart_rows
from orchestration.publish import schema
from tests.unit.orchestration.audit.publication import AS_OF, Publication
from tests.unit.orchestration.audit.small_project import kpi, project
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def shop(tmp_path):
    """`orders` without stated reasons, `refunds` with both; nobody owns for `legal`."""
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    stated = {"reason": "it pays", "by": "sales", "on": "2017-02-01"}
    target = {"from": "2017-01-01", "value": 11, "set_by": "sales", "why": "plan"}
    specs = project(
        kpi("orders", targets=[target]),
        kpi(
            "refunds",
            targets=[target],
            smart={"achievable": stated, "relevant": stated},
            review={"every": "yearly", "next": "2017-06-01"},
        ),
    )
    for place, key in enumerate(specs.kpis):
        publication.kpi(key, formula="rows (orders)", position=place)
        publication.months(key, [10, 12] * 4)
        publication.target(key, 11)
    for row in smart_rows(publication.con, specs, AS_OF):
        publication.insert(schema.KPI_SMART, **vars(row))
    for row in findings(publication.con, specs, AS_OF):
        publication.insert(schema.KPI_FINDINGS, **vars(row))
    publication.con.close()
    return tmp_path


def test_smart_of_all_kpis_is_a_table_and_what_is_not_met(shop, capsys):
    code, out, _ = run(capsys, shop, "smart")
    assert code == 0
    assert out.splitlines() == [
        "KPI      S  M  A  R  T",
        "orders   ✓  ✓  ✗  ✗  ✓",
        "refunds  ✓  ✓  ✓  ✓  ✓",
        "✗ orders Achievable: nobody states why ('smart.achievable'); met in 4 of 8 final values, "
        "some of what the natural limits allow",
        "✗ orders Relevant: nobody states why ('smart.relevant'); serves sell > grow",
        "1 of 2 KPIs meet all five letters; not met (✗): 1; else nothing to judge one by (?): 0. "
        "'kpi smart KPI' shows the evidence.",
    ]


def test_smart_of_one_kpi_shows_the_evidence_of_each_letter(shop, capsys):
    code, out, _ = run(capsys, shop, "smart", "refunds")
    assert code == 0
    assert out.splitlines() == [
        "✓ Specific    met      How many orders come in? = rows (orders); no worked example",
        "✓ Measurable  met      8 of the last 8 due periods (monthly) measured",
        "✓ Achievable  met      it pays (sales, 2017-02-01); met in 4 of 8 final values, some of "
        "what the natural limits allow",
        "✓ Relevant    met      it pays (sales, 2017-02-01); serves sell > grow",
        "✓ Time-bound  met      monthly, due 1 day after the period; open end; the last period "
        "with a target is 2017-12; next review 2017-06-01",
    ]


def test_smart_as_json_and_a_wrong_name(shop, capsys):
    _, out, _ = run(capsys, shop, "smart", "orders", "--json")
    assert [row["verdict"] for row in json.loads(out)] == [
        "met", "met", "not_met", "not_met", "met",
    ]  # fmt: skip
    code, _, err = run(capsys, shop, "smart", "ordrs")
    assert (code, err) == (1, "kpi: no KPI is called 'ordrs'. Did you mean 'orders'?\n")


def test_audit_prints_each_section_empty_ones_too(shop, capsys):
    code, out, _ = run(capsys, shop, "audit")
    assert code == 0
    assert out.splitlines() == [
        "Coverage: objectives and owners without a KPI",
        "  none",
        "Contradictions: a KPI on target while its KRI is off",
        "  none",
        "Reviews: past due, targets that never move, always on target",
        "  refunds: the review of its definition was due on 2017-06-01",
    ]


def test_audit_as_json(shop, capsys):
    _, out, _ = run(capsys, shop, "audit", "--json")
    assert json.loads(out) == [
        {
            "section": "review",
            "subject_kind": "kpi",
            "subject": "refunds",
            "finding": "the review of its definition was due on 2017-06-01",
        }
    ]


@pytest.mark.parametrize("command", ["smart", "audit"])
def test_a_publication_of_before_audits_says_what_to_do(shop, capsys, command):
    with duckdb.connect(str(shop / "published/kpis.duckdb")) as con:
        con.execute("drop table kpi_smart; drop table kpi_findings")
    code, _, err = run(capsys, shop, command)
    assert (code, err) == (
        1,
        "kpi: the live publication has no audit; run 'kpi run --full-refresh' to publish anew.\n",
    )
