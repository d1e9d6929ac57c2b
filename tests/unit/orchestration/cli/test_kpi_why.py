"""`kpi why` tells what changed a total, exactly, and nothing where that is not known."""

import datetime as dt
import json

import pytest

from tests.published import published
from tests.unit.orchestration.cli.in_process import run

# Trap 20: visits and orders by channel. The last row is of March, which is not over.
ROWS = [
    [dt.date(2024, 1, 15), "a", 3000, 60, "north"],
    [dt.date(2024, 1, 15), "b", 10000, 600, "north"],
    [dt.date(2024, 1, 15), "c", 7000, 350, "south"],
    [dt.date(2024, 2, 15), "a", 5000, 95, "north"],
    [dt.date(2024, 2, 15), "b", 11000, 682, "north"],
    [dt.date(2024, 2, 15), "c", 7500, 375, "south"],
    [dt.date(2024, 3, 4), "a", 1, 0, "north"],
]
RATIO = {"numerator": {"sum": "orders"}, "denominator": {"sum": "visits"}}
BY_CHANNEL = [[], ["channel"]]


def spec(metric, **more):
    return {"metric": {"dataset": "visits", **metric}, **more}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("why")
    visits = {
        "key": ["day", "channel"],
        "dimensions": ["channel"],
        "columns": "day date, channel text, visits integer, orders integer, region text",
        "rows": ROWS,
        "source": {"expects": None},
    }
    stores = {
        "key": ["day", "store"],
        "dimensions": ["store"],
        "columns": "day date, store text",
        "rows": [[dt.date(2024, 2, 15), f"s{number:02}"] for number in range(25)],
        "source": {"expects": None},
    }
    percent = {"unit": "percent", "decimals": 2}
    large = {"availability": {"min_sample": {"denominator": 6000}}}
    kpis = {
        "conversion": spec({"ratio": RATIO}, grain=BY_CHANNEL, **percent),
        "orders": spec({"simple": {"sum": "orders"}}, grain=BY_CHANNEL, decimals=0),
        "regions": spec({"simple": {"count_distinct": "region"}}, grain=BY_CHANNEL),
        "by_store": spec({"dataset": "stores", "simple": {"count": "rows"}}, grain=[[], ["store"]]),
        "total_only": spec({"ratio": RATIO}, **percent),
        "large_only": spec({"ratio": RATIO}, grain=BY_CHANNEL, **percent, **large),
        "too_small": spec(
            {"ratio": RATIO}, availability={"min_sample": {"denominator": 22000}}, **percent
        ),
        "growing": spec({"growth": {"of": "orders", "versus": "previous_period"}}, **percent),
    }
    kpis["growing"]["metric"].pop("dataset")
    case = {
        "as_of": dt.date(2024, 3, 5),
        "datasets": {"visits": visits, "stores": stores},
        "kpis": kpis,
    }
    published(case, root).close()
    return root


def said(capsys, project, *arguments):
    code, out, error = run(capsys, project, "why", *arguments)
    assert (code, error) == (0, "")
    return out.splitlines()


def test_a_ratio_is_split_into_the_rates_of_its_slices_and_their_weights(capsys, project):
    """Rates add 0.0787 points, weights take 0.2265: the published figures of trap 20."""
    assert said(capsys, project, "conversion", "--period", "2024-02") == [
        "conversion (conversion)",
        "",
        "2024-02 against 2024-01 (monthly), total",
        "  before    5.05 %",
        "  after     4.90 %",
        "  change    -0.148 pp",
        "  signal    not known: too few periods before it have a value",
        "  days      29, before 31",
        "",
        "  channel    before     after     own rate       weight     together",
        "  a          2.00 %    1.90 %    -0.018 pp    -0.190 pp    -0.208 pp",
        "  b          6.00 %    6.20 %    +0.097 pp    -0.036 pp    +0.061 pp",
        "  c          5.00 %    5.00 %     0.000 pp    -0.001 pp    -0.001 pp",
        "  all                            +0.079 pp    -0.227 pp    -0.148 pp",
    ]


def test_a_sum_is_split_into_the_changes_of_its_slices(capsys, project):
    assert said(capsys, project, "orders", "--period", "2024-02")[9:] == [
        "  channel    before    after    contribution",
        "  b             600      682             +82",
        "  a              60       95             +35",
        "  c             350      375             +25",
        "  all                                   +142",
    ]


def test_without_a_period_it_is_the_newest_due(capsys, project):
    assert said(capsys, project, "orders")[2] == "2024-02 against 2024-01 (monthly), total"


@pytest.mark.parametrize(
    ("kpi", "end"),
    [
        (
            "regions",
            "  By channel: not known. Slices by channel do not add up to the total of 2024-01: they"
            " overlap, or each is a statistic of its own.",
        ),
        (
            "large_only",
            "  By channel: not known. a has no value in 2024-01 (and 1 more): The sample is 3000, "
            "at least 6000 is needed.",
        ),
        ("total_only", "  It has no slices, so what made the change is not known."),
    ],
)
def test_what_does_not_make_the_total_is_not_said_to_have_changed_it(capsys, project, kpi, end):
    lines = said(capsys, project, kpi, "--period", "2024-02")
    assert lines[2] == "2024-02 against 2024-01 (monthly), total"
    assert lines[-2:] == ["", end]


@pytest.mark.parametrize(
    ("kpi", "period", "reason"),
    [
        (
            "orders", "2024-03",
            "2024-03 is not over, and a part of a period is not compared with a whole one.",
        ),
        (
            "orders", "2024-01",
            "2024-01 is the first period; there is none before it to compare with.",
        ),
        (
            "too_small", "2024-01",
            "2024-01 has no value: The sample is 20000, at least 22000 is needed.",
        ),
        (
            "too_small", "2024-02",
            "2024-01, the period before, has no value: The sample is 20000, at least 22000 is "
            "needed.",
        ),
    ],
)  # fmt: skip
def test_of_a_period_that_is_not_compared_there_is_the_reason_only(
    capsys, project, kpi, period, reason
):
    assert said(capsys, project, kpi, "--period", period) == [f"{kpi} ({kpi})", "", f"  {reason}"]
    found = json.loads("\n".join(said(capsys, project, kpi, "--period", period, "--json")))
    assert (found["why_not"], found["change"], found["splits"]) == (reason, None, [])


@pytest.mark.parametrize("kpi", ["conversion", "orders"])
def test_as_json_the_contributions_add_up_to_the_change(capsys, project, kpi):
    found = json.loads("\n".join(said(capsys, project, kpi, "--period", "2024-02", "--json")))
    (by_channel,) = found["splits"]
    assert by_channel["slice"] == "channel"
    parts = by_channel["contributions"]
    assert sum(one["change"] for one in parts) == pytest.approx(found["change"], abs=1e-15)
    if kpi == "conversion":
        assert found["change"] == pytest.approx(1152 / 23500 - 1010 / 20000, abs=1e-15)
        assert [one["rate"] + one["mix"] for one in parts] == [one["change"] for one in parts]


def test_a_kpi_or_period_that_there_is_not_is_told_with_what_there_is(capsys, project):
    code, _, error = run(capsys, project, "why", "order")
    assert (code, error) == (1, "kpi: no KPI is called 'order'. Did you mean 'orders'?\n")
    code, _, error = run(capsys, project, "why", "orders", "--period", "2024-09")
    assert code == 1
    assert error == "kpi: 'orders' has no period '2024-09'. Periods: monthly 2024-01 to 2024-03.\n"


NO_PERIOD = "kpi: 'by_store' has no period '2024-99'. Periods: monthly 2024-02 to 2024-03.\n"
FIRST_20 = ", ".join(f"s{number:02}" for number in range(20))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("why", "by_store", "--period", "2024-99"), NO_PERIOD),
        (("explain", "by_store", "--period", "2024-99"), NO_PERIOD),
        (("explain", "by_store", "--period", "2024-99", "--slice", "fax"), NO_PERIOD),
        (
            ("explain", "by_store", "--period", "2024-02", "--slice", "fax"),
            f"kpi: 'by_store' has no slice 'fax' in 2024-02. Slices: {FIRST_20} and 6 more.\n",
        ),
        (
            ("explain", "by_store", "--slice", "fax"),
            f"kpi: 'by_store' has no slice 'fax'. Slices: {FIRST_20} and 6 more.\n",
        ),
    ],
)
def test_of_a_wrong_period_the_period_is_told_however_many_slices_there_are(
    capsys, project, arguments, says
):
    """Of 26 slices 'total' sorts after the 20 that a message names."""
    code, out, error = run(capsys, project, *arguments)
    assert (code, out, error) == (1, "", says)
