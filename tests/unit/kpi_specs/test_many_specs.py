"""The cost of many specs grows with their number, counted in work and not in seconds."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
import pytest
import sqlglot

from kpi_specs.compiler import compile_project
from kpi_specs.language import load_project, yaml_lines
from kpi_specs.language.expressions import canonical, parse, to_sql
from kpi_specs.language.metrics import formulas
from tests.many_specs import many_specs

ENGINE = str(Path(yaml_lines.__file__).parents[1])
# Whole rounds of the generator: five metric types, ten KPIs of an owner.
COUNTS = (90, 180, 270)


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of the engine's own code `work` runs, loops counted turn by turn."""
    count = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(ENGINE) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def nothing_remembered() -> None:
    """As in a new process."""
    for remembering in (parse, to_sql, canonical, formulas.parse):
        remembering.cache_clear()


@pytest.fixture(autouse=True)
def _new_process() -> None:
    nothing_remembered()


def growth_beyond_linear(costs: list[int]) -> float:
    """By how much the second hundred costs more than the first one; 0 where costs are linear."""
    first, second, third = costs
    return (third - second) / (second - first) - 1


def test_many_generated_specs_are_valid_and_no_two_are_pointed_out(tmp_path):
    loaded = load_project(many_specs(tmp_path / "many", 30))
    assert loaded.problems == ()
    assert loaded.project is not None
    types = {kpi.metric.type for kpi in loaded.project.kpis.values()}
    assert types == {"simple", "ratio", "growth", "derived", "cumulative"}


def test_validation_does_the_same_work_for_every_further_spec(tmp_path):
    costs = []
    for count in COUNTS:
        root = many_specs(tmp_path / str(count), count)
        nothing_remembered()
        costs.append(lines_run(lambda root=root: load_project(root)))
    assert abs(growth_beyond_linear(costs)) < 0.01, costs


def test_compilation_does_the_same_work_for_every_further_spec(tmp_path):
    costs = []
    for count in COUNTS:
        project = load_project(many_specs(tmp_path / str(count), count)).project
        costs.append(lines_run(lambda project=project: compile_project(project)))
    assert abs(growth_beyond_linear(costs)) < 0.01, costs


def test_work_over_all_pairs_would_be_noticed():
    def over_pairs(count: int) -> None:
        for one in range(count):
            yaml_lines.Document("a.yml", None, {}).line(one)  # the same for every further one

    def once(count: int) -> int:
        return lines_run(lambda: over_pairs(count))

    def twice(count: int) -> int:
        return lines_run(lambda: [over_pairs(count) for _ in range(count)])

    assert growth_beyond_linear([once(n) for n in COUNTS]) == 0
    assert growth_beyond_linear([twice(n) for n in COUNTS]) > 0.5


def test_every_expression_is_parsed_once_and_bound_once(tmp_path, monkeypatch):
    parsed: list[str] = []
    real_parse = sqlglot.parse
    monkeypatch.setattr(
        sqlglot, "parse", lambda text, **more: parsed.append(text) or real_parse(text, **more)
    )
    asked: list[str] = []
    real_connect = duckdb.connect

    class Counting:
        def __init__(self) -> None:
            self.con = real_connect()

        def execute(self, statement: str) -> Any:
            asked.append(statement)
            return self.con.execute(statement)

        def close(self) -> None:
            self.con.close()

    monkeypatch.setattr(duckdb, "connect", Counting)
    project = load_project(many_specs(tmp_path / "many", 90)).project
    assert project is not None
    compile_project(project)
    questions = [statement for statement in asked if statement.startswith("select")]
    assert len(questions) == len(set(questions))
    # 18 rounds: two texts of a simple KPI, three of a ratio. Its `spend` is the same every time,
    # and a bare column, which is not parsed but bound.
    divisions = [text for text in parsed if "/" in text]
    expressions = [text for text in parsed if "/" not in text]
    assert len(expressions) == len(set(expressions))
    assert len(set(expressions) - {"b"}) == 18 * 5  # b: what every formula divides by
    assert len(questions) == 18 * 5 + 1
    # Read as a formula, and by the comparison of definitions, to which it is no expression.
    assert set(Counter(divisions).values()) == {2}
    assert len(divisions) == 18 * 2
