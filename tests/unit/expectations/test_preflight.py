"""What is missing before dbt runs, and which KPIs rest on it."""

import pytest
from small_warehouse import Warehouse, dataset, kpi, load_id, project, source

from expectations import preflight
from expectations.missing import upstream_first
from expectations.mistyped import Mistyped
from kpi_specs.language.project import Project


def _two_sources() -> Project:
    """sales rests on till, ads on till and ad_google; roas on both, growth on roas."""
    both = {
        "ratio": {
            "numerator": {"sum": "amount", "dataset": "sales"},
            "denominator": {"sum": "amount", "dataset": "ads"},
        }
    }
    return project(
        sources=[source(), source("ad_google")],
        datasets=[dataset(), dataset("ads", sources=["till", "ad_google"])],
        kpis=[
            kpi("roas_growth", {"growth": {"of": "roas", "versus": "previous_period"}}),
            kpi("revenue"),
            kpi("spend", {"dataset": "ads", "simple": {"sum": "amount"}}),
            kpi("roas", both),
        ],
    )


def test_nothing_is_missing_when_every_source_was_loaded() -> None:
    shop = Warehouse(_two_sources()).fill()
    found = preflight(shop.con, shop.project)
    assert (found.missing_sources, found.missing_columns) == ({}, {})
    assert (found.kpis_left_out, found.datasets_left_out) == (frozenset(), frozenset())


def test_a_missing_source_leaves_out_only_what_rests_on_it_growth_included() -> None:
    shop = Warehouse(_two_sources())
    shop.load("till")
    shop.fill_source("till")
    shop.fill_source("ad_google", on=[])
    found = preflight(shop.con, shop.project)
    assert list(found.missing_sources) == ["ad_google"]
    assert found.datasets_left_out == {"ads"}
    assert found.kpis_left_out == {"spend", "roas", "roas_growth"}


def test_a_column_missing_today_leaves_nothing_out_while_earlier_data_is_there() -> None:
    shop = Warehouse(_two_sources()).fill()
    shop.load("ad_google", status="failed", rows=0, missing_columns="amount", hours_later=1)
    found = preflight(shop.con, shop.project)
    assert found.missing_columns == {"ad_google": ("amount",)}
    assert found.missing_sources == {}
    assert found.kpis_left_out == frozenset()


def test_a_column_missing_from_the_raw_table_leaves_out_its_kpis() -> None:
    shop = Warehouse(_two_sources()).fill()
    shop.con.execute("alter table raw.ad_google drop column amount")
    found = preflight(shop.con, shop.project)
    assert found.missing_columns == {"ad_google": ("amount",)}
    assert found.kpis_left_out == {"spend", "roas", "roas_growth"}


def test_columns_missing_from_several_files_of_the_newest_run_are_named_once() -> None:
    shop = Warehouse(_two_sources()).fill()
    for file, columns in (("b.csv", "amount,day"), ("c.csv", "amount"), ("d.csv", "")):
        failed = bool(columns)
        shop.load(
            "till",
            status="failed" if failed else "loaded",
            rows=0 if failed else 3,
            missing_columns=columns,
            hours_later=1,
            file=file,
        )
    found = preflight(shop.con, shop.project)
    assert sorted(found.missing_columns["till"]) == ["amount", "day"]


def test_a_source_that_was_loaded_and_has_no_raw_table_is_missing() -> None:
    shop = Warehouse(_two_sources()).fill()
    shop.con.execute("drop table raw.ad_google")
    found = preflight(shop.con, shop.project)
    assert found.missing_sources == {"ad_google": "has no table raw.ad_google in the warehouse"}


def test_without_a_load_log_it_says_what_to_do() -> None:
    shop = Warehouse(_two_sources())
    shop.con.execute("drop table audit.loads")
    with pytest.raises(RuntimeError) as error:
        preflight(shop.con, shop.project)
    assert str(error.value) == (
        "The warehouse has no load log (table audit.loads), so no source was ever ingested. "
        "Run the ingest step first."
    )


def test_a_kpi_comes_after_the_one_it_is_computed_from() -> None:
    order = upstream_first(_two_sources())
    assert order.index("roas") < order.index("roas_growth")
    assert sorted(order) == ["revenue", "roas", "roas_growth", "spend"]


def test_tables_of_an_attached_database_are_not_ours() -> None:
    shop = Warehouse(project(kpis=[kpi(), kpi("orders")])).fill()
    shop.con.execute("attach ':memory:' as other")
    for table in ("raw.till", "kpi.kpi_orders"):
        schema = table.split(".")[0]
        shop.con.execute(f"create schema if not exists other.{schema}")
        shop.con.execute(f"create table other.{table} as select * from {table}")
    shop.con.execute("drop table kpi.kpi_orders")
    shop.judge()
    assert shop.verdicts("revenue")["2017-03-05"].short == ("final", "")
    missing = shop.verdicts("orders")["2017-03-05"]
    assert missing.short == ("error", "COMPUTE_ERROR")
    assert missing["reason"] == "Computing orders failed: table kpi.kpi_orders is not there."
    shop.con.execute("drop table raw.till")
    shop.judge()
    assert shop.verdicts("revenue")["2017-03-05"].short == ("unmeasurable", "SOURCE_MISSING")


def _rejected(shop: Warehouse, *values: str, file: str = "b.csv", column: str = "amount") -> None:
    """A later file of the till whose lines could not be read, each for its value of a column."""
    shop.load(status="failed", rows=0, hours_later=1, file=file)
    shop.con.execute("update audit.loads set rows_rejected = ? where file = ?", [len(values), file])
    for line, value in enumerate(values):
        shop.con.execute(
            "insert into audit.rejects values (?, 'till', ?, ?, ?, ?, 'not an integer', null)",
            [load_id(hours_later=1, file=file), file, line + 2, column, value],
        )


def test_a_file_none_of_whose_lines_could_be_read_for_one_column_has_it_in_another_type() -> None:
    shop = Warehouse(_two_sources()).fill()
    _rejected(shop, "EUR 12", "EUR 13")
    found = preflight(shop.con, shop.project)
    assert found.mistyped == {
        "till": Mistyped(
            "source", "till", "amount", "integer",
            "all 2 lines of b.csv have something else, such as 'EUR 12'", "till",
        )
    }  # fmt: skip
    assert (found.missing_sources, found.kpis_left_out) == ({}, frozenset())  # there are older rows


def test_a_source_that_only_ever_delivered_another_type_is_not_called_missing() -> None:
    shop = Warehouse(_two_sources())
    shop.load("ad_google")
    shop.fill_source("ad_google")
    shop.fill_source("till", on=[])
    _rejected(shop, "EUR 12", "EUR 13")
    found = preflight(shop.con, shop.project)
    assert (list(found.mistyped), found.missing_sources) == (["till"], {})
    assert found.kpis_left_out == {"revenue", "spend", "roas", "roas_growth"}


def test_a_single_line_or_one_of_several_columns_says_nothing_of_a_type() -> None:
    shop = Warehouse(_two_sources()).fill()
    _rejected(shop, "EUR 12")
    assert preflight(shop.con, shop.project).mistyped == {}
    shop = Warehouse(_two_sources()).fill()
    _rejected(shop, "EUR 12", "EUR 13")
    shop.con.execute("update audit.rejects set column_name = 'day' where line = 3")
    assert preflight(shop.con, shop.project).mistyped == {}


@pytest.mark.parametrize(
    ("declared", "there", "said"),
    [
        ("integer", "varchar", "VARCHAR"),
        ("decimal(12,2)", "date", "DATE"),
        ("text", "bigint", "BIGINT"),
        ("date", "timestamp", "TIMESTAMP"),
        ("number", "bigint", ""),
        ("decimal(12,2)", "decimal(9,1)", ""),
        ("decimal(12,2)", "double", ""),
        ("boolean", "boolean", ""),
        ("timestamp", "timestamp", ""),
    ],
)
def test_a_raw_table_of_another_contract_leaves_out_its_kpis(declared, there, said) -> None:
    columns = {"day": {"type": "date"}, "amount": {"type": declared}}
    shop = Warehouse(project(sources=[source(columns=columns)])).fill()
    shop.fill_source(columns=f"day date, amount {there}")
    found = preflight(shop.con, shop.project)
    if not said:
        assert (found.mistyped, found.kpis_left_out) == ({}, frozenset())
        return
    assert found.kpis_left_out == {"revenue"}
    assert found.mistyped["till"].found == f"raw.till, read by an earlier contract, has {said}"


JOIN = {
    "model": "dim_customer",
    "on": {"who": "who"},
    "dimensions": ["region"],
    "source": "crm",
}


def _with_a_join() -> Project:
    """revenue has totals, by_region is also sliced by the join's region, growing rests on it."""
    growing = {"growth": {"of": "by_region", "versus": "previous_period"}}
    return project(
        sources=[source(), source("crm")],
        datasets=[dataset(joins=[JOIN])],
        kpis=[kpi(), kpi("by_region", grain=[[], ["region"]]), kpi("growing", growing)],
    )


def test_a_source_of_a_join_alone_that_never_came_leaves_out_what_is_sliced_by_it():
    shop = Warehouse(_with_a_join())
    shop.load()
    shop.fill_source()
    shop.fill_source("crm", on=[])
    shop.fill_dataset()
    shop.fill_kpi("revenue")
    found = preflight(shop.con, shop.project)
    assert (found.datasets_left_out, found.kpis_left_out) == (frozenset(), {"by_region", "growing"})
    shop.judge()
    assert shop.verdicts("revenue")["2017-03-05"].short == ("final", "")
    for name in ("by_region", "growing"):
        verdict = shop.verdicts(name)["2017-03-05"]
        assert verdict.short == ("unmeasurable", "SOURCE_MISSING")
        assert (verdict["party"], verdict["root"]) == ("crm_owner", "source:crm")


def test_what_is_not_sliced_by_a_join_is_not_told_of_its_source_when_its_own_is_missing_too():
    shop = Warehouse(_with_a_join())
    for name in ("till", "crm"):
        shop.fill_source(name, on=[])
    shop.judge()
    missing = shop.con.execute(
        "select distinct kpi, sources_missing from audit.evidence order by all"
    ).fetchall()
    assert missing == [("by_region", 2), ("growing", 2), ("revenue", 1)]


def test_a_source_of_a_join_alone_without_a_table_keeps_the_whole_dataset_from_being_computed():
    specs = _with_a_join()
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source()
    found = preflight(shop.con, specs)
    assert found.datasets_left_out == {"sales"}
    assert found.kpis_left_out == {"revenue", "by_region", "growing"}
    shop.judge()  # parts of both stand in one table
    for name in ("revenue", "by_region"):
        verdict = shop.verdicts(name)["2017-03-05"]
        assert verdict.short == ("unmeasurable", "SOURCE_MISSING")
        assert (verdict["party"], verdict["root"]) == ("crm_owner", "source:crm")


def test_a_source_of_a_join_that_no_kpi_is_sliced_by_keeps_nothing() -> None:
    specs = project(sources=[source(), source("crm")], datasets=[dataset(joins=[JOIN])])
    shop = Warehouse(specs)
    shop.load()
    shop.fill_source()
    assert preflight(shop.con, specs).kpis_left_out == frozenset()
