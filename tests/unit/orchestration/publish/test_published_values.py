import datetime as dt
import io

import duckdb
import pytest
from rich.console import Console

from orchestration.report import render, scorecard

CONTRACT = (
    "kpi, spec_version, spec_fingerprint, cadence, calendar, period, period_start, period_end, "
    "period_days, slice, slice_value, dimensions, value, numerator, denominator, unit, "
    "data_status, reason_codes, reason, last_good_value, last_good_period, target, target_low, "
    "target_high, attainment, target_status, pace_target, pace_target_low, pace_target_high, pace, "
    "signal, previous_value, previous_change, "
    "year_ago_value, year_ago_change, open_rows, coverage, data_through, due_at, closed_at, "
    "revision, computed_at, run_id"
)


def test_columns_are_those_of_the_contract_in_its_order(shop):
    shop.publish()
    found = shop.read(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'kpi_values' "
        "ORDER BY column_index"
    )
    assert ", ".join(name for name, _ in found) == CONTRACT
    assert dict(found)["value"] == "DOUBLE"
    assert dict(found)["period_start"] == "DATE"


def test_every_table_and_column_carries_a_comment(shop):
    shop.publish()
    assert shop.read("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL") == []
    assert (
        shop.read("SELECT column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal")
        == []
    )


def test_an_unmeasured_row_has_no_value_even_if_one_was_computed(shop):
    shop.con.execute("UPDATE kpi.kpi_revenue SET value = 7 WHERE period = '2017-03'")
    shop.con.execute("UPDATE kpi.kpi_revenue SET numerator = 7, denominator = 1")
    shop.publish()
    assert shop.read(
        "SELECT value, numerator, denominator, last_good_value, last_good_period, reason_codes, "
        "target_status, signal FROM kpi_values WHERE period = '2017-03'"
    ) == [(None, None, None, 110.0, "2017-02", "NO_ROWS", "not_judged", None)]


def test_the_previous_period_is_found_by_key_not_by_row_order(shop):
    shop.publish()
    assert shop.read("SELECT period, previous_value, previous_change FROM kpi_values") == [
        ("2017-01", None, None),
        ("2017-02", 100.0, pytest.approx(0.1)),
        ("2017-03", None, None),
        ("2017-04", None, None),  # March is unmeasurable; February must not stand in for it
        ("2017-05", 120.0, pytest.approx(130 / 120 - 1)),
        ("2017-06", None, None),  # open: half a month against a whole one says nothing
    ]


def test_the_same_month_a_year_ago_is_compared(world):
    world.add_kpi("revenue")
    world.add_months("revenue", [80.0, *[1.0] * 11, 100.0, 50.0])  # May 2016 to June 2017
    world.publish()
    assert world.read(
        "SELECT period, year_ago_value, year_ago_change FROM kpi_values "
        "WHERE period IN ('2017-05', '2017-06')"
    ) == [("2017-05", 80.0, 0.25), ("2017-06", None, None)]


@pytest.mark.parametrize(
    ("due_at", "status", "attainment", "previous", "signal"),
    [
        ("2017-06-15", "off_target", 0.5, 30.0, "improving"),  # the clock's day
        ("2017-06-16", "too_early", None, None, None),  # May may still lack days
    ],
)
def test_a_period_that_has_ended_is_not_judged_or_compared_before_it_is_due(
    world, due_at, status, attainment, previous, signal
):
    target = {"from": "2017-01-01", "value": 180, "set_by": "sales", "why": "w"}
    world.add_kpi("revenue", targets=[target])
    world.add_months("revenue", [10.0, 50.0, 40.0, 30.0, 10.0, 50.0, 40.0, 30.0, 90.0, 1.0])
    world.con.execute("UPDATE audit.verdicts SET due_at = ? WHERE period = '2017-05'", [due_at])
    world.publish()
    assert world.read(
        "SELECT value, target_status, attainment, previous_value, year_ago_value, signal "
        "FROM kpi_values WHERE period = '2017-05'"
    ) == [(90.0, status, attainment, previous, None, signal)]


@pytest.mark.parametrize("base", [0.0, -10.0])
def test_no_change_is_given_on_a_base_that_is_not_above_zero(world, base):
    world.add_kpi("revenue")
    world.add_months("revenue", [base, 5.0, 1.0])
    world.publish()
    assert world.read(
        "SELECT previous_value, previous_change FROM kpi_values WHERE period = '2017-05'"
    ) == [(base, None)]


UP, DOWN, BAND = "higher_is_better", "lower_is_better", "in_range"


@pytest.mark.parametrize(
    ("direction", "value", "status", "attainment"),
    [
        (UP, 110.0, "exceeded", 1.1),
        (UP, 100.0, "on_target", 1.0),
        (UP, 99.999999, "warning", 0.99999999),  # rounded it would be on target
        (UP, 90.0, "warning", 0.9),
        (UP, 89.999, "off_target", 0.89999),
        (UP, -20.0, "off_target", -0.2),
        (DOWN, 80.0, "exceeded", 1.25),
        (DOWN, 100.0, "on_target", 1.0),
        (DOWN, 110.0, "warning", 100 / 110),
        (DOWN, 125.0, "off_target", 0.8),
        (DOWN, 0.0, "exceeded", None),
        (BAND, 90.0, "on_target", 1.0),
        (BAND, 110.0, "on_target", 1.0),
        (BAND, 45.0, "off_target", 0.5),
        (BAND, 220.0, "off_target", 0.5),
    ],
)
def test_a_value_is_judged_against_its_target(world, direction, value, status, attainment):
    sides = {
        UP: {"value": 100, "warning": 90},
        DOWN: {"value": 100, "warning": 110},
        BAND: {"low": 90, "high": 110},
    }[direction]
    target = {"from": "2017-01-01", "set_by": "sales", "why": "w", **sides}
    world.add_kpi("revenue", direction=direction, targets=[target])
    world.add_months("revenue", [value, value])
    world.publish()
    assert world.read("SELECT period, target_status, attainment FROM kpi_values") == [
        ("2017-05", status, attainment and pytest.approx(attainment)),
        ("2017-06", "too_early", None),
    ]


def test_a_target_below_the_warning_is_off_target_where_there_is_no_warning(world):
    target = {"from": "2017-01-01", "value": 100, "set_by": "sales", "why": "w"}
    world.add_kpi("revenue", targets=[target])
    world.add_months("revenue", [99.0, 1.0])
    world.publish()
    assert world.read("SELECT target_status FROM kpi_values")[0] == ("off_target",)


def test_the_target_of_a_periods_first_day_holds_for_the_period(world):
    targets = [
        {"from": "2017-01-15", "to": "2017-03-01", "value": 1, "set_by": "sales", "why": "w"},
        {"from": "2017-03-02", "value": 2, "set_by": "sales", "why": "w"},
    ]
    world.add_kpi("revenue", targets=targets)
    world.add_months("revenue", [1.0] * 6)
    world.publish()
    assert world.read("SELECT period, target, target_status FROM kpi_values LIMIT 4") == [
        ("2017-01", None, "no_target"),
        ("2017-02", 1.0, "on_target"),
        ("2017-03", 1.0, "on_target"),
        ("2017-04", 2.0, "off_target"),
    ]


def test_a_slices_target_is_found_whichever_way_its_dimensions_are_listed(world):
    target = {"from": "2017-01-01", "value": 5, "set_by": "sales", "why": "w"}
    where = {"campaign": "brand", "channel": "search"}
    world.add_kpi(
        "clicks", grain=[[], ["channel", "campaign"]], targets=[{**target, "where": where}]
    )
    world.add_months("clicks", [9.0, 9.0])
    dims = {"channel": "search", "campaign": "brand"}
    world.add_months(
        "clicks", [5.0, 5.0], slice=("channel+campaign", "search | brand"), dimensions=dims
    )
    world.publish()
    assert world.read(
        "SELECT slice, target_status, channel, campaign FROM kpi_clicks WHERE period = '2017-05'"
    ) == [
        ("channel+campaign", "on_target", "search", "brand"),
        ("total", "no_target", None, None),
    ]


def test_a_kpi_without_a_table_is_published_from_its_verdicts(world):
    world.add_kpi("roas", table=False, grain=[[], ["channel"], ["channel", "campaign"]])
    for slice_ in [
        ("total", "total"),
        ("channel", "tv | radio"),
        ("channel+campaign", "tv | spring"),
        ("channel+campaign", r"a\ | \|b"),
    ]:
        for period in ("2017-05", "2017-06"):
            world.add("roas", period, status="unmeasurable", slice=slice_, computed=False)
    world.publish()
    assert world.read("SELECT dimensions, channel, campaign, value FROM kpi_roas") == [
        ('{"channel":"tv | radio"}', "tv | radio", None, None),
        ('{"channel":"tv | radio"}', "tv | radio", None, None),
        (r'{"channel":"a\\","campaign":"|b"}', "a\\", "|b", None),
        (r'{"channel":"a\\","campaign":"|b"}', "a\\", "|b", None),
        ('{"channel":"tv","campaign":"spring"}', "tv", "spring", None),
        ('{"channel":"tv","campaign":"spring"}', "tv", "spring", None),
        ("{}", None, None, None),
        ("{}", None, None, None),
    ]


def test_a_failed_kpi_ignores_the_table_of_an_earlier_run(shop):
    shop.con.execute(
        "UPDATE audit.verdicts SET data_status = 'error', reason_codes = 'COMPUTE_ERROR', "
        "reason = 'dbt failed.'"
    )
    shop.con.execute("DELETE FROM kpi.kpi_revenue WHERE period = '2017-06'")
    shop.con.execute("UPDATE kpi.kpi_revenue SET slice = 'old' WHERE period = '2017-05'")
    shop.publish()
    assert shop.read("SELECT DISTINCT slice, value, count(*) FROM kpi_values GROUP BY ALL") == [
        ("total", None, 6)
    ]


def test_latest_holds_the_newest_due_period_and_the_open_one(shop):
    shop.as_of = dt.date(2017, 6, 1)  # May is due on 1 June
    shop.publish()
    assert shop.read("SELECT which, period, value FROM kpi_latest ORDER BY which") == [
        ("closed", "2017-05", 130.0),
        ("open", "2017-06", 60.0),
    ]


def test_an_undue_period_is_not_the_latest(shop):
    shop.con.execute("UPDATE audit.verdicts SET due_at = '2017-06-16' WHERE period = '2017-05'")
    shop.publish()
    assert shop.read("SELECT period FROM kpi_latest WHERE which = 'closed'") == [("2017-04",)]


def test_a_period_closed_by_contract_is_not_the_latest_and_one_that_lacks_its_rows_is(shop):
    shop.add_kpi("tickets", cadence="daily")
    shop.add("tickets", "2017-06-10", 4.0)
    shop.add("tickets", "2017-06-11", None, "unmeasurable", party="")  # Sunday: nobody to tell
    for day in ("12", "13", "14", "15"):
        shop.add("tickets", f"2017-06-{day}", None, "pending")
    latest = "SELECT period, value FROM kpi_latest WHERE which = 'closed' AND kpi = 'tickets'"
    shop.con.execute(
        "UPDATE audit.verdicts SET due_at = '2017-07-01' WHERE data_status = 'pending'"
    )
    shop.publish()
    assert shop.read(latest) == [("2017-06-10", 4.0)]
    shop.con.execute("UPDATE audit.verdicts SET party = 'sales' WHERE period = '2017-06-11'")
    shop.publish("run2")
    assert shop.read(latest) == [("2017-06-11", None)]


@pytest.mark.parametrize(
    ("sets", "allowed"),
    [
        ("value = 1.5", True),
        ("value = NULL", False),  # measured without a value
        ("value = 'nan'", False),
        ("value = 'inf'", False),
        ("numerator = '-inf'", False),
        ("target = 'nan'", False),
        ("value = 1, data_status = 'unmeasurable', reason_codes = 'X', reason = 'x'", False),
        ("value = 1, data_status = 'pending', reason_codes = 'X', reason = 'x'", False),
        ("value = 1, data_status = 'error', reason_codes = 'X', reason = 'x'", False),
        ("value = NULL, data_status = 'error', reason_codes = 'X', reason = 'x'", True),
        ("value = NULL, data_status = 'error', reason_codes = 'X'", False),  # without a sentence
        (
            "value = NULL, numerator = 1, data_status = 'error', reason_codes = 'X', reason = '-'",
            False,
        ),
        ("data_status = 'fine'", False),
        ("target_status = 'green'", False),
        ("signal = 'up'", False),
        ("run_id = NULL", False),
    ],
)
def test_the_published_table_itself_refuses_a_value_without_a_verdict(shop, sets, allowed):
    shop.publish()
    with duckdb.connect(str(shop.paths.published_file)) as con:
        statement = f"UPDATE kpi_values SET {sets} WHERE period = '2017-02'"
        if allowed:
            con.execute(statement)
        else:
            with pytest.raises(duckdb.ConstraintException):
                con.execute(statement)


def test_checks_targets_and_objectives_are_published(world):
    target = {"from": "2017-01-01", "value": 5, "set_by": "sales", "why": "plan"}
    world.add_kpi("revenue", targets=[target])
    world.add_months("revenue", [1.0, 2.0])
    world.con.execute(
        "INSERT INTO audit.checks VALUES ('revenue', 'monthly', '2017-05', 'total', 'total', "
        "'fresh', 'SOURCE_STALE', 'days_behind', '<= 2', '1', 'pass', 'r')"
    )
    world.publish()
    assert world.read("SELECT kpi, check_name, expected, observed, verdict FROM kpi_checks") == [
        ("revenue", "fresh", "<= 2", "1", "pass")
    ]
    assert world.read("SELECT objective, title, level FROM kpi_objectives") == [
        ("grow", "Grow", "strategic")
    ]


def test_the_scale_is_published_and_the_values_stay_as_they_are(world):
    world.add_kpi("revenue", unit="currency", decimals=1, scale="million")
    world.add_kpi("orders")
    world.add_months("revenue", [1234567.0])
    world.add_months("orders", [3.0])
    world.publish()
    assert world.read("SELECT kpi, decimals, scale FROM kpi_catalog ORDER BY kpi DESC") == [
        ("revenue", 1, 1_000_000),
        ("orders", 2, None),
    ]
    assert world.read("SELECT DISTINCT value FROM kpi_revenue WHERE value IS NOT NULL") == [
        (1234567.0,)
    ]


def test_the_catalogue_has_titles_in_every_language_and_keeps_earlier_definitions(shop):
    shop.publish("run1")
    shop.add_kpi("revenue", table=False, fingerprint="f2", version=2)
    shop.publish("run2")
    assert shop.read(
        "SELECT spec_version, spec_fingerprint, is_current, title_en, title_fa, sources, formula "
        "FROM kpi_catalog ORDER BY spec_version"
    ) == [
        (1, "f1", False, "Revenue", "شاخص", "crm", "formula of revenue"),
        (2, "f2", True, "Revenue", "شاخص", "crm", "formula of revenue"),
    ]


def test_a_project_without_kpis_publishes_empty_tables(world):
    world.publish()
    assert world.read("SELECT count(*) FROM kpi_values") == [(0,)]
    assert world.read("SELECT count(*) FROM kpi_objectives") == [(1,)]
    card = scorecard(world.paths.published_file)
    out = io.StringIO()
    render(card, Console(file=out))
    assert "0 of 0 KPIs measurable" in out.getvalue()


def test_how_far_each_source_reaches_is_published_as_it_was_judged(shop):
    shop.publish()
    assert shop.read("FROM kpi_sources") == []  # judged by an earlier version
    shop.con.execute(
        "CREATE TABLE audit.source_freshness AS SELECT 'crm' AS source, DATE '2017-06-12' AS "
        "data_through, DATE '2017-06-14' AS promised, 2 AS days_late, 'late' AS status"
    )
    shop.publish("run2")
    assert shop.read(
        "SELECT source, owner, data_through::VARCHAR, promised::VARCHAR, days_late, status, kpis "
        "FROM kpi_sources"
    ) == [("crm", "sales", "2017-06-12", "2017-06-14", 2, "late", "revenue")]
