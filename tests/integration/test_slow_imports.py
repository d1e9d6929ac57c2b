"""dbt and Great Expectations take seconds to import: only what computes or judges pays for them."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.copies import REPOSITORY, kpi
from tests.shop import DAYS, FEBRUARY, make_shop, orders_csv, published

pytestmark = pytest.mark.integration

MAIL = '"mailto://127.0.0.1:9?from=kpi@example.com&to=ops@example.com"'  # where nobody listens

COMMANDS = """
import sys
from orchestration.cli.main import main

for words in {commands}:
    code = main([*words, "--project", sys.argv[1]])
    slow = sorted({{"dbt", "great_expectations"}} & set(sys.modules))
    print("CODE", " ".join(words), code, slow)
print("MAIL", "apprise" in sys.modules)
"""
READING = (
    ("status",), ("status", "--freshness"), ("explain", "revenue", "--period", "2024-02"),
    ("why", "click_through_rate"), ("docs", "--quality"), ("smart",), ("audit",),
)  # fmt: skip
TELLING = (("run",), ("alerts",), ("alerts", "--check"), ("alerts", "--resend"))


@pytest.fixture
def shop(tmp_path):
    """It has run and lacks a day; its owner has mail that does not come, and a reminder is due."""
    root = make_shop(tmp_path / "shop")
    days = [day for day in DAYS if day.month == 2 and day.day != 10]
    (root / FEBRUARY).write_text(orders_csv(days), encoding="utf-8")
    owners = root / "kpi_specs/owners.yml"
    routes = f"alerts: [log, {MAIL}]\n    subscriptions: [{{changes: [status]}}]\n"
    owners.write_text(owners.read_text().replace("alerts: [log]\n", routes, 1))
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        con.execute(
            "update audit.incidents set opened_at = opened_at - interval 8 day, "
            "told_at = told_at - interval 8 day; "
            "update audit.outbox set next_attempt_at = created_at"
        )
    return root


def told(root: Path) -> list[tuple[str, str, str]]:
    with duckdb.connect(str(root / "var/warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            "select event, split_part(channel, ':', 1), state from audit.outbox "
            "order by created_at, channel"
        ).fetchall()


def test_a_run_with_nothing_new_alerts_and_what_only_reads_import_neither(shop):
    before = published(shop, "select run_id from publication")
    commands = (*TELLING, *READING)
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS.format(commands=commands), str(shop)],
        capture_output=True, text=True, cwd=REPOSITORY, check=True,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith(("CODE", "MAIL"))]
    assert said == [
        *(f"CODE {' '.join(words)} 0 []" for words in commands),
        "MAIL True",  # the ways of alerts were taken
    ]
    assert published(shop, "select run_id from publication") == before, "nothing was new"
    assert ("reminded", "log", "sent") in told(shop)
    assert ("opened", "mailto", "pending") in told(shop)
