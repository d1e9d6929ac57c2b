"""`kpi status --freshness`: how far data reaches, from the publication."""

import datetime as dt
import json

import duckdb
import pytest

from orchestration.publish import schema
from orchestration.report.freshness import freshness
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    """As of 2018-01-15. The till is two days late, the crm promises nothing, the ads are gone."""
    (tmp_path / "published").mkdir()
    made = Publication(tmp_path / "published/kpis.duckdb")
    made.kpi("leads", sources="crm", owner="sales")
    made.kpi("orders", sources="till,crm", owner="sales")
    made.kpi("clicks", sources="ads", owner="sales")
    made.month("orders", "2017-12", 10.0, data_through=dt.date(2017, 12, 31))
    made.month("leads", "2017-12", 3.0, data_through=dt.date(2018, 1, 14))
    made.month("clicks", "2017-12", None)
    made.con.execute("INSERT INTO kpi_latest BY NAME SELECT 'closed' AS which, * FROM kpi_values")
    for source, through, promised, late, status, kpis in (
        ("crm", dt.date(2018, 1, 14), None, 0, "no_promise", "leads,orders"),
        ("till", dt.date(2018, 1, 12), dt.date(2018, 1, 14), 2, "late", "orders"),
        ("ads", None, dt.date(2018, 1, 14), 0, "missing", "clicks"),
        ("spare", dt.date(2018, 1, 14), dt.date(2018, 1, 14), 0, "fresh", ""),
    ):
        made.insert(
            schema.KPI_SOURCES, source=source, titles=json.dumps({"en": source.title()}),
            owner="ops", data_through=through, promised=promised, days_late=late, status=status,
            kpis=kpis,
        )  # fmt: skip
    made.con.close()
    return tmp_path


def test_what_is_worst_stands_first(project, capsys):
    code, out, _ = run(capsys, project, "status", "--freshness")
    assert code == 0
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "",
        "Data by business day, as of 2018-01-15",
        "",
        "Source Newest day Promised Status Owner KPIs",
        "Ads (ads) — 2018-01-14 missing ops 1",
        "Till (till) 2018-01-12 2018-01-14 2 days late ops 1",
        "Crm (crm) 2018-01-14 — promises nothing ops 2",
        "Spare (spare) 2018-01-14 2018-01-14 fresh ops 0",
        "",
        "KPI Period Status Data to Days behind Rests on",
        "Clicks 2017-12 unmeasurable — — ads",
        "Orders 2017-12 final 2017-12-31 15 till, crm",
        "Leads 2017-12 final 2018-01-14 1 crm",
    ]


def test_it_can_be_written_as_json(project, capsys):
    _, out, _ = run(capsys, project, "status", "--freshness", "--json")
    found = json.loads(out)
    assert found["sources"][1] == {
        "source": "till", "title": "Till", "owner": "ops", "data_through": "2018-01-12",
        "promised": "2018-01-14", "days_late": 2, "status": "late", "kpis": ["orders"],
    }  # fmt: skip
    assert [one["days_behind"] for one in found["kpis"]] == [None, 15, 1]


def test_a_publication_of_before_says_what_to_do(project, capsys):
    with duckdb.connect(str(project / "published/kpis.duckdb")) as con:
        con.execute("DROP TABLE kpi_sources")
    assert run(capsys, project, "status", "--freshness") == (
        2, "",
        "kpi: the live publication does not say how far its sources reach; run 'kpi run "
        "--full-refresh' to publish anew.\n",
    )  # fmt: skip


def test_titles_are_in_the_language_asked_for(project):
    found = freshness(project / "published/kpis.duckdb", language="fa")
    assert [one.title for one in found.sources][:2] == ["Ads", "Till"]  # which they lack
