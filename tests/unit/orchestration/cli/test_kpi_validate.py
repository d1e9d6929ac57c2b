"""`kpi validate` shows every problem, the errors first, and counts them."""

import json

from tests.unit.orchestration.cli.in_process import run, shop_with

WRONG_COLUMN = (
    "kpi_specs/kpis/sales/revenue.yml:9 [unknown-column] 'amout' is not a column of fct_orders. "
    "Did you mean 'amount'?"
)
WRONG_OWNER = (
    "kpi_specs/kpis/sales/revenue.yml:19 [unknown-owner] the owner 'opps' is not in owners.yml. "
    "Did you mean 'ops'?"
)
SAME_TITLE = (
    "kpi_specs/kpis/sales/revenue_growth.yml:2 [duplicate-title] the title 'Revenue' is also that "
    "of 'revenue'; a reader could not tell them apart."
)


def changed(root, kpi, *replacements):
    (path,) = (root / "kpi_specs/kpis").rglob(f"{kpi}.yml")
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_a_project_without_problems_is_counted(tmp_path, capsys):
    assert run(capsys, shop_with(tmp_path), "validate") == (
        0,
        "5 KPIs, 2 datasets, 2 sources: valid.",
        "",
    )


def test_warnings_leave_a_project_valid(tmp_path, capsys):
    shop = shop_with(tmp_path)
    changed(shop, "revenue_growth", ("{en: Revenue growth}", "{en: Revenue}"))
    code, said, _ = run(capsys, shop, "validate")
    assert code == 0
    assert said.splitlines() == [
        "1 warning",
        SAME_TITLE,
        "",
        "5 KPIs, 2 datasets, 2 sources: valid, with 1 warning.",
    ]


def test_errors_come_first_and_end_with_exit_code_1(tmp_path, capsys):
    shop = shop_with(tmp_path)
    changed(shop, "revenue_growth", ("{en: Revenue growth}", "{en: Revenue}"))
    changed(shop, "revenue", ("{sum: amount}", "{sum: amout}"), ("owner: ops", "owner: opps"))
    code, said, _ = run(capsys, shop, "validate")
    assert code == 1
    assert said.splitlines() == [
        "2 errors",
        WRONG_COLUMN,
        WRONG_OWNER,
        "",
        "1 warning",
        SAME_TITLE,
        "",
        "Not valid: 2 errors to mend; until then a run withholds what they concern.",
    ]


def test_where_a_file_cannot_be_read_it_says_that_there_may_be_more(tmp_path, capsys):
    shop = shop_with(tmp_path)
    (shop / "kpi_specs/owners.yml").write_text("owners: [")
    changed(shop, "revenue", ("{sum: amount}", "{sum: amout}"))
    code, said, _ = run(capsys, shop, "validate")
    assert code == 1
    assert said.splitlines() == [
        "1 error",
        "kpi_specs/owners.yml:1 [bad-yaml] cannot be read: the file ends within brackets; "
        "close them.",
        "",
        "Not valid: 1 error to mend; nothing runs before. The rules between files are asked after "
        "that.",
    ]


def test_other_commands_show_the_errors_and_leave_the_warnings_to_validate(tmp_path, capsys):
    shop = shop_with(tmp_path)
    changed(shop, "revenue_growth", ("{en: Revenue growth}", "{en: Revenue}"))
    changed(shop, "revenue", ("{sum: amount}", "{sum: amout}"))
    code, said, complaint = run(capsys, shop, "compile")
    assert (code, said) == (1, "")
    assert complaint.splitlines() == [
        "1 error",
        WRONG_COLUMN,
        "",
        "kpi: 1 problem in the specs; nothing was run.",
    ]


def test_a_terminal_gets_colours(tmp_path, capsys, monkeypatch):
    shop = shop_with(tmp_path)
    changed(shop, "revenue", ("{sum: amount}", "{sum: amout}"))
    assert "\x1b[" not in run(capsys, shop, "validate")[1]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m[unknown-column]\x1b[0m" in run(capsys, shop, "validate")[1]


def test_machines_read_the_same_as_json(tmp_path, capsys):
    shop = shop_with(tmp_path)
    changed(shop, "revenue", ("{sum: amount}", "{sum: amout}"))
    code, said, _ = run(capsys, shop, "validate", "--json")
    assert code == 1
    assert json.loads(said) == [
        {
            "file": "kpi_specs/kpis/sales/revenue.yml",
            "line": 9,
            "rule": "unknown-column",
            "message": "'amout' is not a column of fct_orders. Did you mean 'amount'?",
            "severity": "error",
        }
    ]
