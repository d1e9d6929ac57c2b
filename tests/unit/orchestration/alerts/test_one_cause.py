"""A fault that reaches several marts, from verdicts and models by hand."""

import datetime as dt

import pytest
from alert_desk import NOW, Desk, make_kpi

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.source import Source
from orchestration.alerts import record_incidents
from orchestration.alerts.findings import find

# fct_costs and fct_clicks read one staging model; fct_ads reads fct_costs, and fct_returns fct_ads.
MODELS = {
    "staging/stg_ads": "select * from {{ source('raw', 'ads') }}",
    "marts/fct_costs": "select * from {{ ref('stg_ads') }}",
    "marts/fct_clicks": "select * from {{ ref('stg_ads') }}",
    "marts/fct_ads": "select * from {{ ref('fct_costs') }}",
    "marts/fct_returns": "select * from {{ ref('fct_ads') }} join {{ ref('fct_goods') }} using (d)",
    "marts/fct_goods": "select * from {{ source('raw', 'goods') }}",
}
DATASETS = {
    "costs": "fct_costs", "clicks": "fct_clicks", "ads": "fct_ads", "returns": "fct_returns",
    "costs_by_booking": "fct_costs", "goods": "fct_goods",
}  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    for path, sql in MODELS.items():
        file = tmp_path / f"dbt_project/models/{path}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql)
    desk.project.sources.clear()
    for dataset, model in DATASETS.items():
        desk.project.datasets[dataset] = Dataset.model_validate(
            {"dataset": dataset, "model": model, "row": "one", "key": ["id"], "time": "day"}
            | {"sources": ["ads"]}
        )
        desk.project.kpis[dataset] = make_kpi(dataset)  # a KPI over each
    return desk


def fail(desk, dataset, days, code="MIXED_UNIT", *, root="", **row):
    reason = f"The rows of {dataset} are in EUR, USD."
    root = root or f"dataset:{dataset}"
    desk.days(dataset, days, code, **{"root": root, "reason": reason, **row})


def causes(desk):
    return {
        (one.owner, one.root, one.reason_code): [
            f"{affected.kpi} {affected.period_start.day}" for affected in one.affected
        ]
        for one in find(desk.con, desk.project)
    }


def test_a_fault_of_a_mart_is_told_with_that_of_the_mart_furthest_upstream(desk):
    for dataset in ("returns", "ads", "costs"):
        fail(desk, dataset, [12, 13])
    assert causes(desk) == {
        ("data", "dataset:costs", "MIXED_UNIT"): [
            "ads 12", "ads 13", "costs 12", "costs 13", "returns 12", "returns 13",
        ]
    }  # fmt: skip


def test_the_mart_between_two_needs_no_fault_of_its_own(desk):
    for dataset in ("returns", "costs"):
        fail(desk, dataset, [12])
    assert causes(desk) == {("data", "dataset:costs", "MIXED_UNIT"): ["costs 12", "returns 12"]}


def test_where_no_mart_upstream_has_the_fault_it_is_the_marts_own(desk):
    fail(desk, "ads", [12])
    fail(desk, "returns", [12])
    assert causes(desk) == {("data", "dataset:ads", "MIXED_UNIT"): ["ads 12", "returns 12"]}


def test_two_datasets_over_one_mart_have_one_fault(desk):
    fail(desk, "costs_by_booking", [12])
    fail(desk, "costs", [12])
    assert causes(desk) == {
        ("data", "dataset:costs", "MIXED_UNIT"): ["costs 12", "costs_by_booking 12"]
    }


def test_days_on_which_the_mart_upstream_is_well_are_a_cause_of_their_own(desk):
    fail(desk, "costs", [2, 3])
    fail(desk, "ads", [3, 4, 5, 10, 11])  # 4 and 5 follow 3, as those of a window would
    assert causes(desk) == {
        ("data", "dataset:costs", "MIXED_UNIT"): ["ads 3", "ads 4", "ads 5", "costs 2", "costs 3"],
        ("data", "dataset:ads", "MIXED_UNIT"): ["ads 10", "ads 11"],
    }


@pytest.mark.parametrize(
    ("dataset", "row"),
    [
        ("clicks", {}),  # of one staging model: which of its rows a mart takes is not known
        ("goods", {}),  # read by fct_returns, as fct_costs is, and by nothing before it
        ("ads", {"code": "DUPLICATE_KEYS"}),
        ("ads", {"party": "marketing"}),
        ("ads", {"root": "kpi:ads"}),
        ("ads", {"root": "dataset:taken_out_of_the_specs"}),
        ("ads", {"root": "model:fct_ads"}),
    ],
)
def test_what_may_have_another_cause_is_told_apart(desk, dataset, row):
    fail(desk, "costs", [12])
    fail(desk, dataset, [12], **row)
    assert list(causes(desk).values()) in ([[f"{dataset} 12"], ["costs 12"]],
                                           [["costs 12"], [f"{dataset} 12"]])  # fmt: skip


def test_columns_of_marts_are_joined_like_marts(desk):
    fail(desk, "costs", [12], "DOMAIN_VIOLATION", root="column:costs.spend")
    fail(desk, "ads", [12], "DOMAIN_VIOLATION", root="column:ads.ad_cost")
    assert causes(desk) == {
        ("data", "column:costs.spend", "DOMAIN_VIOLATION"): ["ads 12", "costs 12"]
    }


def test_two_columns_of_one_mart_are_two_causes(desk):
    fail(desk, "costs", [12], "DOMAIN_VIOLATION", root="column:costs.spend")
    fail(desk, "costs_by_booking", [12], "DOMAIN_VIOLATION", root="column:costs_by_booking.fee")
    assert list(causes(desk).values()) == [["costs 12"], ["costs_by_booking 12"]]


def test_a_column_that_may_be_a_sources_is_not_joined(desk):
    desk.project.sources["ads"] = Source.model_validate(
        {"source": "ads", "title": {"en": "Ads"}, "owner": "data", "kind": "files"}
        | {"columns": {"day": {"type": "date"}}}
    )
    fail(desk, "costs", [12], "DOMAIN_VIOLATION", root="column:costs.spend")
    fail(desk, "ads", [12], "DOMAIN_VIOLATION", root="column:ads.ad_cost")
    assert list(causes(desk).values()) == [["ads 12"], ["costs 12"]]


def test_a_kpi_over_a_kpi_is_told_where_the_reason_is_that_it_quotes(desk):
    fail(desk, "costs", [12])
    fail(desk, "ads", [12])
    fail(desk, "ads", [20], reason="The rows of ads are in CHF, USD.")
    for kpi, day, found in (("growth", 13, "EUR"), ("roas", 21, "CHF")):
        reason = f"It is computed from ads: The rows of ads are in {found}, USD."
        desk.day(kpi, day, "UPSTREAM_UNMEASURABLE", root="dataset:ads", reason=reason)
    assert causes(desk) == {
        ("data", "dataset:costs", "MIXED_UNIT"): ["ads 12", "costs 12", "growth 13"],
        ("data", "dataset:ads", "MIXED_UNIT"): ["ads 20", "roas 21"],
    }


def record(desk, hour):
    return record_incidents(
        desk.con, desk.project, run_id=f"r{hour}", now=NOW + dt.timedelta(hours=hour)
    )


def test_the_alert_gives_the_reason_of_the_mart_upstream_and_is_told_once(desk):
    desk.con.execute(
        "INSERT INTO audit.checks VALUES ('costs', 'daily', '2017-06-12', 'total', 'total', "
        "'rows_are_in_one_unit', 'MIXED_UNIT', 'units', 'yes', 'EUR, USD', 'fail', 'r')"
    )
    for dataset in ("ads", "costs"):
        fail(desk, dataset, [12])
    (incident,) = record(desk, 0)
    assert incident.message == "\n".join(
        [
            "UNMEASURABLE: 2 KPIs cannot be measured since 2017-06-12 (MIXED_UNIT)",
            "Why: The rows of costs are in EUR, USD.",
            "Check: rows_are_in_one_unit: expected yes, observed EUR, USD",
            "Cause: dataset costs; newest data: 2017-06-09",
            "- ADS [kpi_ads]; no earlier value",
            "    daily: 2017-06-12",
            "- COSTS [kpi_costs]; no earlier value",
            "    daily: 2017-06-12",
            "Next: Data (data): convert the rows to one unit in the mart, or slice the KPI by it.",
            f"Incident: {incident.incident_id}",
        ]
    )
    (again,) = record(desk, 1)
    assert again.incident_id == incident.incident_id
    assert desk.outbox() == [("opened", "log", "pending")]


def test_an_alert_on_the_mart_downstream_alone_ends_once_the_one_upstream_has_its_kpis(desk):
    fail(desk, "ads", [12])
    (alone,) = record(desk, 0)
    fail(desk, "costs", [12])
    joined, ended = record(desk, 2)
    assert (joined.root, joined.kpis) == ("dataset:costs", ("ads", "costs"))
    assert (ended.incident_id, ended.state) == (alone.incident_id, "resolved")
    (said,) = desk.con.execute(
        "SELECT payload ->> 'text' FROM audit.outbox WHERE event = 'resolved'"
    ).fetchall()
    assert said == (
        "CLOSED after 2 hours: dataset ads (MIXED_UNIT); no KPI has its value back\n"
        f"Without a value, for another cause: ADS (MIXED_UNIT, {joined.incident_id}, data)\n"
        "Owner: data\n"
        f"Incident: {alone.incident_id}",
    )


def test_once_the_mart_upstream_is_mended_what_is_left_downstream_is_told(desk):
    for dataset in ("ads", "costs"):
        fail(desk, dataset, [12])
    (joined,) = record(desk, 0)
    desk.clear()
    desk.days("costs", [12])
    fail(desk, "ads", [12])
    left, ended = record(desk, 1)
    assert (left.root, left.kpis) == ("dataset:ads", ("ads",))
    assert (ended.incident_id, ended.state) == (joined.incident_id, "resolved")
