"""The tables of the last run are compared with what the models declare."""

import fcntl

import duckdb
import pytest

from kpi_specs.language import load_project
from orchestration.paths import ProjectPaths
from orchestration.warehouse_columns import WarehouseInUseError, differences
from tests.copies import PROJECTS, copy_project
from tests.unit.orchestration.cli.in_process import run

AS_DECLARED = (
    "create table marts.fct_orders (order_id bigint, order_date date, customer varchar, "
    "channel varchar, amount decimal(10,2))"
)
REMEDY = "correct the model or its YAML, then run 'kpi run'."


def shop(root, *statements):
    """The shop with a warehouse in which these statements ran."""
    copy_project(PROJECTS / "shop", root)
    (root / "var").mkdir()
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        con.execute("create schema marts")
        for statement in statements:
            con.execute(statement)
    return root


def found(root):
    project = load_project(root).project
    assert project is not None
    problems = differences(ProjectPaths(root), project)
    assert all(problem.severity == "warning" for problem in problems)
    return [str(problem) for problem in problems]


def test_without_a_warehouse_there_is_nothing_to_compare(tmp_path):
    root = copy_project(PROJECTS / "shop", tmp_path)
    assert found(root) == []
    assert not (root / "var").exists()


def test_tables_as_declared_are_no_problem_and_models_not_built_neither(tmp_path):
    assert found(shop(tmp_path, AS_DECLARED)) == []


def test_a_file_that_is_no_warehouse_is_told(tmp_path):
    root = copy_project(PROJECTS / "shop", tmp_path)
    (root / "var").mkdir()
    (root / "var/warehouse.duckdb").write_text("something else")
    assert found(root) == [
        f"var/warehouse.duckdb:1 [warehouse] {root}/var/warehouse.duckdb cannot be read (The file "
        f'"{root}/var/warehouse.duckdb" exists, but it is not a valid DuckDB database file). Move '
        "it away: the next 'kpi run' builds it again from the files in landing/, and tells of open "
        "incidents anew."
    ]


def test_a_column_that_is_not_there_or_has_another_type_is_told(tmp_path):
    built = AS_DECLARED.replace("amount decimal(10,2)", "amount double")
    built = built.replace("customer varchar", "client varchar")
    assert found(shop(tmp_path, built)) == [
        "kpi_specs/datasets/orders.yml:2 [warehouse] marts.fct_orders has no column 'customer', "
        f"which its YAML declares; {REMEDY}",
        "kpi_specs/datasets/orders.yml:2 [warehouse] 'amount' of marts.fct_orders is double, "
        f"declared decimal(10,2); {REMEDY}",
    ]


def test_two_spellings_of_a_type_are_the_same_and_a_foreign_type_is_not_judged(tmp_path):
    root = shop(tmp_path, AS_DECLARED)
    for path in (root / "dbt_project/models/marts").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        text = text.replace('"decimal(10,2)"', '"NUMERIC(10, 2)"')
        path.write_text(text.replace("channel, data_type: varchar", "channel, data_type: clob16"))
    assert found(root) == []


def test_a_table_of_another_schema_is_not_the_model(tmp_path):
    assert found(shop(tmp_path, "create table main.fct_orders (order_id varchar)")) == []


def test_the_warehouse_of_a_run_under_way_is_left_alone(tmp_path, capsys):
    root = shop(tmp_path, AS_DECLARED)
    with open(root / "var/run.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WarehouseInUseError):
            found(root)
        code, said, complaint = run(capsys, root, "validate")
    assert (code, said) == (0, "5 KPIs, 2 datasets, 2 sources: valid.")
    assert complaint == "The warehouse is in use just now: its tables were not compared.\n"


def test_in_a_folder_that_nobody_can_write_to_there_is_no_run_under_way(tmp_path, monkeypatch):
    root = shop(tmp_path, AS_DECLARED)
    (root / "var/run.lock").mkdir()  # cannot be opened
    monkeypatch.setattr("os.access", lambda *_: False)
    assert found(root) == []


def test_validate_shows_what_differs_and_lets_go_of_the_warehouse(tmp_path, capsys):
    root = shop(tmp_path, AS_DECLARED.replace("order_id bigint", "order_id integer"))
    code, said, _ = run(capsys, root, "validate")
    assert code == 0
    assert said.splitlines() == [
        "1 warning",
        "kpi_specs/datasets/orders.yml:2 [warehouse] 'order_id' of marts.fct_orders is integer, "
        f"declared bigint; {REMEDY}",
        "",
        "5 KPIs, 2 datasets, 2 sources: valid, with 1 warning.",
    ]
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        con.execute("drop table marts.fct_orders")
