"""Whatever goes wrong while judging is CHECK_ERROR, never a pass."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
from small_warehouse import Warehouse, kpi, project

from expectations import judge as judge_function
from expectations import reasons
from expectations.checks import Check
from expectations.suites import ROW_COUNT, ROWS, Suite, derive_suite, to_expectations
from expectations.validator import WHOLE_SUITE, Validator, raised, read_results

CHECK = Check("is_zero", reasons.NO_ROWS, "fact", "{fact}", allowed=(0,))
AT_LEAST = Check("is_enough", reasons.NO_ROWS, "fact", "{fact}", at_least=1.0)


def _cases(facts: Any) -> pd.DataFrame:
    """A case for each fact, of one row each."""
    return pd.DataFrame({ROWS: 1, "fact": facts})


def _judged(shop: Warehouse) -> list[tuple[str, str]]:
    shop.judge()
    return [row.short for row in shop.verdicts().values()]


def _all_in_error(rows: list[tuple[str, str]]) -> bool:
    return len(rows) == 11 and set(rows) == {("error", "CHECK_ERROR")}


def test_an_expectation_that_raises_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is gone\nand more")

    monkeypatch.setattr(gx.expectations.ExpectColumnValuesToBeInSet, "_validate", broken)
    shop = Warehouse(project()).fill()
    assert _all_in_error(_judged(shop))
    row = shop.verdicts()["2017-03-05"]
    assert (row["party"], row["root"]) == ("platform_team", "check:table_is_computed")
    assert row["reason"].startswith(
        "The checks of revenue could not be made, so its values are withheld: "
        "table_is_computed raised the disk is gone"
    )


def test_a_check_that_is_broken_for_all_kpis_is_one_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is gone")

    names = ("revenue", "orders", "returns")
    shop = Warehouse(project(kpis=[kpi(name) for name in names])).fill()
    with monkeypatch.context() as patched:
        patched.setattr(gx.expectations.ExpectColumnValuesToBeBetween, "_validate", broken)
        shop.judge()
    roots = {row["root"] for name in names for row in shop.verdicts(name).values()}
    assert roots == {"check:rows_are_readable"}  # the first one that was not made
    monkeypatch.setattr("expectations.judging.derive_suites", lambda _: {})
    shop.judge()
    roots = {row["root"] for name in names for row in shop.verdicts(name).values()}
    assert roots == {f"check:{WHOLE_SUITE}"}


def test_a_metric_that_raises_is_an_error() -> None:
    """Great Expectations nests this one under the metric's id."""
    outcome = Validator().run(
        Suite("revenue", (CHECK, AT_LEAST)),
        _cases(pd.Series([0, "many"], dtype=object)),
        expected_rows=2,
    )
    assert list(outcome.errors) == ["is_enough"]
    assert outcome.errors["is_enough"].startswith("is_enough raised ")


def test_a_run_that_raises_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no context")

    monkeypatch.setattr("expectations.validator.to_expectations", broken)
    shop = Warehouse(project()).fill()
    assert _all_in_error(_judged(shop))
    check = shop.con.execute(
        "select distinct check_name, reason_code, observed, verdict from audit.checks"
    ).fetchall()
    assert check == [(WHOLE_SUITE, "CHECK_ERROR", "no context", "error")]


def test_a_kpi_without_a_suite_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expectations.judging.derive_suites", lambda _: {})
    assert _all_in_error(_judged(Warehouse(project()).fill()))


def test_one_kpi_in_error_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Warehouse(project(kpis=[kpi("revenue"), kpi("orders")])).fill()
    only_orders = {"orders": derive_suite(shop.project.kpis["orders"])}
    monkeypatch.setattr("expectations.judging.derive_suites", lambda _: only_orders)
    shop.judge()
    assert shop.verdicts("revenue")["2017-03-05"].short == ("error", "CHECK_ERROR")
    assert shop.verdicts("orders")["2017-03-05"].short == ("final", "")


@pytest.mark.parametrize("times", [0, 2], ids=["lost", "doubled"])
def test_evidence_without_its_one_verdict_gets_an_error(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import expectations.judging as module

    decide = module.decide

    def forgetful(*arguments: Any) -> Any:
        decided = decide(*arguments)
        final = decided.verdicts["data_status"] == "final"
        found = [decided.verdicts[~final], *[decided.verdicts[final]] * times]
        return replace(decided, verdicts=pd.concat(found))

    shop = Warehouse(project()).fill()
    shop.judge()
    before = shop.verdicts()
    monkeypatch.setattr(module, "decide", forgetful)
    shop.judge()
    assert {row.short for row in before.values()} > {("final", "")}
    for period, row in shop.verdicts().items():
        if before[period].short != ("final", ""):
            assert row == before[period]
            continue
        assert row.short == ("error", "CHECK_ERROR")
        assert row["reason"] == "The judge gave no verdict on this row, so its value is withheld."
        assert row["party"] == "platform_team"


def test_a_row_twice_in_a_kpi_table_voids_the_kpi() -> None:
    shop = Warehouse(project()).fill()
    shop.con.execute("insert into kpi.kpi_revenue from kpi.kpi_revenue where period = '2017-03-05'")
    assert _all_in_error(_judged(shop))
    assert (
        "12 rows were judged where the calendar asks 11" in shop.verdicts()["2017-03-05"]["reason"]
    )


def test_a_row_beyond_the_clock_voids_the_kpi() -> None:
    shop = Warehouse(project()).fill()
    shop.con.execute(
        "insert into kpi.kpi_revenue select * replace ('2017-03-12' as period, "
        "date '2017-03-12' as period_start, date '2017-03-12' as period_end) "
        "from kpi.kpi_revenue where period = '2017-03-05'"
    )
    shop.judge()
    verdicts = shop.verdicts()
    assert len(verdicts) == 12
    assert {row.short for row in verdicts.values()} == {("error", "CHECK_ERROR")}


@pytest.mark.parametrize("statement", [
    "drop table kpi.kpi_revenue",
    "alter table kpi.kpi_revenue drop column row_count",
])  # fmt: skip
def test_a_kpi_without_a_readable_table_was_not_computed(statement: str) -> None:
    shop = Warehouse(project()).fill()
    shop.con.execute(statement)
    assert set(_judged(shop)) == {("error", "COMPUTE_ERROR")}


def test_an_empty_kpi_table_is_judged_period_by_period() -> None:
    shop = Warehouse(project()).fill()
    shop.con.execute("delete from kpi.kpi_revenue")
    rows = _judged(shop)
    assert len(rows) == 11
    assert set(rows) == {("error", "COMPUTE_ERROR")}


@pytest.mark.parametrize("check", [CHECK, AT_LEAST], ids=lambda check: check.name)
@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ([], ROW_COUNT),
        ([None, None], "is_zero or is_enough"),
        ([0.0, None], "is_zero or is_enough"),
    ],
    ids=["empty", "all NULL", "one NULL"],
)
def test_checks_that_would_pass_over_nothing_are_errors(
    check: Check, facts: list[float | None], name: str
) -> None:
    outcome = Validator().run(
        Suite("revenue", (check,)),
        _cases(pd.Series(facts, dtype="float64")),
        expected_rows=2,
    )
    assert set(outcome.errors) & set(name.split(" or "))


# The expectations' classes in use, each with a check that is one.
CLASSES = {
    "ExpectColumnSumToBeBetween": CHECK,
    "ExpectColumnValuesToBeInSet": CHECK,
    "ExpectColumnValuesToBeBetween": AT_LEAST,
}


def test_the_classes_that_are_made_to_raise_are_all_in_use() -> None:
    kpis = [
        kpi("revenue", availability={"zero_is_valid": True, "min_sample": {"denominator": 2}}),
        kpi("rate", {"dataset": "sales", "ratio": {"numerator": {"sum": "amount"},
            "denominator": {"count": "rows"}}}, availability={"valid_range": [0, 1]}),
        kpi("growth", {"growth": {"of": "revenue", "versus": "previous_period"}}),
    ]  # fmt: skip
    suites = [to_expectations(derive_suite(one), expected_rows=1) for one in kpis]
    used = {type(one).__name__ for suite in suites for one in suite.expectations}
    assert used <= CLASSES.keys()
    made = [to_expectations(Suite("r", (check,)), expected_rows=1) for check in CLASSES.values()]
    assert {type(one).__name__ for suite in made for one in suite.expectations} == CLASSES.keys()


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("facts", [[], [None, None]], ids=["empty", "all NULL"])
@pytest.mark.parametrize("name", CLASSES)
def test_each_class_that_raises_is_an_error_in_both_shapes_over_nothing(
    name: str, facts: list[None], nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shapes of `exception_info`: the expectation's own, or under the id of its metric."""

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is gone")

    seen: list[Any] = []
    monkeypatch.setattr(
        "expectations.validator.raised", lambda info: (seen.append(info), raised(info))[1]
    )
    if nested:
        engine = gx.execution_engine.PandasExecutionEngine
        monkeypatch.setattr(engine, "get_domain_records", broken)
        monkeypatch.setattr(engine, "get_compute_domain", broken)
    else:
        monkeypatch.setattr(getattr(gx.expectations, name), "_validate", broken)
    check = CLASSES[name]
    outcome = Validator().run(
        Suite("revenue", (check,)),
        _cases(pd.Series(facts, dtype="float64")),
        expected_rows=len(facts),
    )
    broke = ROW_COUNT if name == "ExpectColumnSumToBeBetween" else check.name
    assert outcome.errors[broke] == f"{broke} raised the disk is gone"
    of_metrics = [info for info in seen if raised(info) and "raised_exception" not in info]
    assert bool(of_metrics) == nested


def _alike(facts: dict[str, list[float | None]]) -> dict[str, Any]:
    """KPIs whose suites share one check, and differ in the other."""
    suites = {
        kpi: Suite(kpi, (CHECK,) if kpi.startswith("plain") else (CHECK, AT_LEAST)) for kpi in facts
    }
    batches = {kpi: _cases(values) for kpi, values in facts.items()}
    return {"suites": suites, "batches": batches}


def test_kpis_judged_together_fail_in_their_own_rows() -> None:
    asked = _alike({"plain": [0, 1, 0], "full": [1, 0], "plain_too": [0], "full_too": [2, 2, 0]})
    rows = {kpi: len(batch) for kpi, batch in asked["batches"].items()}
    together = Validator().run_all(**asked, expected_rows=rows)
    assert {kpi: (outcome.failing, outcome.errors) for kpi, outcome in together.items()} == {
        "plain": ({"is_zero": (1,)}, {}),
        "full": ({"is_zero": (0,), "is_enough": (1,)}, {}),
        "plain_too": ({}, {}),
        "full_too": ({"is_zero": (0, 1), "is_enough": (2,)}, {}),
    }


@pytest.mark.parametrize(
    ("facts", "expected_rows", "error"),
    [
        ([0, None], 2, "is_zero gave an unclear result, 1 cases of its evidence are empty"),
        ([0], 2, "1 rows were judged where the calendar asks 2"),
        ([0, 0, 0], 2, "3 rows were judged where the calendar asks 2"),
        ([], 2, "0 rows were judged where the calendar asks 2"),
    ],
    ids=["one NULL", "a row too few", "a row too many", "empty"],
)
def test_the_doubt_about_one_kpi_is_not_that_of_those_judged_with_it(
    facts: list[float | None], expected_rows: int, error: str
) -> None:
    asked = _alike({"plain": [0, 1], "doubtful": facts, "full": [1, 0]})
    asked["batches"]["doubtful"] = asked["batches"]["doubtful"].astype({"fact": "float64"})
    rows = {"plain": 2, "doubtful": expected_rows, "full": 2}
    outcomes = Validator().run_all(**asked, expected_rows=rows)
    assert error in outcomes["doubtful"].errors.values()
    assert (outcomes["plain"].failing, outcomes["plain"].errors) == ({"is_zero": (1,)}, {})
    assert outcomes["full"].failing == {"is_zero": (0,), "is_enough": (1,)}
    assert not outcomes["full"].errors


def test_failing_rows_are_named_by_position() -> None:
    facts = _cases([0, 1, 0, 2])
    outcome = Validator().run(Suite("revenue", (CHECK,)), facts, expected_rows=4)
    assert (outcome.failing, outcome.errors) == ({"is_zero": (1, 3)}, {})


@pytest.mark.parametrize(
    ("exception_info", "message"),
    [
        (None, ""),
        ({}, ""),
        ({"raised_exception": False, "exception_message": None}, ""),
        ({"raised_exception": True, "exception_message": "boom\nat line 3"}, "boom"),
        ({"raised_exception": True, "exception_message": None}, "an unnamed exception"),
        ({"('m', 'id')": {"raised_exception": True, "exception_message": "deep"}}, "deep"),
        ({"('m', 'id')": {"raised_exception": False, "exception_message": None}}, ""),
    ],
)
def test_both_shapes_of_exception_info_are_read(
    exception_info: dict[str, Any] | None, message: str
) -> None:
    assert raised(exception_info) == message


def _result(name: str, *, success: bool = True, **details: Any) -> SimpleNamespace:
    return SimpleNamespace(
        expectation_config=SimpleNamespace(meta={"check": name}),
        success=success,
        exception_info={"raised_exception": False},
        result={"element_count": 3, "missing_count": 0, "unexpected_count": 0} | details,
    )


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([_result(ROW_COUNT)], "the check is_zero has no result"),
        (
            [_result(ROW_COUNT), _result("is_zero", element_count=2)],
            "is_zero gave an unclear result, it looked at 2 of 3 cases",
        ),
        (
            [_result(ROW_COUNT), _result("is_zero", success=False)],
            "is_zero gave an unclear result, it counts 0 failing cases and names 0",
        ),
        (
            [_result(ROW_COUNT), _result("is_zero", success=False, unexpected_count=1)],
            "is_zero gave an unclear result, it counts 1 failing cases and names 0",
        ),
        (
            [_result(ROW_COUNT, success=False, observed_value=4), _result("is_zero")],
            "4 rows were judged where the calendar asks 3",
        ),
    ],
)
def test_a_result_that_does_not_speak_for_every_row_is_an_error(
    results: list[SimpleNamespace], message: str
) -> None:
    outcome = read_results(results, Suite("revenue", (CHECK,)), expected_rows=3, cases=3)
    assert list(outcome.errors.values()) == [message]


def test_a_clock_before_history_says_what_to_change() -> None:
    shop = Warehouse(project()).fill()
    with pytest.raises(ValueError, match="is before the first day of the project's calendar"):
        judge_function(
            shop.con,
            shop.project,
            as_of=shop.project.settings.history_from.replace(year=2016),
            run_id="r1",
            compute_errors={},
        )
