"""Columns that cannot be what a contract or a spec needs withhold what needs them."""

from typing import Any

from small_warehouse import AS_OF, DAY, Warehouse, dataset, days, kpi, load_id, project

REVENUE = {"dataset": "sales", "simple": {"sum": "amount"}}
LARGEST = {"dataset": "sales", "simple": {"max": "amount"}}
ORDERS = {"dataset": "sales", "simple": {"count": "rows"}}
WITHHELD = ("unmeasurable", "TYPE_MISMATCH")


def shop(mart: str, **metrics: Any) -> Warehouse:
    """A till whose mart has these columns, one row a day, and KPIs with a value every day."""
    made = Warehouse(project(kpis=[kpi(name, one) for name, one in metrics.items()]))
    made.fill()
    made.con.execute(f"create or replace table marts.fct_sales ({mart})")
    for day in days():
        made.con.execute("insert into marts.fct_sales by name select ? as day", [day])
    return made


def withheld(made: Warehouse, name: str) -> list[str]:
    return [period for period, row in made.verdicts(name).items() if row.short == WITHHELD]


def test_an_amount_that_a_model_made_a_text_withholds_what_needs_a_number():
    growth = {"growth": {"of": "largest", "versus": "previous_period"}}
    made = shop("day date, amount varchar", largest=LARGEST, orders=ORDERS, growing=growth)
    made.judge()
    everyday = [str(day) for day in days("2017-03-01", str(AS_OF))]
    assert withheld(made, "largest") == everyday  # the largest text is no largest number
    assert withheld(made, "growing") == everyday
    assert made.verdicts("orders")["2017-03-05"].short == ("final", "")
    verdict = made.verdicts("largest")["2017-03-05"]
    assert verdict["reason"] == (
        "The column amount of the dataset sales should be a number, and marts.fct_sales has "
        "VARCHAR."
    )
    assert (verdict["party"], verdict["root"]) == ("till_owner", "column:sales.amount")
    assert made.verdicts("growing")["2017-03-05"]["root"] == "column:sales.amount"


def test_what_could_not_be_computed_for_it_is_told_the_same_and_nothing_else():
    made = shop("day date, amount varchar", revenue=REVENUE, orders=ORDERS)
    failed = "kpi_parts_sales: no function matches sum(VARCHAR)"
    made.judge(revenue=failed, orders=failed)
    for name in ("revenue", "orders"):
        verdict = made.verdicts(name)["2017-03-05"]
        assert (verdict.short, verdict["root"]) == (WITHHELD, "column:sales.amount")


def test_an_error_of_another_cause_stays_one():
    made = shop("day date, amount bigint", revenue=REVENUE)
    made.judge(revenue="kpi_parts_sales: out of memory")
    assert made.verdicts()["2017-03-05"].short == ("error", "COMPUTE_ERROR")


def test_a_day_that_a_model_made_a_text_is_no_day():
    made = shop("day varchar, amount bigint", orders=ORDERS)
    made.judge()
    assert made.verdicts("orders")["2017-03-05"]["reason"] == (
        "The column day of the dataset sales should be a day or a moment, and marts.fct_sales has "
        "VARCHAR."
    )


def test_an_expression_of_a_text_is_named_by_its_column():
    worth = {"dataset": "sales", "simple": {"sum": "amount * price"}}
    made = shop("day date, amount bigint, price varchar", worth=worth)
    made.judge()
    assert made.verdicts("worth")["2017-03-05"]["root"] == "column:sales.price"


def test_a_column_is_named_whole_whatever_it_is_called():
    worth = {"dataset": "sales", "simple": {"sum": 'amount * "o\'clock"'}}
    made = shop('day date, amount bigint, "o\'clock" varchar', worth=worth)
    made.judge()
    assert made.verdicts("worth")["2017-03-05"]["reason"] == (
        "The column o'clock of the dataset sales should be a number, and marts.fct_sales has "
        "VARCHAR."
    )


def test_a_text_in_the_arithmetic_of_a_yes_or_no_should_be_a_number():
    large = {"dataset": "sales", "simple": {"sum_boolean": "amount * 2 > 100"}}
    made = shop("day date, amount varchar", large=large)
    made.judge()
    assert made.verdicts("large")["2017-03-05"]["reason"] == (
        "The column amount of the dataset sales should be a number, and marts.fct_sales has "
        "VARCHAR."
    )


def test_a_file_in_another_type_withholds_what_lies_beyond_the_older_ones():
    made = Warehouse(project(datasets=[dataset()]))
    until_the_eighth = days(last="2017-03-08")
    made.load()
    made.fill_source(on=until_the_eighth)
    made.fill_dataset(on=until_the_eighth)
    made.fill_kpi()
    made.load(status="failed", rows=0, hours_later=1, file="b.csv")
    made.con.execute("update audit.loads set rows_rejected = 2 where file = 'b.csv'")
    for line in (2, 3):
        made.con.execute(
            "insert into audit.rejects values (?, 'till', 'b.csv', ?, 'amount', 'EUR 3', "
            "'not an integer', ?)",
            [load_id(hours_later=1, file="b.csv"), line, until_the_eighth[-1] + DAY],
        )
    made.judge()
    assert withheld(made, "revenue") == ["2017-03-09", "2017-03-10", "2017-03-11"]
    assert made.verdicts()["2017-03-08"].short == ("final", "")
    verdict = made.verdicts()["2017-03-09"]
    assert verdict["reason"] == (
        "The column amount of the source till should be integer, and all 2 lines of b.csv have "
        "something else, such as 'EUR 3'."
    )
    assert (verdict["party"], verdict["root"]) == ("till_owner", "column:till.amount")
