"""What happens when something is missing, wrong or killed, on the shop."""

import json
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb
import pytest

from tests import warm
from tests.copies import REPOSITORY, kpi
from tests.shop import (
    ADS,
    DAYS,
    FEBRUARY,
    make_shop,
    monthly,
    orders_csv,
    published,
    to_be_changed,
)

pytestmark = pytest.mark.integration

GOOD = {
    "revenue": {"2024-01": (930.0, "final", ""), "2024-02": (870.0, "final", "")},
    "average_order_value": {"2024-01": (15.0, "final", ""), "2024-02": (15.0, "final", "")},
    "click_through_rate": {"2024-01": (0.02, "final", ""), "2024-02": (0.02, "final", "")},
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A shop that has run once. Only to be read."""
    root = make_shop(tmp_path_factory.mktemp("ran") / "shop")
    done = kpi(root, "run", cold=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def shop(ran):
    """The shop that has run, to be changed."""
    with to_be_changed(ran) as root:
        yield root


def closed(root: Path, name: str) -> dict:
    return {p: row for p, row in monthly(root, name).items() if p < "2024-03"}


def test_the_shop_s_numbers_are_those_that_a_person_counts(ran):
    for name, expected in GOOD.items():
        assert closed(ran, name) == expected
    cost = closed(ran, "cost_per_order")
    assert cost["2024-01"] == (31 * 5 / 62, "final", "")
    assert closed(ran, "revenue_growth")["2024-01"] == (None, "pending", "WARM_UP")
    value, status, reason = closed(ran, "revenue_growth")["2024-02"]
    assert (value, status, reason) == (pytest.approx(870 / 930 - 1, rel=1e-12), "final", "")


def test_a_second_run_with_nothing_new_computes_nothing(shop):
    before = published(shop, "select run_id from publication")
    done = kpi(shop, "run", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["computed"]) == ("unchanged", [])
    assert set(report["seconds"]) <= {"ingest", "alerts", "total"}
    assert published(shop, "select run_id from publication") == before


FOLLOWED = """
kpi: orders_followed_by_ads
title: {en: Orders that ads follow}
kind: kpi
leads_to: [revenue]
objective: sell_more
purpose: {en: Shows whether ads go on after an order}
criterion: {en: Are there ads in the week after an order?}
metric:
  dataset: orders
  conversion: {entity: channel, base: {}, converted: {dataset: ads}, within: 7 days}
unit: percent
direction: higher_is_better
cadence: [monthly]
availability: {complete: {every: day}, due: 1 day}
owner: ops
"""


def test_a_conversion_into_a_missing_source_leaves_the_kpis_of_its_own_dataset(tmp_path):
    root = make_shop(tmp_path / "shop")
    spec = root / "kpi_specs/kpis/sales/orders_followed_by_ads.yml"
    spec.write_text(FOLLOWED, encoding="utf-8")
    (root / ADS).unlink()
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert closed(root, "revenue") == GOOD["revenue"]
    assert closed(root, "average_order_value") == GOOD["average_order_value"]
    rows = published(
        root,
        "select distinct value, numerator, denominator, reason_codes, data_status "
        "from kpi_values where kpi = 'orders_followed_by_ads'",
    )
    assert rows == [(None, None, None, "SOURCE_MISSING", "unmeasurable")]


def test_a_removed_source_file_takes_only_its_own_kpis(tmp_path):
    root = make_shop(tmp_path / "shop")
    (root / ADS).unlink()
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert closed(root, "revenue") == GOOD["revenue"]
    assert closed(root, "average_order_value") == GOOD["average_order_value"]
    for name in ("click_through_rate", "cost_per_order"):
        rows = published(
            root,
            "select distinct value, numerator, denominator, reason_codes, data_status "
            f"from kpi_values where kpi = '{name}'",
        )
        assert rows == [(None, None, None, "SOURCE_MISSING", "unmeasurable")], name
    (reason,) = published(
        root, "select distinct reason from kpi_values where kpi = 'click_through_rate'"
    )[0]
    assert "ads" in reason
    assert "3 of 5 KPIs measurable" in done.stdout
    incidents = json.loads(kpi(root, "alerts", "--json").stdout)["incidents"]
    assert [(i["reason_code"], i["root"], i["owner"]) for i in incidents] == [
        ("SOURCE_MISSING", "source:ads", "ads_team")
    ], "one incident for both KPIs, to the source's owner"
    assert kpi(root, "run", "--strict").returncode == 3


def test_a_missing_day_takes_its_periods_and_no_others(tmp_path):
    root = make_shop(tmp_path / "shop")
    days = [day for day in DAYS if day.month == 2 and day.day != 14]
    (root / FEBRUARY).write_text(orders_csv(days), encoding="utf-8")
    assert kpi(root, "run").returncode == 0
    assert closed(root, "revenue")["2024-01"] == (930.0, "final", "")
    assert closed(root, "revenue")["2024-02"] == (None, "unmeasurable", "PERIOD_INCOMPLETE")
    assert closed(root, "click_through_rate") == GOOD["click_through_rate"]
    growth = closed(root, "revenue_growth")["2024-02"]
    assert growth == (None, "unmeasurable", "UPSTREAM_UNMEASURABLE")
    rows = published(
        root,
        "select period, value, reason_codes, coverage from kpi_values where kpi = 'revenue' "
        "and slice = 'total' and cadence = 'daily' and period between '2024-02-13' and '2024-02-15'"
        " order by period",
    )
    assert [row[:3] for row in rows] == [
        ("2024-02-13", 30.0, ""),
        ("2024-02-14", None, rows[1][2]),
        ("2024-02-15", 30.0, ""),
    ]
    assert "PERIOD_INCOMPLETE" in rows[1][2]
    (good,) = published(
        root,
        "select last_good_value, last_good_period, coverage from kpi_values where kpi = 'revenue' "
        "and slice = 'total' and period = '2024-02'",
    )
    assert good == (930.0, "2024-01", pytest.approx(28 / 29))
    incidents = "select incident_id, root, owner, kpis from {} order by 1"
    with duckdb.connect(str(root / "var/warehouse.duckdb"), read_only=True) as con:
        recorded = con.execute(incidents.format("audit.incidents")).fetchall()
    assert published(root, incidents.format("kpi_incidents")) == recorded
    assert [row[1:3] for row in recorded] == [("source:orders", "ops")]


def test_lines_that_cannot_be_read_take_the_days_of_their_file(tmp_path):
    root = make_shop(tmp_path / "shop")
    february = root / FEBRUARY
    february.write_text(february.read_text().replace("20.00", "twenty"), encoding="utf-8")
    assert kpi(root, "run").returncode == 0
    assert closed(root, "revenue")["2024-01"] == (930.0, "final", "")
    assert closed(root, "revenue")["2024-02"] == (None, "unmeasurable", "PERIOD_INCOMPLETE")
    assert closed(root, "click_through_rate") == GOOD["click_through_rate"]
    ((reason, coverage),) = published(
        root,
        "select reason, coverage from kpi_values where kpi = 'revenue' and slice = 'total' "
        "and period = '2024-02'",
    )
    assert f"source orders could not be read (29 in {FEBRUARY})" in reason  # one web order a day
    assert coverage == 0
    incidents = json.loads(kpi(root, "alerts", "--json").stdout)["incidents"]
    assert [(i["reason_code"], i["root"], i["owner"]) for i in incidents] == [
        ("PERIOD_INCOMPLETE", "source:orders", "ops")
    ]


def test_a_stale_source_takes_the_days_after_its_newest_one(shop):
    done = kpi(shop, "run", "--as-of", "2024-03-04")
    assert done.returncode == 0, done.stderr
    rows = published(
        shop,
        "select period, value, data_status, reason_codes from kpi_values where kpi = 'revenue' and "
        "cadence = 'daily' and slice = 'total' and period >= '2024-02-29' order by period",
    )
    assert rows[0] == ("2024-02-29", 30.0, "final", "")
    for period, value, status, codes in rows[1:3]:
        assert (value, status) == (None, "unmeasurable"), period
        assert "SOURCE_STALE" in codes


def test_late_rows_restate_their_period_and_the_old_value_is_kept(shop):
    january = [day for day in DAYS if day.month == 1]
    (shop / "landing/orders_2024-01_restated.csv").write_text(orders_csv(january, web="21.00"))
    assert kpi(shop, "run").returncode == 0
    assert closed(shop, "revenue")["2024-01"] == (961.0, "final", "")
    rows = published(
        shop,
        "select period, old_value, new_value from kpi_restatements where kpi = 'revenue' "
        "and cadence = 'monthly' and slice = 'total'",
    )
    assert rows == [("2024-01", 930.0, 961.0)]


def test_a_file_put_back_after_a_wrong_one_restores_its_numbers(shop):
    february = shop / FEBRUARY
    right = february.read_text()
    for content, revenue in ((right.replace("20.00", "30.00"), 870.0 + 29 * 10), (right, 870.0)):
        february.write_text(content, encoding="utf-8")
        assert kpi(shop, "run").returncode == 0
        assert closed(shop, "revenue")["2024-02"] == (revenue, "final", "")


BROKEN = [  # of a KPI: tests/integration/test_invalid_specs.py
    ("bad YAML", "datasets/orders.yml", "[channel]", "[channel", "orders.yml:6 [bad-yaml]"),
    ("no model", "datasets/orders.yml", "fct_orders", "fct_order", "orders.yml:2 [unknown-model]"),
    ("bad id", "owners.yml", "owner: ops", "owner: OPS!", "owners.yml:2 [bad-value]"),
    ("no owner", "sources/orders.yml", "owner: ops", "owner: x", "orders.yml:3 [unknown-owner]"),
    ("no default", "project.yml", "owner: ops", "owner: x", "project.yml:8 [unknown-owner]"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_a_broken_spec_that_concerns_all_kpis_stops_the_run_and_publishes_nothing(
    shop, name, old, new, says
):
    spec = shop / "kpi_specs" / name
    text = spec.read_text(encoding="utf-8")
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")
    before = (shop / "published/kpis.duckdb").read_bytes()
    done = kpi(shop, "run")
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (shop / "published/kpis.duckdb").read_bytes() == before


def test_a_reader_that_holds_the_published_file_neither_blocks_nor_breaks(shop):
    reader = duckdb.connect(str(shop / "published/kpis.duckdb"), read_only=True)
    query = "select count(*), sum(value), min(run_id) from kpi_values"
    try:
        before = reader.execute(query).fetchone()
        done = kpi(shop, "run", "--full-refresh")
        assert done.returncode == 0, done.stderr
        assert reader.execute(query).fetchone() == before, "an open reader keeps what it opened"
    finally:
        reader.close()
    assert published(shop, query)[0][2] != before[2], "a new reader sees the new publication"


MOMENTS = [
    (0, 0.05), (1, 0.1), (1, 0.6), (2, 0.1), (3, 0.0), (3, 0.5), (4, 0.0), (4, 0.3),
]  # fmt: skip


@pytest.mark.parametrize(("stages", "seconds"), MOMENTS)
def test_a_run_killed_at_any_moment_leaves_the_publication_and_the_next_run_succeeds(
    shop, tmp_path, stages, seconds
):
    """So many seconds after so many stages: it ingests, builds, computes, judges or publishes."""
    file = shop / "published/kpis.duckdb"
    before = file.read_bytes()
    old_run = published(shop, "select run_id from publication")
    process = start_full_run(shop, tmp_path)
    until(lambda: len((tmp_path / "stderr").read_text().splitlines()) >= stages)
    time.sleep(seconds)
    process.kill()
    process.join()
    killed = process.exitcode == -signal.SIGKILL
    assert killed or stages == 4, "it was to be killed at work"
    if killed and published(shop, "select run_id from publication") == old_run:
        assert file.read_bytes() == before
    done = kpi(shop, "run", "--full-refresh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert published(shop, "select run_id from publication") != old_run
    for name, expected in GOOD.items():
        assert closed(shop, name) == expected
    left = [path.name for path in (shop / "published").iterdir()]
    assert sorted(left) == ["kpis.duckdb", "parquet", "previous"], "nothing half-written remains"


@pytest.mark.parametrize("stages", [0, 1, 3], ids=["ingesting", "in_dbt", "judging"])
def test_ctrl_c_stops_a_run_in_one_sentence_and_the_next_run_succeeds(shop, tmp_path, stages):
    file = shop / "published/kpis.duckdb"
    before = file.read_bytes()
    process = start_full_run(shop, tmp_path)
    until(lambda: len((tmp_path / "stderr").read_text().splitlines()) >= stages)
    time.sleep(0.1)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join(20)
    said = (tmp_path / "stderr").read_text().splitlines()
    assert (process.exitcode, said[stages:]) == (
        2, ["kpi: stopped; nothing was published. The next run goes on from here."],
    )  # fmt: skip
    assert file.read_bytes() == before
    done = kpi(shop, "run", "--full-refresh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert closed(shop, "revenue") == GOOD["revenue"]


def start_full_run(shop: Path, folder: Path) -> BaseProcess:
    """A run under way; what it says goes to `stdout` and `stderr` in the folder."""
    command = ["run", "--full-refresh", "--project", str(shop)]
    process = warm.start(command, REPOSITORY, dict(os.environ), folder)
    lock = shop / "var/run.lock"
    until(lambda: lock.exists() and str(process.pid) in lock.read_text())
    return process


def until(holds: Callable[[], bool]) -> None:
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to that within a minute")


def test_two_runs_at_once_do_not_collide(shop, tmp_path):
    first = start_full_run(shop, tmp_path)
    second = kpi(shop, "run")
    assert second.returncode == 2
    assert str(first.pid) in second.stderr
    assert "Traceback" not in second.stderr
    first.join(300)
    assert first.exitcode == 0


def test_a_failing_model_takes_its_own_kpis_and_says_compute_error(shop):
    model = shop / "dbt_project/models/marts/fct_ads.sql"
    model.write_text(
        model.read_text().replace("impressions,", "error('disk on fire') as impressions,")
    )
    done = kpi(shop, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert closed(shop, "revenue") == GOOD["revenue"]
    for name in ("click_through_rate", "cost_per_order"):
        rows = published(
            shop,
            "select distinct value, data_status, reason_codes from kpi_values "
            f"where kpi = '{name}'",
        )
        assert rows == [(None, "error", "COMPUTE_ERROR")], name
    incidents = json.loads(kpi(shop, "alerts", "--json").stdout)["incidents"]
    assert [(i["reason_code"], i["root"]) for i in incidents] == [
        ("COMPUTE_ERROR", "model:fct_ads")
    ], "one incident for both KPIs"
    (good,) = published(
        shop,
        "select last_good_value, last_good_period from kpi_values "
        "where kpi = 'click_through_rate' and period = '2024-02' and slice = 'total'",
    )
    assert good == (0.02, "2024-01"), "what readers saw before is not forgotten"
