"""`kpi status`: its exit code."""

import json

import duckdb
import pytest

from orchestration.alerts.tables import ensure_tables
from orchestration.run_lock import hold_run_lock
from orchestration.run_log import ensure_run_log
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    """Orders, whose newest due month has a value or none."""

    def published(value, **fields):
        (tmp_path / "published").mkdir()
        publication = Publication(tmp_path / "published/kpis.duckdb")
        publication.kpi("orders", owner="sales")
        publication.month("orders", "2017-12", value, **fields)
        publication.con.execute("INSERT INTO kpi_latest BY NAME SELECT 'closed' AS which, * "
                                "FROM kpi_values")  # fmt: skip
        publication.con.close()
        return tmp_path

    return published


@pytest.mark.parametrize(
    ("value", "fields", "strict", "code"),
    [
        (10.0, {}, True, 0),
        (None, {}, False, 0),
        (None, {}, True, 3),
        (None, {"data_status": "error"}, True, 3),
        (None, {"data_status": "pending"}, True, 0),  # due, but not enough history
    ],
)
def test_it_fails_only_when_asked_to_where_a_due_kpi_is_unmeasurable(
    project, capsys, value, fields, strict, code
):
    root = project(value, **fields)
    asked = ("status", *(("--strict",) if strict else ()))
    assert run(capsys, root, *asked)[0] == code
    done, out, _ = run(capsys, root, *asked, "--json")
    assert (done, json.loads(out)["measurable"]) == (code, int(value is not None))


AT = "2017-12-31 06:00:00"
FAILED = (
    "The last run, of 2017-12-31 06:00 UTC, did not end well: The disk is full. "
    "What is shown here is of the one before."
)
STOPPED = FAILED.replace("The disk is full.", "it was stopped.")
BY_INCIDENT = (
    "No run has ended well since 2017-12-31 06:00 UTC (SPEC_INVALID; 'kpi alerts' says why). "
    "What is shown here is of before."
)


@pytest.mark.parametrize(
    ("status", "message", "incident", "told"),
    [
        ("published", "", None, None),
        ("unchanged", "", "resolved", None),
        ("failed", "The disk is full.\nTraceback", None, FAILED),
        ("running", "", None, STOPPED),
        ("published", "", "notified", BY_INCIDENT),
    ],
)
def test_it_says_that_the_runs_since_have_failed(project, capsys, status, message, incident, told):
    root = project(10.0)
    (root / "var").mkdir()
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        ensure_run_log(con)
        ensure_tables(con)
        con.execute(
            "INSERT INTO audit.runs BY NAME SELECT 'r' AS run_id, ? AS status, ? AS message, "
            "CAST(? AS TIMESTAMP) AS started_at", [status, message, AT],
        )  # fmt: skip
        if incident:
            con.execute(
                "INSERT INTO audit.incidents BY NAME SELECT 'i' AS incident_id, 'f' AS fingerprint,"
                " 'run:specs' AS root, 'SPEC_INVALID' AS reason_code, 'platform' AS owner, "
                "'run' AS severity, ? AS state, CAST(? AS TIMESTAMP) AS opened_at, "
                "opened_at AS last_seen_at, '' AS kpis, '' AS periods, '' AS message",
                [incident, AT],
            )
    assert json.loads(run(capsys, root, "status", "--json")[1])["runs"] == told
    shown = " ".join(run(capsys, root, "status")[1].split())
    assert (f"! {told}" in shown) == bool(told)


def test_while_a_run_is_under_way_nothing_is_said_of_it(project, capsys):
    root = project(10.0)
    (root / "var").mkdir()
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        ensure_run_log(con)
        ensure_tables(con)
        con.execute("INSERT INTO audit.runs BY NAME SELECT 'r' AS run_id, 'running' AS status, "
                    "now()::TIMESTAMP AS started_at")  # fmt: skip
    with hold_run_lock(root / "var", "r"):
        assert json.loads(run(capsys, root, "status", "--json")[1])["runs"] is None


@pytest.mark.parametrize("more", [(), ("--freshness",), ("--json",)])
def test_a_language_that_no_title_is_in_is_refused_with_those_that_there_are(project, capsys, more):
    root = project(10.0)
    assert run(capsys, root, "status", "--language", "xx", *more) == (
        1, "", "kpi: no title is in the language 'xx'; there are: en.\n",
    )  # fmt: skip
    assert run(capsys, root, "status", "--language", "en", *more)[0] == 0
