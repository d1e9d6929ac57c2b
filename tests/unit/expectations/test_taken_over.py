"""A cumulative KPI is judged by the definition that it takes over from another."""

from small_warehouse import Warehouse, kpi, project

from expectations.dues import closed_after

CONVERSION = {
    "dataset": "sales",
    "conversion": {"entity": "customer", "base": {}, "converted": {}, "within": "9 days"},
}
RATIO = {"dataset": "sales", "ratio": {"numerator": {"sum": "a"}, "denominator": {"sum": "b"}}}


def to_date(of, **more):
    metric = {"cumulative": {"of": "taken", "to_date": "month"}}
    return project(kpis=[kpi("taken", of), kpi("to_date", metric, **more)])


def test_it_is_open_as_long_as_its_events_may_be_converted():
    specs = to_date(CONVERSION)
    assert closed_after(specs, specs.kpis["to_date"]) == 9


def test_its_denominator_of_zero_is_told_as_such():
    shop = Warehouse(to_date(RATIO)).fill(
        to_date={"2017-03-05": {"value": None, "numerator": 1.0, "denominator": 0.0}}
    )
    shop.judge()
    verdicts = shop.verdicts("to_date")
    assert verdicts["2017-03-05"].short == ("unmeasurable", "ZERO_DENOMINATOR")
    assert verdicts["2017-03-04"].short == ("final", "")


def test_a_sum_has_no_denominator_that_could_be_zero():
    shop = Warehouse(to_date({"dataset": "sales", "simple": {"sum": "a"}})).fill()
    shop.judge()
    assert shop.verdicts("to_date")["2017-03-04"].short == ("final", "")
