"""History under two versions of the specs, on the shop: 930.00 in January, 870.00 in February."""

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.diff import (
    WarehouseError,
    concerned_kpis,
    history_diff,
    read_side,
    spec_changes,
)
from tests.unit.orchestration.diff.shop_warehouse import AS_OF, changed, shop_that_ran


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return shop_that_ran(tmp_path_factory.mktemp("diff") / "shop")


@pytest.fixture
def draft(ran, tmp_path):
    """A copy of the specs, to be changed."""
    return Path(shutil.copytree(ran, tmp_path / "draft", ignore=shutil.ignore_patterns("var")))


def compared(ran: Path, draft: Path):
    old, new = read_side(ran, str(ran)), read_side(ran, str(draft))
    kpis = concerned_kpis(old, new, spec_changes(old, new))
    return history_diff(
        ran / "var/warehouse.duckdb", old, new, kpis, on_progress=lambda done, total, name: None
    )


def test_a_lower_target_changes_statuses_and_no_value(ran, draft):
    """900 was missed by February's 870 (the warning is 800); 870 is met exactly."""
    changed(draft, "revenue", ("value: 900, warning: 800", "value: 870, warning: 800"))
    found = compared(ran, draft)
    assert found.as_of == AS_OF
    assert found.rows == (
        {
            "kpi": "revenue",
            "cadence": "monthly",
            "period": "2024-02",
            "slice": "total",
            "slice_value": "total",
            "old_value": 870.0,
            "new_value": 870.0,
            "old_data_status": "final",
            "new_data_status": "final",
            "old_target_status": "warning",
            "new_target_status": "on_target",
        },
    )
    # 61 days, 9 weeks (1 January 2024 is a Monday), 3 months; total, shop and web
    assert found.compared == {"revenue": 3 * (61 + 9 + 3)}


def test_a_new_formula_changes_every_value_that_it_touches(ran, draft):
    """Of two orders a day, 20.00 and 10.00, one is over 15.00: 30.00 per order, not 15.00."""
    changed(draft, "average_order_value", ("{count: rows}", "{count: rows, where: amount > 15}"))
    found = compared(ran, draft)
    assert [
        (r["kpi"], r["period"], r["old_value"], r["new_value"], r["new_data_status"])
        for r in found.rows
    ] == [
        ("average_order_value", "2024-01", 15.0, 30.0, "final"),
        ("average_order_value", "2024-02", 15.0, 30.0, "final"),
    ]


def test_values_that_a_stricter_spec_refuses_are_gone(ran, draft):
    """2 % of clicks, where only 1 % is believed: 60 days and 2 months of the total and the web."""
    changed(draft, "click_through_rate", ("valid_range: [0, 1]", "valid_range: [0, 0.01]"))
    found = compared(ran, draft)
    assert len(found.rows) == 2 * (60 + 2)
    assert {
        (r["old_value"], r["new_value"], r["old_data_status"], r["new_data_status"])
        for r in found.rows
    } == {(0.02, None, "final", "unmeasurable")}
    assert [(r["slice_value"], r["period"]) for r in found.rows[:3]] == [
        ("total", "2024-01"), ("total", "2024-02"), ("total", "2024-01-01"),
    ]  # fmt: skip


def test_a_formula_that_gives_the_same_numbers_changes_no_row(ran, draft):
    """Doubled revenue grows as fast; both KPIs are recomputed, one of them differs."""
    changed(draft, "revenue", ("{sum: amount}", "{sum: amount * 2}"))
    found = compared(ran, draft)
    assert set(found.compared) == {"revenue", "revenue_growth"}
    assert {r["kpi"] for r in found.rows} == {"revenue"}
    assert all(r["new_value"] == 2 * r["old_value"] for r in found.rows)


def test_a_target_that_is_another_kpi_moves_with_it(ran, tmp_path):
    """15.00 per order is held against the large orders' 20.00, then against all orders' 15.00."""
    before, after = (
        Path(shutil.copytree(ran, tmp_path / name, ignore=shutil.ignore_patterns("var")))
        for name in ("before", "after")
    )
    for root, where in ((before, "amount > 15"), (after, "amount > 0")):
        path = root / "kpi_specs/kpis/sales/average_order_value.yml"
        text = path.read_text().replace("kpi: average_order_value", "kpi: wanted")
        wanted = "{average: amount, where: " + where + "}"
        ratio = "ratio: {numerator: {sum: amount}, denominator: {count: rows}}"
        assert ratio in text
        path.with_name("wanted.yml").write_text(text.replace(ratio, f"simple: {wanted}"))
        target = "targets:\n  - {from: 2024-01-01, kpi: wanted, set_by: ops, why: as wanted}\n"
        changed(root, "average_order_value", ("availability:", f"{target}availability:"))
    old, new = read_side(ran, str(before)), read_side(ran, str(after))
    kpis = concerned_kpis(old, new, spec_changes(old, new))
    assert kpis == {"wanted", "average_order_value"}
    found = history_diff(
        ran / "var/warehouse.duckdb", old, new, kpis, on_progress=lambda done, total, name: None
    )
    assert [
        (r["period"], r["new_value"], r["old_target_status"], r["new_target_status"])
        for r in found.rows
        if r["kpi"] == "average_order_value"
    ] == [
        ("2024-01", 15.0, "off_target", "on_target"),
        ("2024-02", 15.0, "off_target", "on_target"),
    ]


def test_an_added_kpi_has_rows_on_one_side_only(ran, draft):
    path = draft / "kpi_specs/kpis/sales/average_order_value.yml"
    text = path.read_text().replace("kpi: average_order_value", "kpi: basket")
    path.with_name("basket.yml").write_text(text)
    found = compared(ran, draft)
    assert [
        (r["kpi"], r["period"], r["old_value"], r["old_data_status"], r["new_value"])
        for r in found.rows
    ] == [
        ("basket", "2024-01", None, None, 15.0),
        ("basket", "2024-02", None, None, 15.0),
        ("basket", "2024-03", None, None, None),
    ]


def test_a_kpi_over_a_model_that_was_never_built_is_told(ran, draft):
    (draft / "kpi_specs/datasets/returns.yml").write_text(
        (draft / "kpi_specs/datasets/orders.yml")
        .read_text()
        .replace("dataset: orders", "dataset: returns")
        .replace("fct_orders", "fct_returns")
    )
    marts = draft / "dbt_project/models/marts/marts.yml"
    text = marts.read_text()
    start = text.index("  - name: fct_orders")
    end = text.find("  - name: ", start + 1)
    one = text[start : end if end > 0 else len(text)]
    marts.write_text(text.rstrip("\n") + "\n" + one.replace("fct_orders", "fct_returns"))
    changed(draft, "average_order_value", ("dataset: orders", "dataset: returns"))
    found = compared(ran, draft)
    assert found.errors == {
        str(ran): {},
        str(draft): {
            "average_order_value": "fct_returns: the warehouse has no such table; "
            "run 'kpi run' first"
        },
    }
    assert {(r["new_value"], r["new_data_status"]) for r in found.rows} == {(None, "error")}


def test_the_warehouse_is_only_read(ran, draft):
    warehouse = ran / "var/warehouse.duckdb"
    before = hashlib.sha256(warehouse.read_bytes()).hexdigest()
    changed(draft, "revenue", ("{sum: amount}", "{sum: amount * 2}"))
    compared(ran, draft)
    assert hashlib.sha256(warehouse.read_bytes()).hexdigest() == before
    assert [path.name for path in (ran / "var").iterdir()] == ["warehouse.duckdb"]


def test_without_a_warehouse_it_says_what_to_do(ran, draft):
    changed(draft, "revenue", ("value: 900", "value: 870"))
    with pytest.raises(WarehouseError) as said:
        compared(draft, ran)
    missing = draft / "var/warehouse.duckdb"
    assert str(said.value) == f"there is no warehouse yet ({missing}); run 'kpi run' first."


def test_a_warehouse_without_a_run_is_told(draft, ran):
    changed(draft, "revenue", ("value: 900", "value: 870"))
    (draft / "var").mkdir()
    duckdb.connect(str(draft / "var/warehouse.duckdb")).close()
    with pytest.raises(WarehouseError) as said:
        compared(draft, ran)
    assert "holds no run that could be compared" in str(said.value)
