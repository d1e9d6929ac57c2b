"""Worked examples: which rows, which day, which period, and what cannot be run."""

import datetime as dt

import pytest

from kpi_specs.language.example import Example
from orchestration.examples import run_examples
from tests.compiled import dataset, kpi, settings

ORDERS = {
    "id": "bigint",
    "day": "date",
    "customer": "varchar",
    "amount": "decimal(12,2)",
    "channel": "varchar",
}
CLICKS = {"id": "bigint", "seen_on": "date", "clicks": "bigint"}
KPIS = {
    "revenue": {"metric": {"dataset": "orders", "simple": {"sum": "amount"}}},
    "buyers": {"metric": {"dataset": "orders", "simple": {"count_distinct": "customer"}}},
    "price": {"metric": {"dataset": "orders", "simple": {"average": "amount"}}},
    "yearly": {
        "metric": {"dataset": "orders", "simple": {"sum": "amount"}},
        "cadence": ["yearly", "monthly"],
    },
    "by_channel": {
        "metric": {"dataset": "orders", "simple": {"sum": "amount"}},
        "grain": [["channel"]],
    },
    "per_click": {
        "metric": {
            "ratio": {
                "numerator": {"dataset": "orders", "sum": "amount"},
                "denominator": {"dataset": "clicks", "sum": "clicks"},
            }
        }
    },
    "clicks": {"metric": {"dataset": "clicks", "simple": {"sum": "clicks"}}},
    "margin": {
        "metric": {
            "derived": {
                "formula": "(revenue - clicks) / revenue",
                "inputs": {
                    "revenue": {"kpi": "revenue"},
                    "clicks": {"kpi": "clicks"},
                },
            }
        }
    },
    "this_year": {
        "metric": {"cumulative": {"of": "revenue", "to_date": "year"}},
        "cadence": ["monthly"],
    },
    "growth": {"metric": {"growth": {"of": "revenue", "versus": "previous_period"}}},
}


def run(name, example, columns=None, *, orders=None, **more):
    """The result of one KPI's example, in a project with all of KPIS."""
    from pathlib import Path

    from kpi_specs.language.project import Project

    datasets = [
        orders or dataset("orders", dimensions=["channel"]),
        dataset("clicks", time="seen_on"),
    ]
    kpis = [kpi(key, **spec) for key, spec in KPIS.items()]
    kpis = [
        k.model_copy(update={"example": Example.model_validate(example)}) if k.kpi == name else k
        for k in kpis
    ]
    project = Project(
        Path(),
        settings(dt.date(2024, 3, 10), **more),
        datasets={d.dataset: d for d in datasets},
        kpis={k.kpi: k for k in kpis},
    )
    (result,) = run_examples(project, columns or {"orders": ORDERS, "clicks": CLICKS})
    return result


CASES = [
    (
        "rows without a date share a period; cents are exact",
        "revenue",
        {"rows": [{"amount": 0.1}, {"amount": 0.2}], "value": 0.3},
        ("passed", "2024-03", 0.3),
    ),
    (
        "a column left out is empty, and an empty customer is none",
        "buyers",
        {"rows": [{"amount": 1}, {"customer": "a"}, {"customer": "a"}], "value": 1},
        ("passed", "2024-03", 1),
    ),
    (
        "the period compared is that of the newest row",
        "revenue",
        {
            "rows": [{"day": "2024-03-31", "amount": 5}, {"day": "2024-04-01", "amount": 7}],
            "value": 7,
        },
        ("passed", "2024-04", 7),
    ),
    (
        "another period may be named",
        "revenue",
        {
            "rows": [{"day": "2024-03-31", "amount": 5}, {"day": "2024-04-01", "amount": 7}],
            "period": "2024-03",
            "value": 5,
        },
        ("passed", "2024-03", 5),
    ),
    (
        "a label that YAML reads as a number is a label",
        "yearly",
        {"rows": [{"day": "2024-12-31", "amount": 5}], "period": 2024, "value": 5},
        ("passed", "2024", 5),
    ),
    (
        "a later clock opens periods without rows: an honest 0",
        "revenue",
        {"rows": [{"day": "2024-03-31", "amount": 5}], "period": "2024-05", "as_of": "2024-06-01",
         "value": 0},
        ("passed", "2024-05", 0),
    ),
    (
        "an average of nothing has no value",
        "price",
        {"rows": [{"amount": None}], "value": None},
        ("passed", "2024-03", None),
    ),
    (
        "a KPI without a total gets one for its example",
        "by_channel",
        {"rows": [{"channel": "web", "amount": 1}, {"channel": "tv", "amount": 2}], "value": 3},
        ("passed", "2024-03", 3),
    ),
    (
        "each dataset's rows lie on its own business date",
        "per_click",
        {"rows": {"orders": [{"amount": 6}], "clicks": [{"clicks": 1}, {"clicks": 2}]}, "value": 2},
        ("passed", "2024-03", 2),
    ),
    (
        "a KPI over a KPI is computed from the rows of that one",
        "growth",
        {
            "rows": [{"day": "2024-03-31", "amount": 5}, {"day": "2024-04-30", "amount": 7}],
            "value": 0.4,
        },
        ("passed", "2024-04", 0.4),
    ),
    (
        "a formula over two KPIs takes the rows of both datasets",
        "margin",
        {
            "rows": {"orders": [{"amount": 6}, {"amount": 4}], "clicks": [{"clicks": 4}]},
            "value": 0.6,
        },
        ("passed", "2024-03", 0.6),
    ),
    (
        "a running total reaches back over its periods",
        "this_year",
        {
            "rows": [{"day": "2024-03-31", "amount": 5}, {"day": "2024-04-30", "amount": 7}],
            "value": 12,
        },
        ("passed", "2024-04", 12),
    ),
    (
        "an open period is compared with a clock inside it",
        "growth",
        {
            "rows": [{"day": "2024-03-31", "amount": 5}, {"day": "2024-04-20", "amount": 7}],
            "as_of": "2024-04-20",
            "value": None,
        },
        ("passed", "2024-04", None),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "name", "example", "wanted"), CASES, ids=[c[0] for c in CASES]
)
def test_an_example_gives_its_value(sentence, name, example, wanted):
    result = run(name, example)
    assert (result.outcome, result.period, result.computed) == wanted, result.message


def test_a_value_a_billionth_off_passes_and_more_than_that_fails():
    rows = [{"amount": 1_000_000}]
    assert run("revenue", {"rows": rows, "value": 1_000_000.0009}).outcome == "passed"
    assert run("revenue", {"rows": rows, "value": 1_000_000.0011}).outcome == "failed"


def test_no_value_is_not_zero():
    result = run("price", {"rows": [{"amount": None}], "value": 0})
    assert (result.outcome, result.message) == (
        "failed",
        "2024-03 (monthly): expected 0, computed no value.",
    )
    result = run("revenue", {"rows": [{"amount": 0}], "value": None})
    assert (result.outcome, result.message) == (
        "failed",
        "2024-03 (monthly): expected no value, computed 0.",
    )


def test_a_zero_denominator_is_seen_in_the_message():
    rows = {"orders": [{"amount": 6}], "clicks": [{"clicks": 0}]}
    result = run("per_click", {"rows": rows, "value": 6})
    assert result.message == "2024-03 (monthly): expected 6, computed no value = 6 / 0."


MISTAKES = [
    (
        "revenue",
        {"rows": [{"amount": 1}, {"amuont": 2}], "value": 3},
        "row 2 of orders: 'amuont' is not a column of orders. Did you mean 'amount'?",
    ),
    (
        "revenue",
        {"rows": [{"amount": "many"}], "value": 3},
        "row 1 of orders: 'many' does not fit the column amount (decimal(12,2)).",
    ),
    (
        "per_click",
        {"rows": [{"amount": 6}], "value": 3},
        "the KPI reads several datasets (orders, clicks); give the rows as one list per dataset.",
    ),
    (
        "revenue",
        {"rows": {"clicks": [{"clicks": 6}]}, "value": 3},
        "the KPI does not read the dataset 'clicks'. It reads: orders.",
    ),
    (
        "revenue",
        {"rows": [{"day": dt.date(9999, 12, 31), "amount": 5}], "value": 5},
        "the rows lie on 9999-12-31; calendars run from 1901 to 2199.",
    ),
    (
        "revenue",
        {"rows": [{"day": "10000-01-01", "amount": 5}], "value": 5},
        "the rows lie on 10000-01-01; calendars run from 1901 to 2199.",
    ),
    (
        "revenue",
        {"rows": [{"amount": 5}], "as_of": dt.date(9999, 12, 31), "value": 5},
        "as_of is 9999-12-31; calendars run from 1901 to 2199.",
    ),
    (
        "revenue",
        {"rows": [{"day": dt.date(2024, 1, 1), "amount": dt.date(2024, 1, 1)}], "value": 5},
        "row 1 of orders: '2024-01-01' does not fit the column amount (decimal(12,2)).",
    ),
    (
        "revenue",
        {"rows": [{"day": "2024-03-31", "amount": 5}], "period": "2024-13", "value": 5},
        "there is no period '2024-13' (monthly) between 2024-03-31 and 2024-03-31; write a label "
        "such as 2017-12, or set 'as_of'.",
    ),
]


@pytest.mark.parametrize(("name", "example", "says"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_an_example_that_cannot_be_run_says_what_to_change(name, example, says):
    result = run(name, example)
    assert (result.outcome, result.computed, result.message) == ("error", None, says)


def test_a_type_that_there_is_not_is_told_with_its_model():
    columns = {"orders": ORDERS | {"customer": "nvarchar2(30)"}, "clicks": CLICKS}
    result = run("revenue", {"rows": [{"amount": 5}], "value": 5}, columns)
    assert (result.outcome, result.message) == (
        "error",
        "the model orders declares 'customer' as nvarchar2(30), which is no type; correct its "
        "data_type.",
    )


@pytest.mark.parametrize(
    ("example", "path"),
    [
        ({"rows": [{"amount": 1}], "value": 2}, ("example", "value")),
        ({"rows": [{"amount": 1}, {"amuont": 2}], "value": 3}, ("example", "rows", 1, "amuont")),
        (
            {"rows": {"orders": [{"amount": "x"}]}, "value": 3},
            ("example", "rows", "orders", 0, "amount"),
        ),
        ({"rows": [{"amount": 1}], "period": "x", "value": 1}, ("example", "period")),
        ({"rows": {"clicks": []}, "value": 1}, ("example", "rows")),
    ],
)
def test_what_is_wrong_has_its_place_in_the_spec(example, path):
    assert run("revenue", example).path == path


def test_columns_that_no_model_declares_get_the_type_of_their_values():
    result = run(
        "revenue", {"rows": [{"amount": 1.5}, {"amount": 2}], "value": 3.5}, {"orders": {}}
    )
    assert (result.outcome, result.message) == ("passed", "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # 1 April, 03:30 in UTC, is 31 March, 23:30, in New York
        ([{"day": "2024-04-01 03:30", "amount": 5}], ("passed", "2024-03", 5)),
        ([{"day": "2024-04-01 04:00", "amount": 5}], ("passed", "2024-04", 5)),
        ([{"amount": 5}], ("passed", "2024-03", 5)),
    ],
)
def test_a_moment_lies_in_the_period_of_its_day_in_the_projects_zone(rows, expected):
    orders = dataset("orders", dimensions=["channel"]).model_copy(update={"time_zone": "UTC"})
    result = run(
        "revenue",
        {"rows": rows, "value": 5},
        {"orders": ORDERS | {"day": "timestamp"}, "clicks": CLICKS},
        orders=orders,
        time_zone="America/New_York",
    )
    assert (result.outcome, result.period, result.computed) == expected, result.message
