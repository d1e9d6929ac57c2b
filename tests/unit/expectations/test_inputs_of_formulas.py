"""What is judged for a KPI over it alone: told in words of the spec, and kept among no verdicts."""

import datetime as dt

import pytest
from small_warehouse import Warehouse, days, kpi, project

CHANGE = {
    "dataset": "sales",
    "derived": {
        "formula": "now - before",
        "inputs": {
            "now": {"sum": "amount"},
            "before": {"sum": "amount", "shift": "previous_period"},
        },
    },
}
WEEKLY = {"derived": {"formula": "2 * r", "inputs": {"r": {"kpi": "revenue"}}}}


def _shop(rows: str, absent: int | None = None, **more) -> Warehouse:
    specs = project(
        kpis=[
            kpi("change", CHANGE, **more),
            kpi("doubled", WEEKLY, cadence="weekly"),
            kpi("revenue", availability={"valid_range": [0, 50]}),
        ]
    )
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source(on=[day for day in days() if day.day != absent])
    shop.compute(fct_sales=f"select day::date as day, null as channel, amount from {rows}")
    shop.judge()
    return shop


EVERY_DAY = "(select unnest(range(date '2017-03-01', date '2017-03-11', interval 1 day)) as day)"


def test_a_shifted_measure_is_told_by_its_name_and_the_source_at_fault_stays_the_root() -> None:
    rows = f"(select day, 10 as amount from {EVERY_DAY} where day <> date '2017-03-05')"
    row = _shop(rows, absent=5).verdicts("change")["2017-03-06"]
    assert row.short == ("unmeasurable", "UPSTREAM_UNMEASURABLE")
    assert (row["root"], row["party"]) == ("source:till", "till_owner")
    assert row["reason"] == (
        "It is computed from its input 'before', which has no value for 2017-03-05: 0 of 1 days "
        "are there, where all are needed; the source till lacks 2017-03-05."
    )


def test_what_a_shifted_measure_lacks_is_the_fault_of_the_kpi_whose_input_it_is() -> None:
    rows = f"(select day, 10 as amount from {EVERY_DAY} where day <> date '2017-03-05')"
    row = _shop(rows).verdicts("change")["2017-03-06"]
    assert (row.short, row["root"]) == (("unmeasurable", "UPSTREAM_UNMEASURABLE"), "kpi:change")
    assert row["reason"] == (
        "It is computed from its input 'before', which has no value for 2017-03-05: There is "
        "nothing to measure in this period for total (0 rows), and the spec does not say that "
        "this is a zero."
    )


def test_the_first_period_has_no_earlier_one_of_its_input() -> None:
    row = _shop(f"(select day, 10 as amount from {EVERY_DAY})").verdicts("change")["2017-03-01"]
    assert row.short == ("pending", "WARM_UP")
    assert row["reason"] == (
        "There is not enough history for this period: there is no earlier period with a value of "
        "its input 'before' to compare with."
    )


def test_an_input_of_the_same_period_that_warms_up_is_told_with_what_it_waits_for() -> None:
    """Nothing is compared with an earlier period: the input itself has too little history."""
    twice = {"derived": {"formula": "2 * r", "inputs": {"r": {"kpi": "settled"}}}}
    of_twice = {"derived": {"formula": "d / 2", "inputs": {"d": {"kpi": "twice"}}}}
    growth = {"growth": {"of": "settled", "versus": "previous_period"}}
    kpis = [
        kpi("settled", availability={"warm_up": "3 days"}),
        *(kpi(name, one) for name, one in (("twice", twice), ("of_twice", of_twice))),
        kpi("growing", growth),
    ]
    shop = Warehouse(project(kpis=kpis))
    shop.load()
    shop.fill_source(on=days())
    shop.compute(
        fct_sales=f"select day::date as day, null as channel, 10 as amount from {EVERY_DAY}"
    )
    shop.judge()
    starts = "data starts on 2017-03-01 and 3 days of it are needed first."
    of_settled = f"there is too little for settled, which it is computed from: {starts}"
    told = {
        ("settled", "2017-03-03"): starts,
        ("twice", "2017-03-03"): of_settled,
        ("of_twice", "2017-03-03"): (
            f"there is too little for twice, which it is computed from: {of_settled}"
        ),
        ("growing", "2017-03-03"): of_settled,
        ("growing", "2017-03-04"): (
            "there is no earlier period with a value of settled to compare with."
        ),
    }
    for (name, period), why in told.items():
        row = shop.verdicts(name)[period]
        assert row.short == ("pending", "WARM_UP")
        assert row["reason"] == f"There is not enough history for this period: {why}"
    assert shop.verdicts("twice")["2017-03-04"].short == ("final", "")


def test_an_input_that_is_not_computed_is_told_as_the_kpi_that_needs_it() -> None:
    shop = _shop(f"(select day, 10 as amount from {EVERY_DAY})")
    shop.con.execute("drop table kpi.kpi_inputs_of_change__before")
    shop.judge()
    row = shop.verdicts("change")["2017-03-05"]
    assert (row.short, row["root"]) == (("error", "COMPUTE_ERROR"), "kpi:change")
    assert row["reason"] == (
        "Computing change failed: table kpi.kpi_inputs_of_change__before is not there."
    )


def test_a_value_that_its_own_spec_refuses_takes_the_longer_period() -> None:
    row = _shop(f"(select day, 10 as amount from {EVERY_DAY})").verdicts("doubled")["2017-W10"]
    assert row.short == ("provisional", "")  # 50 so far, and each day below 50
    rows = f"(select day, if(day = date '2017-03-07', 99, 10) as amount from {EVERY_DAY})"
    row = _shop(rows).verdicts("doubled")["2017-W10"]
    assert (row.short, row["root"]) == (("unmeasurable", "UPSTREAM_UNMEASURABLE"), "kpi:revenue")
    assert row["reason"] == (
        "It is computed from revenue, which has no value for 2017-03-07: The value 99.0 is "
        "outside the valid range of the spec, which is 0.0 to 50.0."
    )


@pytest.mark.parametrize("table", ["verdicts", "evidence", "checks"])
def test_only_what_the_specs_declare_is_kept(table: str) -> None:
    shop = _shop(f"(select day, 10 as amount from {EVERY_DAY})")
    found = shop.con.execute(f"select distinct kpi, cadence from audit.{table} order by all")
    assert found.fetchall() == [("change", "daily"), ("doubled", "weekly"), ("revenue", "daily")]


def test_the_warm_up_of_a_formula_is_that_of_its_earlier_periods() -> None:
    rows = f"(select day, 10 as amount from {EVERY_DAY})"
    verdicts = _shop(rows, availability={"warm_up": "3 days"}).verdicts("change")
    assert verdicts["2017-03-04"].short == ("pending", "WARM_UP")  # its base is the 3rd
    assert verdicts["2017-03-05"].short == ("final", "")
    assert verdicts["2017-03-05"]["closed_at"] == dt.date(2017, 3, 6)
