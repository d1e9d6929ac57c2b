"""What a suite holds, derived from the KPI's spec, and how Great Expectations sees it."""

import subprocess
import sys
from typing import Any

import pytest
from small_warehouse import dataset, kpi, project

from expectations import reasons
from expectations.checks import CHECKS
from expectations.reasons import REASONS
from expectations.row_checks import JOIN_CHECKS, ROW_CHECKS
from expectations.suites import ROW_COUNT, ROWS, derive_suite, derive_suites, to_expectations

ALWAYS = {
    "table_is_computed", "sources_are_there", "columns_are_there", "columns_are_of_their_type",
    "history_is_long_enough",
    "period_is_due_or_complete_so_far", "something_is_measured", "value_is_finite",
}  # fmt: skip
FROM_DATA = {
    "sources_are_fresh", "rows_are_readable", "rows_are_dated", "days_are_there", "source_is_open",
    "measure_is_not_empty", "rows_have_their_own_key", "values_are_allowed",
    "amounts_keep_their_unit", "rows_are_as_many_as_usual",
    "rows_are_in_one_unit", "mart_agrees_with_raw",
    "sources_agree_with_their_records",
}  # fmt: skip
RATIO = {"dataset": "sales", "ratio": {"numerator": {"sum": "a"}, "denominator": {"sum": "b"}}}
RATIO_OF_TWO = {
    "dataset": "sales",
    "ratio": {"numerator": {"sum": "a", "dataset": "refunds"}, "denominator": {"sum": "b"}},
}
CONVERSION = {
    "dataset": "sales",
    "conversion": {"entity": "who", "base": {}, "converted": {"at": "paid"}, "within": "2 days"},
}
GROWTH = {"growth": {"of": "revenue", "versus": "previous_period"}}


@pytest.mark.parametrize(
    ("spec", "extra"),
    [
        ({}, FROM_DATA),
        ({"metric": RATIO}, FROM_DATA | {"denominator_is_not_zero", "period_is_due_or_has_enough"}),
        (
            {"metric": RATIO_OF_TWO},
            FROM_DATA
            | {
                "denominator_is_not_zero",
                "period_is_due_or_has_enough",
                "numerator_is_measured",
                "no_part_of_a_zero_is_empty",
            },
        ),
        (
            {"metric": GROWTH},
            {
                "current_input_is_measured",
                "base_input_is_measured",
                "inputs_are_as_usual",
                "denominator_is_not_zero",
                "period_is_due_or_has_enough",
                "base_is_above_zero",
            },
        ),
        (
            {"metric": CONVERSION},
            FROM_DATA
            | {
                "denominator_is_not_zero",
                "period_is_due_or_has_enough",
                "events_name_their_entity",
                "compared_values_are_numbers",
            },
        ),
        ({"availability": {"valid_range": [0, 1]}}, FROM_DATA | {"value_is_in_range"}),
        (
            {"availability": {"min_sample": {"denominator": 9}}},
            FROM_DATA | {"sample_is_large_enough", "period_is_due_or_has_enough"},
        ),
    ],
)
def test_the_spec_decides_which_checks_a_suite_holds(spec: dict[str, Any], extra: set[str]) -> None:
    suite = derive_suite(kpi(**spec))
    assert {check.name for check in suite.checks} == ALWAYS | extra


def test_joins_are_checked_only_for_kpis_whose_slices_need_one() -> None:
    joins = [{"model": "dim_customer", "on": {"customer": "id"}, "dimensions": ["region"]}]
    kpis = [kpi("plain", grain=[[], ["channel"]]), kpi("joined", grain=[[], ["region"]])]
    suites = derive_suites(project(kpis=kpis, datasets=[dataset(joins=joins)]))
    names = {name: {check.name for check in suite.checks} for name, suite in suites.items()}
    assert names["joined"] - names["plain"] == {
        "joined_keys_stand_once", "joins_add_no_rows", "joins_find_a_match",
    }  # fmt: skip


def test_every_expectation_says_its_check_reason_and_party_and_the_row_count_is_guarded() -> None:
    suite = derive_suite(kpi(availability={"complete": {"every": "day", "coverage": 0.9}}))
    expectations = to_expectations(suite, expected_rows=7).expectations
    guard, *checks = expectations
    assert (guard.meta["check"], guard.column) == (ROW_COUNT, ROWS)
    assert (guard.min_value, guard.max_value) == (7, 7)
    assert [e.meta["check"] for e in checks] == [check.name for check in suite.checks]
    warns = [e.meta["reason"] for e in expectations if e.severity != "critical"]
    assert warns == ["VOLUME_ANOMALY"]
    days = [e for e in checks if e.meta["check"] in ("rows_are_readable", "days_are_there")]
    assert [(e.column, e.min_value, e.meta["reason"], e.meta["party"]) for e in days] == [
        ("readable_share", 0.9, "PERIOD_INCOMPLETE", "source_owner"),
        ("day_share", 0.9, "PERIOD_INCOMPLETE", "source_owner"),
    ]


@pytest.mark.parametrize(
    ("coverage", "expected"), [(1.0, "all"), (0.95, "at least 95 %"), (0.07, "at least 7 %")]
)
def test_a_share_is_expected_in_per_cent_and_the_whole_as_all(coverage, expected) -> None:
    suite = derive_suite(kpi(availability={"complete": {"every": "day", "coverage": coverage}}))
    words = {check.name: check.expected for check in suite.checks}
    assert (words["days_are_there"], words["rows_are_readable"]) == (expected, expected)
    assert (words["sources_are_there"], words["value_is_finite"]) == ("yes", "yes")


def test_check_names_are_unique_and_every_reason_stands_in_the_order() -> None:
    units = (*CHECKS, *ROW_CHECKS, *JOIN_CHECKS)
    assert len({unit.__name__ for unit in units}) == len(units)
    told = {value for value in vars(reasons).values() if isinstance(value, reasons.Reason)}
    assert told == set(REASONS)


def test_importing_the_package_loads_neither_great_expectations_nor_pandas() -> None:
    code = "import sys, expectations; print({'great_expectations', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_check_of_an_input_expects_a_value_or_what_may_stand_for_it() -> None:
    suite = derive_suite(kpi("growth", GROWTH))
    found = {check.name: check.expected for check in suite.checks}
    assert found["current_input_is_measured"] == "a value or pending"
    assert found["base_input_is_measured"] == "a value, pending or none"
