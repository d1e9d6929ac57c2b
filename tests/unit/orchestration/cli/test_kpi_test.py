"""`kpi test`: what it prints, and its exit codes."""

import json

import pytest

from orchestration.cli.main import main
from tests.unit.orchestration.cli.in_process import run, shop_with

PASSES = "example: {rows: [{amount: 19.99}, {amount: 0.01}], value: 20}"
FAILS = (
    "example: {rows: [{clicks: 3, impressions: 200}, {clicks: 1, impressions: 50}], value: 0.0175}"
)


def last_line(root, name):
    """The number of the line that `shop_with` adds to a spec."""
    return len((root / f"kpi_specs/kpis/{name}.yml").read_text().splitlines())


def test_each_example_is_a_line_and_a_failure_says_where_period_parts_and_rows(tmp_path, capsys):
    root = shop_with(tmp_path / "shop", revenue=PASSES, click_through_rate=FAILS)
    code, out, _ = run(capsys, root, "test")
    assert code == 1
    line = last_line(root, "marketing/click_through_rate")
    assert out.splitlines() == [
        "KPI                 Example  Period      Expected  Computed",
        "click_through_rate  failed   2024-01-01    0.0175     0.016",
        "revenue             passed   2024-01-01        20        20",
        f"kpi_specs/kpis/marketing/click_through_rate.yml:{line} [example] click_through_rate: "
        "2024-01-01 (daily): expected 0.0175, computed 0.016 = 4 / 250.",
        "    {clicks: 3, impressions: 200}",
        "    {clicks: 1, impressions: 50}",
        "1 of 2 examples passed. 3 KPIs have none: cost_per_order, average_order_value, "
        "revenue_growth.",
    ]


def test_examples_that_pass_exit_with_0(tmp_path, capsys):
    root = shop_with(tmp_path / "shop", revenue=PASSES, click_through_rate=FAILS)
    code, out, _ = run(capsys, root, "test", "revenue")
    assert (code, out.splitlines()[-1]) == (0, "1 of 1 examples passed.")


def test_json_holds_the_same(tmp_path, capsys):
    root = shop_with(tmp_path / "shop", revenue=PASSES)
    code, out, _ = run(capsys, root, "test", "revenue", "revenue_growth", "--json")
    assert code == 0
    assert json.loads(out) == {
        "examples": [
            {
                "kpi": "revenue",
                "outcome": "passed",
                "expected": 20.0,
                "computed": 20.0,
                "numerator": 20.0,
                "denominator": None,
                "period": "2024-01-01",
                "message": "",
                "file": "kpi_specs/kpis/sales/revenue.yml",
                "line": last_line(root, "sales/revenue"),
            }
        ],
        "without_example": ["revenue_growth"],
    }


def test_without_any_example_it_says_so(tmp_path, capsys):
    code, out, _ = run(capsys, shop_with(tmp_path / "shop"), "test", "revenue")
    assert (code, out) == (0, "0 of 0 examples passed. 1 KPI has none: revenue.")


def test_a_name_that_no_kpi_has_is_told(tmp_path, capsys):
    code, _, err = run(capsys, shop_with(tmp_path / "shop"), "test", "revenu")
    assert (code, err) == (1, "kpi: no KPI is called 'revenu'. Did you mean 'revenue'?\n")


def test_rows_that_are_no_rows_are_a_problem_of_the_spec(tmp_path, capsys):
    root = shop_with(tmp_path / "shop", revenue="example: {rows: 5, value: 1}")
    last = len((root / "kpi_specs/kpis/sales/revenue.yml").read_text().splitlines())
    code, _, err = run(capsys, root, "test")
    assert code == 1
    assert err.startswith(
        "1 error\n"
        f"kpi_specs/kpis/sales/revenue.yml:{last} [bad-value] 'example.rows': write the rows "
        "as a list, or as one list per dataset. Found: 5.\n"
    )


def test_a_value_that_does_not_fit_is_told_at_its_own_line(tmp_path, capsys):
    rows = "example:\n  rows:\n    - {amount: 1}\n    - {amount: [2]}\n  value: 3"
    root = shop_with(tmp_path / "shop", revenue=rows)
    line = last_line(root, "sales/revenue") - 1
    code, out, _ = run(capsys, root, "test", "revenue")
    assert code == 1
    assert out.splitlines()[2:] == [
        f"kpi_specs/kpis/sales/revenue.yml:{line} [example] revenue: row 2 of orders: a list does "
        "not fit the column amount (decimal(10,2)).",
        "0 of 1 examples passed.",
    ]


def test_of_many_rows_the_first_ten_are_shown_by_dataset(tmp_path, capsys):
    orders = ", ".join("{amount: 1}" for _ in range(12))
    ads = "{spend: 1.5, ad_date: 2024-01-01}"
    text = f"example: {{rows: {{ads: [{ads}], orders: [{orders}]}}, value: 9}}"
    root = shop_with(tmp_path / "shop", cost_per_order=text)
    _, out, _ = run(capsys, root, "test", "cost_per_order")
    assert out.splitlines()[3:-1] == [
        "    ads: {spend: 1.5, ad_date: 2024-01-01}",
        *["    orders: {amount: 1}"] * 10,
        "    orders: and 2 more rows",
    ]


def test_the_demo_s_kpis_all_have_an_example_that_passes(capsys):
    from tests.copies import REPOSITORY

    code, out, _ = run(capsys, REPOSITORY, "test")
    assert code == 0, out
    assert "none:" not in out


def test_it_is_listed_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "run the KPIs' worked examples; needs no data" in capsys.readouterr().out
