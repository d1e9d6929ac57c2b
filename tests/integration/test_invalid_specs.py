"""One invalid KPI spec withholds its KPI, and the others are published to the last bit as ever."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.paths import ProjectPaths
from tests.copies import kpi
from tests.shop import make_shop, published, to_be_changed

pytestmark = pytest.mark.integration

SALES = "kpi_specs/kpis/sales"
REVENUE = f"{SALES}/revenue.yml"
SAID = f"{REVENUE}:9 [unknown-column] 'amout' is not a column of fct_orders. Did you mean 'amount'?"
OTHERS = ("average_order_value", "click_through_rate", "cost_per_order")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A shop that has run once. Only to be read."""
    root = make_shop(tmp_path_factory.mktemp("ran") / "shop")
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def shop(ran):
    """The shop that has run, to be changed."""
    with to_be_changed(ran) as root:
        yield root


def replaced(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), encoding="utf-8")


def break_revenue(root: Path) -> None:
    replaced(root, REVENUE, "sum: amount", "sum: amout")


def rows_of(root: Path, *names: str) -> list[tuple]:
    """All that is published of some KPIs, but for when it was and by which run."""
    listed = ", ".join(f"'{name}'" for name in names)
    return published(
        root,
        f"select * exclude (computed_at, run_id) from kpi_values where kpi in ({listed}) "
        "order by all",
    )


def keys_of(root: Path, name: str) -> list[tuple]:
    return published(
        root,
        "select cadence, calendar, period, period_start, period_end, slice, slice_value, "
        "dimensions "
        f"from kpi_values where kpi = '{name}' order by all",
    )


def measured(root: Path) -> list[tuple]:
    return published(
        root,
        "select kpi, cadence, period, slice_value, value, data_status from kpi_values "
        "where value is not null order by all",
    )


def verdicts_on(root: Path, name: str) -> list[tuple]:
    return published(
        root,
        "select distinct value, data_status, reason_codes, reason from kpi_values "
        f"where kpi = '{name}'",
    )


def ran_well(root: Path, *arguments: str) -> str:
    done = kpi(root, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts(root: Path) -> list[tuple[str, str, str]]:
    with duckdb.connect(str(root / "var/warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            "select distinct owner, event, payload->>'root', created_at from audit.outbox "
            "order by created_at"
        ).fetchall()


def newest_text(root: Path) -> list[str]:
    with duckdb.connect(str(root / "var/warehouse.duckdb"), read_only=True) as con:
        ((text, incident),) = con.execute(
            "select payload->>'text', incident_id from audit.outbox "
            "order by created_at desc limit 1"
        ).fetchall()
    return text.replace(incident, "INC").splitlines()


def told(root: Path) -> list[tuple[str, str, str]]:
    return [row[:3] for row in alerts(root)]


def newest_check(root: Path, name: str) -> str:
    """How Dagster shows the KPI's check."""
    from dagster import AssetCheckKey

    from orchestration.assets.keys import MEASURABLE, kpi_key
    from orchestration.resources import open_instance

    with open_instance(ProjectPaths(root)) as instance:
        (newest,) = instance.event_log_storage.get_asset_check_execution_history(
            AssetCheckKey(kpi_key(name), MEASURABLE), limit=1
        )
    return newest.status.value


def generated(root: Path) -> dict[str, str]:
    folder = root / "dbt_project/models/kpis"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_a_typo_withholds_its_kpi_and_what_is_computed_from_it_until_it_is_mended(shop):
    others, revenue, growth = (
        rows_of(shop, *OTHERS),
        rows_of(shop, "revenue"),
        keys_of(shop, "revenue_growth"),
    )
    keys, models = keys_of(shop, "revenue"), generated(shop)
    break_revenue(shop)

    said = ran_well(shop, "run")
    assert rows_of(shop, *OTHERS) == others
    assert keys_of(shop, "revenue") == keys
    assert verdicts_on(shop, "revenue") == [
        (None, "error", "SPEC_INVALID", f"Its spec is invalid, so its values are withheld: {SAID}")
    ]
    assert keys_of(shop, "revenue_growth") == growth
    assert verdicts_on(shop, "revenue_growth") == [
        (
            None, "unmeasurable", "UPSTREAM_UNMEASURABLE",
            f"It is computed from revenue, the spec of which is invalid: {SAID}",
        )
    ]  # fmt: skip
    assert published(
        shop,
        "select last_good_value, last_good_period from kpi_values where kpi = 'revenue' "
        "and period = '2024-02' and slice = 'total'",
    ) == [(930.0, "2024-01")]
    assert generated(shop) == models
    block = said[said.index("revenue: its spec is invalid") :].splitlines()
    assert block[:4] == [
        "revenue: its spec is invalid; withheld.",
        f"    {SAID}",
        "    Withheld with it, since computed from it: revenue_growth.",
        "The other KPIs are as ever. Correct the spec ('kpi validate' checks it), then run "
        "'kpi run'.",
    ]
    assert told(shop) == [("ops", "opened", "spec:revenue")]
    assert newest_text(shop) == [
        "UNMEASURABLE: 2 KPIs cannot be measured since 2024-01-01 (SPEC_INVALID)",
        f"Why: Its spec is invalid, so its values are withheld: {SAID}",
        "Cause: the spec of Revenue (revenue); newest data: 2024-02-29",
        "- Revenue [kpi_revenue]; last good 30.00 EUR (2024-02-29, as published before)",
        "    daily: 2024-01-01 to 2024-03-01 (61)",
        "    monthly: 2024-01 to 2024-03 (3)",
        "    weekly: 2024-W01 to 2024-W09 (9)",
        "- Revenue growth [kpi_revenue_growth]; last good -6.45 % (2024-02, as published before)",
        "    monthly: 2024-01 to 2024-03 (3)",
        "Next: Operations (ops): correct the spec ('kpi validate' lists what is wrong), then run "
        "'kpi run'.",
        "Incident: INC",
    ]
    assert newest_check(shop, "revenue") == "FAILED"
    assert newest_check(shop, "click_through_rate") == "SUCCEEDED"

    again = ran_well(shop, "run")
    assert "Nothing new" in again
    assert "revenue: its spec is invalid; withheld." in again
    ran_well(shop, "alerts", "--check")
    assert told(shop) == [("ops", "opened", "spec:revenue")]
    assert kpi(shop, "run", "--strict").returncode == 3

    replaced(shop, REVENUE, "sum: amout", "sum: amount")
    mended = ran_well(shop, "run")
    assert "invalid" not in mended
    assert rows_of(shop, "revenue") == revenue
    assert rows_of(shop, *OTHERS) == others
    assert told(shop) == [
        ("ops", "opened", "spec:revenue"), ("ops", "resolved", "spec:revenue"),
    ]  # fmt: skip


def test_a_deleted_spec_that_others_name_is_withheld_and_who_leads_to_it_is_none_the_worse(shop):
    others, keys, growth = (
        rows_of(shop, *OTHERS), keys_of(shop, "revenue"), keys_of(shop, "revenue_growth")
    )  # fmt: skip
    (shop / REVENUE).unlink()
    ran_well(shop, "run", "--full-refresh")
    assert rows_of(shop, *OTHERS) == others
    assert keys_of(shop, "revenue") == keys
    assert verdicts_on(shop, "revenue") == [
        (
            None, "error", "SPEC_INVALID",
            f"Its spec is invalid, so its values are withheld: {REVENUE}:1 [removed] the file is "
            "gone, and others still name 'revenue': click_through_rate.yml:4, "
            "cost_per_order.yml:4, average_order_value.yml:4, revenue_growth.yml:8. Remove it "
            "there as well, or put the file back.",
        )
    ]  # fmt: skip
    assert keys_of(shop, "revenue_growth") == growth
    ((value, status, codes, _),) = verdicts_on(shop, "revenue_growth")
    assert (value, status, codes) == (None, "unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert told(shop) == [("ops", "opened", "spec:revenue")]

    (shop / f"{SALES}/revenue_growth.yml").unlink()
    for file in (shop / "kpi_specs/kpis").rglob("*.yml"):
        file.write_text(file.read_text(encoding="utf-8").replace("leads_to: [revenue]\n", ""))
    ran_well(shop, "run")
    assert rows_of(shop, "revenue", "revenue_growth") == []
    assert told(shop) == [
        ("ops", "opened", "spec:revenue"), ("ops", "resolved", "spec:revenue"),
    ]  # fmt: skip


def test_a_renamed_file_that_keeps_its_id_is_one_alert(shop):
    others, keys = rows_of(shop, *OTHERS), keys_of(shop, "revenue")
    (shop / REVENUE).rename(shop / SALES / "turnover.yml")
    ran_well(shop, "run")
    assert rows_of(shop, *OTHERS) == others
    assert keys_of(shop, "revenue") == keys
    ((value, status, codes, _),) = verdicts_on(shop, "revenue")
    assert (value, status, codes) == (None, "error", "SPEC_INVALID")
    ran_well(shop, "alerts", "--check")
    assert told(shop) == [("ops", "opened", "spec:revenue")]


def test_authors_are_refused_as_ever(shop):
    break_revenue(shop)
    models = generated(shop)
    there = str(shop)
    for command in (
        ["validate"],
        ["compile"],
        ["compile", "--check"],
        ["test"],
        ["diff", there, there],
    ):
        done = kpi(shop, *command)
        assert done.returncode == 1, command
        assert SAID in done.stdout + done.stderr, command
    assert generated(shop) == models


def test_a_look_before_the_run_and_the_run_are_one_alert(shop):
    break_revenue(shop)
    said = ran_well(shop, "alerts", "--check")
    assert "    ops was told; affected: revenue, revenue_growth" in said.splitlines()
    assert told(shop) == [("ops", "opened", "spec:revenue")]
    ran_well(shop, "run")
    assert told(shop) == [("ops", "opened", "spec:revenue")]
    (incident,) = json.loads(ran_well(shop, "alerts", "--json"))["incidents"]
    assert incident["kpis"] == ["revenue", "revenue_growth"]


def test_a_renamed_column_withholds_the_spec_that_was_forgotten(shop):
    """No text of it fits any more, so it is not computed at all."""
    values = [row for row in measured(shop) if row[0] in OTHERS]
    replaced(shop, "dbt_project/models/marts/marts.yml", "name: amount", "name: turnover")
    replaced(shop, "dbt_project/models/marts/fct_orders.sql", "amount", "amount as turnover")
    for name in (f"{SALES}/average_order_value.yml", "kpi_specs/kpis/marketing/cost_per_order.yml"):
        replaced(shop, name, "amount", "turnover")
    keys = {name: keys_of(shop, name) for name in ("revenue", "revenue_growth")}
    ran_well(shop, "run")
    for name, before in keys.items():
        assert keys_of(shop, name) == before
    ((value, status, codes, _),) = verdicts_on(shop, "revenue")
    assert (value, status, codes) == (None, "error", "SPEC_INVALID")
    ((value, status, codes, _),) = verdicts_on(shop, "revenue_growth")
    assert (value, status, codes) == (None, "unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert measured(shop) == values
    assert published(
        shop,
        "select distinct data_through, coverage from kpi_values "
        "where kpi in ('revenue', 'revenue_growth')",
    ) == [(None, None)]
    assert published(
        shop,
        "select last_good_value, last_good_period from kpi_values where kpi = 'revenue' "
        "and period = '2024-02' and slice = 'total'",
    ) == [(930.0, "2024-01")]
    explained = ran_well(shop, "explain", "revenue", "--period", "2024-02")
    assert explained.count("[unknown-column] 'amount' is not") == 2, "in both tables of checks"
    assert told(shop) == [("ops", "opened", "spec:revenue")]


def test_a_new_spec_that_was_never_valid_is_told_and_all_others_are_published(shop):
    before = rows_of(shop, *OTHERS, "revenue", "revenue_growth")
    (shop / f"{SALES}/profit.yml").write_text("kpi: profit\n", encoding="utf-8")
    said = ran_well(shop, "run", "--full-refresh")
    assert rows_of(shop, *OTHERS, "revenue", "revenue_growth") == before
    assert published(shop, "select count(*) from kpi_catalog where kpi = 'profit'") == [(0,)]
    assert (
        "profit: its spec is invalid; not published, since no valid version of it is known." in said
    )
    assert told(shop) == [("ops", "opened", "spec:profit")]
    (shop / f"{SALES}/profit.yml").unlink()
    ran_well(shop, "run")
    assert told(shop) == [("ops", "opened", "spec:profit"), ("ops", "resolved", "spec:profit")]


def test_without_the_texts_that_were_kept_it_is_only_told(shop):
    others = rows_of(shop, *OTHERS)
    (shop / REVENUE).write_text("metric: [", encoding="utf-8")
    (shop / "var/last_valid_specs.json").write_bytes(b"\x00\x00")
    ran_well(shop, "run")
    assert rows_of(shop, *OTHERS) == others
    assert rows_of(shop, "revenue") == []
    assert len(verdicts_on(shop, "revenue_growth")) == 1
    assert told(shop) == [("ops", "opened", "spec:revenue")]


def test_a_problem_elsewhere_stops_the_run(shop):
    before = rows_of(shop, *OTHERS, "revenue")
    break_revenue(shop)
    replaced(shop, "kpi_specs/owners.yml", "owner: ops", "owner: OPS!")
    done = kpi(shop, "run")
    assert done.returncode == 1
    assert "kpi_specs/owners.yml" in done.stderr
    assert rows_of(shop, *OTHERS, "revenue") == before
