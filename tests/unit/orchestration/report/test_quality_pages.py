"""`kpi docs --quality`: what was judged and what fails, on pages that need no network."""

import datetime as dt
import re

import pytest

from orchestration.publish import history_tables, schema
from orchestration.report.quality import quality
from orchestration.report.quality_pages import write_pages
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run

CHECK = {"kpi": "orders", "cadence": "monthly", "slice": "total", "slice_value": "total"}
FRESH = {"check_name": "sources_are_fresh", "reason_code": "SOURCE_STALE", "evidence": "stale",
         "expected": "yes"}  # fmt: skip
DUE = {"check_name": "period_is_due", "reason_code": "NOT_DUE", "evidence": "waiting",
       "expected": "yes"}  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Orders of three months: the first has a value, the second none, the third waits."""
    (tmp_path / "published").mkdir()
    made = Publication(tmp_path / "published/kpis.duckdb")
    made.kpi("orders", formula="count of <orders>", sources="till", owner="sales")
    made.kpi("leads", formula="count of leads", sources="crm", owner="sales")
    made.month("orders", "2017-10", 10.0)
    made.month("orders", "2017-11", None, reason="The <b>till</b> is late.")
    made.month("orders", "2017-11", None, slice="channel", slice_value="<web>")
    made.month("orders", "2017-12", None, data_status="pending", reason_codes="NOT_DUE")
    made.month("leads", "2017-11", 3.0)
    made.con.execute("INSERT INTO kpi_latest BY NAME SELECT 'closed' AS which, * FROM kpi_values "
                     "WHERE period = '2017-11' AND slice = 'total'")  # fmt: skip

    def check(period, observed, verdict, of=FRESH, **more):
        row = {**CHECK, **of, "period": period, "observed": observed, "verdict": verdict, **more}
        made.insert(schema.KPI_CHECKS, **row)
        return row

    check("2017-10", "0 late", "pass")
    failing = check("2017-11", "1 late <till>", "fail")
    check("2017-11", "1 late", "fail", slice="channel", slice_value="<web>")
    check("2017-12", "1 late", "fail")  # but it waits
    check("2017-12", "0 of 31 days", "fail", DUE)
    for day, observed in ((1, "2 late"), (2, "1 late <till>")):
        made.insert(
            history_tables.KPI_CHECK_HISTORY,
            **{**failing, "observed": observed, "shown_from": dt.datetime(2017, 12, day)},
        )
    made.con.close()
    return tmp_path


def test_checks_are_counted_and_what_waits_fails_none(project):
    orders, leads = quality(project / "published/kpis.duckdb").kpis  # the failing one first
    assert orders.statuses == {"final": 1, "pending": 1, "unmeasurable": 2}
    assert [(c.name, c.passed, c.failed, c.waiting) for c in orders.checks] == [
        ("sources_are_fresh", 1, 2, 1),
        ("period_is_due", 0, 0, 1),
    ]
    assert [(row.period, row.slice_value, row.observed, row.first) for row in orders.checks[0].rows
    ] == [
        ("2017-11", "total", "1 late <till>", "2017-12-01"),
        ("2017-11", "<web>", "1 late", ""),
    ]  # fmt: skip
    assert (orders.failing, leads.failing, leads.checks) == (1, 0, ())


def test_the_pages_are_whole_and_take_nothing_from_the_network(project):
    folder = project / "var/quality"
    (folder / "kpi").mkdir(parents=True)
    (folder / "kpi/gone.html").write_text("a KPI of before")
    index = write_pages(quality(project / "published/kpis.duckdb"), folder)
    pages = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*.*")}
    assert pages.keys() == {"index.html", "kpi/orders.html", "kpi/leads.html"}
    assert index == folder / "index.html"
    for name, page in pages.items():
        assert not re.search(r"https?:|<script|<link|@import|url\(", page)
        for link in re.findall(r'href="([^"]+)"', page):
            assert (folder / name).parent.joinpath(link).resolve().is_file()
    assert "1 of 2 KPIs measurable, 1 unmeasurable" in pages["index.html"]
    orders = pages["kpi/orders.html"]
    assert "count of &lt;orders&gt;" in orders
    assert "The &lt;b&gt;till&lt;/b&gt; is late." in orders
    assert "<td>total<td>1 late &lt;till&gt;<td>2017-12-01" in orders
    assert "<td>&lt;web&gt;<td>1 late<td>" in orders


def test_the_command_says_where_they_are_and_what_fails(project, capsys):
    code, out, _ = run(capsys, project, "docs", "--quality")
    assert (code, out.splitlines()) == (
        0,
        [
            "2 checks of 2 KPIs; some row of 1 of them fails one.",
            f"Open {project}/var/quality/index.html",
        ],
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--quality",), "kpi: nothing has been judged yet; run 'kpi run' first.\n"),
        (
            ("--quality", "--check"),
            "kpi: --quality stands alone: it has nothing that could be out of date.\n",
        ),
    ],
)
def test_without_a_publication_or_a_document_there_is_a_message(tmp_path, capsys, asked, message):
    assert run(capsys, tmp_path, "docs", *asked) == (1, "", message)


def test_a_publication_of_before_check_history_has_pages_all_the_same(project):
    import duckdb

    with duckdb.connect(str(project / "published/kpis.duckdb")) as con:
        con.execute("DROP TABLE kpi_check_history")
    orders, _ = quality(project / "published/kpis.duckdb").kpis
    assert [row.first for row in orders.checks[0].rows] == ["", ""]
