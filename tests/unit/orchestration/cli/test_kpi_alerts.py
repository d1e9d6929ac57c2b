"""`kpi alerts` over incidents made by hand."""

import datetime as dt
import json

import duckdb
import pytest
from in_process import run, shop_with

from kpi_specs.language import load_project
from orchestration.alerts import specs_are_read
from orchestration.alerts.tables import ensure_tables
from orchestration.run_lock import hold_run_lock
from orchestration.run_log import ensure_run_log

AT = dt.datetime(2024, 3, 1, 6, 30)
MESSAGE = "UNMEASURABLE: 2 KPIs\nWhy: The ads are late.\nNext: Data (data): deliver them."


@pytest.fixture
def told(tmp_path):
    """A project's folder with one open incident, told to the log and not to the webhook."""
    (tmp_path / "var").mkdir()
    with duckdb.connect(str(tmp_path / "var" / "warehouse.duckdb")) as con:
        ensure_tables(con)
        con.execute(
            "INSERT INTO audit.incidents VALUES ('INC-1', 'kpi|source:ads|SOURCE_STALE|data', "
            "'source:ads', 'SOURCE_STALE', 'data', 'kpi', 'notified', ?, ?, NULL, ?, '[]', "
            "?, 'r0', ?, NULL, NULL, NULL)",
            [AT, AT, json.dumps(["ctr", "cpc"]), MESSAGE, AT],
        )
        for channel, state, error in (("log", "sent", None), ("webhook", "pending", "no answer")):
            con.execute(
                "INSERT INTO audit.outbox VALUES (?, 'INC-1', 'opened', ?, '{}', ?, 1, ?, ?, NULL, "
                "?, 'data')",
                [f"INC-1:opened:{channel}", channel, state, error, AT, AT],
            )
    return tmp_path


LISTED = [
    "INC-1  notified  since 2024-03-01 06:30 UTC  SOURCE_STALE           source:ads",
    "    The ads are late.",
    "    data is being told; affected: ctr, cpc",
    "undelivered INC-1:opened:webhook: 1 attempt, no answer",
]


def test_open_incidents_are_listed_with_what_was_not_delivered(told, capsys):
    code, said, _ = run(capsys, told, "alerts")
    assert (code, said.splitlines()) == (0, LISTED)


def test_who_acknowledged_is_listed(told, capsys):
    code, said, _ = run(
        capsys, told, "alerts", "--acknowledge", "INC-1", "--by", "sara",
        "--note", "it comes Monday",
    )  # fmt: skip
    lines = said.splitlines()
    assert code == 0
    assert lines[:3] + lines[4:] == LISTED
    assert lines[3].startswith("    acknowledged by sara, ")
    assert lines[3].endswith(" UTC: it comes Monday")


def test_one_incident_is_shown_with_all_that_was_said_of_it_also_when_it_is_over(told, capsys):
    said_of_it = [
        "",
        *MESSAGE.splitlines(),
        "",
        "2024-03-01 06:30 UTC  opened    sent     log",
        "2024-03-01 06:30 UTC  opened    pending  webhook: no answer",
    ]
    code, said, _ = run(capsys, told, "alerts", "INC-1")
    assert (code, said.splitlines()) == (0, [*LISTED[:3], *said_of_it])
    with duckdb.connect(str(told / "var/warehouse.duckdb")) as con:
        con.execute(
            "UPDATE audit.incidents SET state = 'resolved', resolved_at = opened_at + "
            "INTERVAL 2 HOUR"
        )
    _, said, _ = run(capsys, told, "alerts", "INC-1")
    assert said.splitlines()[0] == (
        "INC-1  resolved  since 2024-03-01 06:30 UTC until 2024-03-01 08:30 UTC  "
        "SOURCE_STALE           source:ads"
    )
    assert run(capsys, told, "alerts")[1].splitlines() == ["No open incidents.", LISTED[-1]]


def test_what_is_written_for_machines_has_lists_and_the_reason(told, capsys):
    (one,) = json.loads(run(capsys, told, "alerts", "--json")[1])["incidents"]
    assert (one["kpis"], one["why"]) == (["ctr", "cpc"], "The ads are late.")
    one = json.loads(run(capsys, told, "alerts", "INC-1", "--json")[1])
    assert [(m["channel"], m["state"]) for m in one["messages"]] == [
        ("log", "sent"), ("webhook", "pending"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--acknowledge", "INC-1"], "kpi: say who acknowledges: --by NAME.\n"),
        (["--by", "sara"], "kpi: --by and --note belong to --acknowledge INCIDENT.\n"),
        (
            ["--acknowledge", "INC-2", "--by", "sara"],
            "kpi: no open incident is called 'INC-2'. There are: INC-1.\n",
        ),
        (["INC-2"], "kpi: no incident is called 'INC-2'. There are: INC-1.\n"),
        (
            ["INC-1", "--check"],
            "kpi: an incident by itself is shown; --acknowledge and --resend name their own.\n",
        ),
    ],
)
def test_a_mistake_is_told_in_one_message(told, capsys, arguments, message):
    code, _, said = run(capsys, told, "alerts", *arguments)
    assert (code, said) == (1, message)


def test_nothing_is_acknowledged_while_a_run_has_the_warehouse(told, capsys):
    with hold_run_lock(told / "var", "a run"):
        code, _, said = run(capsys, told, "alerts", "--acknowledge", "INC-1", "--by", "sara")
    assert code == 1
    assert said == "kpi: a run has the warehouse just now; try again after it.\n"


@pytest.fixture
def failed(tmp_path):
    """The shop, whose last run failed."""
    root = shop_with(tmp_path / "shop")
    (root / "var").mkdir()
    with duckdb.connect(str(root / "var" / "warehouse.duckdb")) as con:
        ensure_run_log(con)
        con.execute(
            "INSERT INTO audit.runs (run_id, started_at, finished_at, status, message) "
            "VALUES ('r1', ?, ?, 'failed', 'OSError: disk full')",
            [AT, AT],
        )
    return root


def test_a_run_that_failed_is_told_once_however_often_it_is_looked_for(failed, capsys):
    for sent in ("1 message", "0 messages"):
        code, said, _ = run(capsys, failed, "alerts", "--check")
        assert code == 0
        assert said.splitlines()[-1] == f"Sent now: {sent}; waiting: 0."
        assert "RUN_FAILED             run:failed" in said
        assert "    ops was told; affected: no KPI by itself" in said
    log = (failed / "var/logs/alerts.log").read_text(encoding="utf-8")
    assert log.count("Why: run r1, begun 2024-03-01 06:30 UTC: OSError: disk full") == 1


def test_what_was_told_is_sent_once_more_on_request(failed, capsys):
    _, said, _ = run(capsys, failed, "alerts", "--check")
    code, _, beside = run(capsys, failed, "alerts", "--resend", said.split()[0])
    assert (code, beside) == (0, "")  # what was sent is not printed as well
    log = (failed / "var/logs/alerts.log").read_text(encoding="utf-8")
    assert log.count("RUN: THE LAST RUN FAILED") == 2


def test_specs_that_no_run_can_load_are_told_by_who_was_known_last(failed, capsys):
    with duckdb.connect(str(failed / "var" / "warehouse.duckdb")) as con:
        specs_are_read(con, load_project(failed).project, now=AT)
    (failed / "kpi_specs/owners.yml").write_text("owners: [", encoding="utf-8")
    for _ in range(2):
        code, _, said = run(capsys, failed, "alerts", "--check")
        assert code == 1
        assert "kpi_specs/owners.yml" in said
    log = (failed / "var/logs/alerts.log").read_text(encoding="utf-8")
    assert log.count("RUN: NO RUN CAN START, the specs are invalid") == 1
    assert "Why: kpi_specs/owners.yml:1 [bad-yaml]" in log
