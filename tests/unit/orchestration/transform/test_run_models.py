import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from small_dbt_project import rows, write

from orchestration.paths import ProjectPaths
from orchestration.transform import ModelResult, TransformError, run_models

UNKNOWN_COLUMN = "select nope from {{ ref('numbers') }}"


def statuses(results: tuple[ModelResult, ...]) -> dict[str, str]:
    return {result.name: result.status for result in results}


def test_all_models_run_in_the_order_of_their_dependencies(tmp_path: Path):
    paths = write(tmp_path)
    results = run_models(paths)
    assert statuses(results) == {"alone": "success", "numbers": "success", "doubled": "success"}
    assert [result.name for result in results].index("doubled") == 2
    assert all(result.message == "" for result in results)
    assert rows(paths, "select n from doubled order by n") == [(2,), (4,)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> ProjectPaths:
    """The project after a run of all its models."""
    paths = write(tmp_path_factory.mktemp("ran"))
    run_models(paths)
    return paths


@pytest.mark.parametrize(
    ("select", "exclude", "expected"),
    [
        (["alone"], [], {"alone"}),
        (["alone", "numbers"], [], {"alone", "numbers"}),
        (["numbers+"], [], {"numbers", "doubled"}),
        (["+doubled"], ["numbers"], {"doubled"}),
        ([], ["alone", "doubled"], {"numbers"}),
        (["unheard_of"], [], set()),
    ],
)
def test_what_is_selected_and_not_excluded_runs(select, exclude, expected, ran: ProjectPaths):
    assert set(statuses(run_models(ran, select=select, exclude=exclude))) == expected


def test_a_failing_model_stops_only_what_is_built_on_it(tmp_path: Path):
    paths = write(
        tmp_path,
        broken__sql=UNKNOWN_COLUMN,
        below__sql="select * from {{ ref('broken') }}",
        further_below__sql="select * from {{ ref('below') }}",
    )
    by_name = {result.name: result for result in run_models(paths)}
    assert statuses(tuple(by_name.values())) == {
        "alone": "success",
        "numbers": "success",
        "doubled": "success",
        "broken": "error",
        "below": "skipped",
        "further_below": "skipped",
    }
    assert 'Referenced column "nope" not found' in by_name["broken"].message
    assert "models/broken.sql" in by_name["broken"].message
    assert by_name["below"].message == "not run, because of broken"
    assert by_name["further_below"].message == "not run, because of below"


def test_every_result_is_told_as_it_happens(tmp_path: Path):
    paths = write(
        tmp_path, broken__sql=UNKNOWN_COLUMN, below__sql="select * from {{ ref('broken') }}"
    )
    told: list[ModelResult] = []
    results = run_models(paths, on_model=told.append)
    assert [(result.name, result.status) for result in told] == [
        (result.name, result.status) for result in results
    ]


TESTS = "models:\n- name: numbers\n  columns:\n  - name: n\n    data_tests:\n"
ONLY_ONE = "accepted_values: {arguments: {values: [1]}"
UNIT_TEST = (
    "unit_tests:\n- name: wrong\n  model: doubled\n  given:\n"
    "  - {input: ref('numbers'), rows: [{n: 1}]}\n  expect: {rows: [{n: 3}]}\n"
)
FAILED = "its data test accepted_values_numbers_n__1 found 1 failing row"

# more files -> the statuses of `numbers` and of `doubled`, which is built on it; what is said
DATA_TESTS = {
    "a test that passes": ({"s__yml": f"{TESTS}    - unique\n"}, "success", "success", ""),
    "a test that fails": ({"s__yml": f"{TESTS}    - {ONLY_ONE}}}\n"}, "error", "skipped", FAILED),
    "a test that may fail": (
        {"s__yml": f"{TESTS}    - {ONLY_ONE}, config: {{severity: warn}}}}\n"},
        "success", "success", "",
    ),
    "two tests that fail": (
        {"s__yml": f"{TESTS}    - {ONLY_ONE}}}\n  - name: m\n    data_tests: [not_null]\n"},
        "error", "skipped",
        FAILED + '; its data test not_null_numbers_m could not be made: Runtime Error in test',
    ),
    "a test at another model": (
        {"s__yml": TESTS.replace("numbers", "alone").replace(": n\n", ": x\n")
         + "    - relationships: {arguments: {to: ref('numbers'), field: n}}\n"},
        "success", "success", "",
    ),
    "a wrong unit test": ({"s__yml": UNIT_TEST}, "success", "success", ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "numbers", "doubled", "says"), DATA_TESTS.values(), ids=DATA_TESTS
)
def test_a_model_whose_data_test_fails_has_failed(files, numbers, doubled, says, tmp_path: Path):
    paths = write(tmp_path, **files)
    told: list[str] = []
    results = run_models(
        paths,
        select=["numbers", "doubled", "alone"],
        on_model=lambda model: told.append(model.name),
    )
    by_name = {result.name: result for result in results}
    assert set(by_name) == {"numbers", "doubled", "alone"}, "tests are no models"
    assert sorted(told) == ["alone", "doubled", "numbers"]
    assert (by_name["numbers"].status, by_name["doubled"].status) == (numbers, doubled)
    assert by_name["numbers"].message[: len(says) or None].startswith(says)
    if doubled == "skipped":
        assert by_name["doubled"].message == "not run, because of numbers"


def test_a_test_of_its_own_counts_for_every_model_that_it_reads(tmp_path: Path):
    paths = write(tmp_path)
    (paths.dbt_project / "tests").mkdir()
    (paths.dbt_project / "tests" / "apart.sql").write_text(
        "select n from {{ ref('numbers') }} join {{ ref('alone') }} on true"
    )
    results = {result.name: result for result in run_models(paths)}
    assert statuses(tuple(results.values())) == {
        "alone": "error", "numbers": "error", "doubled": "success",
    }  # fmt: skip
    assert results["alone"].message == "its data test apart found 2 failing rows"


# files -> words of the message
UNREADABLE = [
    ({"x__sql": "select * from {{ ref('gone') }}"}, ["models/x.sql", "'gone' which was not found"]),
    ({"x__sql": "select {% if %}"}, ["models/x.sql", "Expected an expression"]),
    ({"x__sql": "select {{ 1 / 0 }}"}, ["models/x.sql", "division by zero"]),
    ({"x__yml": "models:\n - name: a\n  bad: ["}, ["x.yml", "Syntax error near line 3"]),
    ({"x__sql": "select 1 from {{ ref('x') }}"}, ["cycle", "x"]),
]


@pytest.mark.parametrize(("files", "words"), UNREADABLE)
def test_a_project_that_cannot_be_parsed_is_one_readable_error(files, words, tmp_path: Path):
    paths = write(tmp_path, **files)
    with pytest.raises(TransformError) as caught:
        run_models(paths)
    message = str(caught.value)
    assert str(paths.dbt_project) in message
    assert "correct the file that dbt names" in message
    assert "Traceback" not in message
    assert caught.value.__suppress_context__
    for word in words:
        assert word.lower() in message.lower()


def test_what_the_system_refuses_is_not_told_as_a_fault_of_a_model(tmp_path: Path):
    paths = write(tmp_path)
    paths.var.mkdir(exist_ok=True)
    (paths.var / "logs").write_text("a file where dbt's log folder should be")
    with pytest.raises(OSError, match="logs") as caught:
        run_models(paths)
    assert caught.value.filename


def test_a_project_without_dbt_says_what_is_not_there(tmp_path: Path):
    with pytest.raises(TransformError, match=r"dbt_project\.yml is not there"):
        run_models(ProjectPaths(tmp_path))


HOLDS_THE_WAREHOUSE = (
    "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True);"
    " sys.stdin.read()"
)


def test_a_warehouse_in_use_says_so(tmp_path: Path):
    paths = write(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_WAREHOUSE, str(paths.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(TransformError, match="close whatever has the warehouse open"):
            run_models(paths)
        holder.communicate(b"")
    assert len(run_models(paths)) == 3


def test_nothing_is_left_open_set_or_printed(tmp_path: Path, capfd, monkeypatch):
    monkeypatch.delenv("KPI_WAREHOUSE", raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    paths = write(
        tmp_path, broken__sql=UNKNOWN_COLUMN, loud__sql="select {{ print('loud') }} 1 as n"
    )
    run_models(paths)
    assert capfd.readouterr() == ("", "")
    assert "KPI_WAREHOUSE" not in os.environ
    assert os.environ["DO_NOT_TRACK"] == "0"
    duckdb.connect(str(paths.warehouse)).close()
    read_only = duckdb.connect(str(paths.warehouse), read_only=True)
    read_only.close()
    assert 'Referenced column "nope" not found' in (paths.var / "logs" / "dbt.log").read_text()
    assert {path.name for path in paths.root.iterdir()} == {"dbt_project", "var"}
    assert {path.name for path in paths.dbt_project.iterdir()} == {
        "dbt_project.yml", "profiles.yml", "models",
    }  # fmt: skip


def test_compiled_sql_is_that_of_the_last_run_only(tmp_path: Path):
    paths = write(tmp_path)
    run_models(paths)
    run_models(paths, select=["alone"])
    assert [path.name for path in paths.dbt_target.rglob("*.sql")] == ["alone.sql"]


def test_two_projects_in_one_process_keep_to_their_own_warehouse(tmp_path: Path):
    first, second = write(tmp_path / "first"), write(tmp_path / "second")
    (second.dbt_project / "models" / "alone.sql").write_text("select 'y' as x")
    for paths in (first, second, first):
        run_models(paths)
    assert rows(first, "select x from alone") == [("x",)]
    assert rows(second, "select x from alone") == [("y",)]
