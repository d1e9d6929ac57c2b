import datetime as dt
from dataclasses import replace

import duckdb
import pytest

from kpi_specs.language import load_project
from orchestration import run_log

AS_OF = dt.date(2024, 3, 1)
SHARED = {
    "stg_ads__days", "stg_orders__orders", "fct_ads", "fct_orders", "kpi_parts_ads",
    "kpi_parts_orders",
}  # fmt: skip
KPIS = {
    "kpi_revenue", "kpi_revenue_growth", "kpi_average_order_value", "kpi_click_through_rate",
    "kpi_cost_per_order",
}  # fmt: skip


def status_of(session) -> dict[str, str]:
    with session.warehouse() as con:
        return dict(con.execute("select run_id, status from audit.runs").fetchall())


def test_a_first_run_calls_every_step_once_in_order(shop, fakes):
    session = shop.session(fakes)
    session.run()
    assert fakes.calls == [
        "calendar", "ingest ads", "ingest orders", "preflight", "dbt", "dbt", "judge", "publish",
        "incidents", "deliver",
    ]  # fmt: skip
    assert [set(build) for build in fakes.builds] == [SHARED, KPIS]
    assert status_of(session) == {"run-1": "published"}


def test_a_run_that_dies_after_its_publication_leaves_its_alerts_to_the_next(shop, fakes):
    fakes.raising = {"incidents": OSError("killed")}
    with pytest.raises(OSError, match="killed"):
        shop.session(fakes).run()
    fakes.raising = {}
    fakes.calls.clear()
    shop.session(fakes, "run-2").run()
    assert fakes.calls[-3:] == ["publish", "incidents", "deliver"]
    assert status_of(shop.session(fakes, "run-2")) == {"run-1": "died", "run-2": "published"}


def test_a_second_run_with_nothing_new_neither_builds_nor_judges_nor_publishes(shop, fakes):
    shop.session(fakes).run()
    fakes.calls.clear()
    second = shop.session(fakes, "run-2")
    second.run()
    assert fakes.calls == ["calendar", "ingest ads", "ingest orders", "deliver"]
    assert second.publication is None
    assert status_of(second) == {"run-1": "published", "run-2": "unchanged"}


@pytest.mark.parametrize(
    "change",
    ["new file", "next day", "full refresh", "no published file"],
)
def test_a_second_run_computes_everything_when_something_is_new(shop, fakes, change):
    shop.session(fakes).run()
    fakes.builds.clear()
    order = {}
    if change == "new file":
        fakes.loads.append(("ads", "c"))
    elif change == "next day":
        order = {"as_of": AS_OF + dt.timedelta(days=1)}
    elif change == "full refresh":
        order = {"full_refresh": True}
    else:
        shop.paths.published_file.unlink()
    second = shop.session(fakes, "run-2", **order)
    second.run()
    assert [set(build) for build in fakes.builds] == [SHARED, KPIS]
    assert second.publication.run_id == "run-2"


def test_a_changed_spec_computes_its_kpi_and_those_over_it_only(shop, fakes):
    shop.session(fakes).run()
    fakes.builds.clear()
    shop.session(fakes, "run-2", project=shop.with_kpi("revenue", version=2)).run()
    shared, kpis = fakes.builds
    assert set(kpis) == {"kpi_revenue", "kpi_revenue_growth"}
    assert set(shared) == {
        "stg_orders__orders", "fct_orders", "kpi_parts_orders",
    }  # fmt: skip


def test_a_selection_adds_to_what_is_new_and_is_all_there_is_otherwise(shop, fakes):
    shop.session(fakes).run()
    fakes.builds.clear()
    shop.session(fakes, "run-2", select=("click_through_rate",)).run()
    assert fakes.builds[-1] == ["kpi_click_through_rate"]
    fakes.loads.append(("orders", "c"))
    shop.session(fakes, "run-3", select=("click_through_rate",)).run()
    assert set(fakes.builds[-1]) == KPIS


def test_a_backfill_without_a_selection_concerns_every_kpi(shop, fakes):
    shop.session(fakes).run()
    fakes.builds.clear()
    shop.session(fakes, "run-2", from_=dt.date(2024, 2, 1)).run()
    assert set(fakes.builds[-1]) == KPIS


def test_models_of_a_missing_source_are_left_out_and_the_others_built(shop, fakes):
    fakes.left_out = ({"click_through_rate", "cost_per_order"}, {"ads"})
    session = shop.session(fakes)
    session.run()
    built = {name for build in fakes.builds for name in build}
    assert KPIS - built == {"kpi_click_through_rate", "kpi_cost_per_order"}
    assert not {name for name in built if name.startswith("kpi_parts_ads")}
    assert fakes.compute_errors == {}  # missing is not broken
    assert session.publication is not None


def test_a_dataset_s_parts_in_every_calendar_are_left_out_with_it(shop, fakes):
    fakes.left_out = ({"click_through_rate", "cost_per_order"}, {"ads"})
    project = shop.with_kpi("click_through_rate", calendar="jalali")
    session = shop.session(fakes, project=project)
    session.run()
    parts = {name for name in session.graph.models if name.startswith("kpi_parts_")}
    assert parts == {"kpi_parts_ads", "kpi_parts_ads__jalali", "kpi_parts_orders"}
    built = {name for build in fakes.builds for name in build}
    assert built & parts == {"kpi_parts_orders"}


def test_a_failed_mart_is_a_compute_error_and_its_kpis_are_not_built_over_the_old_one(shop, fakes):
    fakes.failing = {"fct_ads": "no such column"}
    session = shop.session(fakes)
    session.run()
    assert fakes.compute_errors == dict.fromkeys(
        ["click_through_rate", "cost_per_order"], "fct_ads: no such column"
    )
    assert set(fakes.builds[-1]) == {
        "kpi_revenue", "kpi_revenue_growth", "kpi_average_order_value",
    }  # fmt: skip
    assert session.publication is not None


def test_after_a_failed_model_the_next_run_tries_again_although_nothing_is_new(shop, fakes):
    fakes.failing = {"kpi_revenue": "out of memory"}
    shop.session(fakes).run()
    assert set(fakes.compute_errors) == {"revenue", "revenue_growth"}
    fakes.failing = {}
    shop.session(fakes, "run-2").run()
    assert fakes.compute_errors == {}
    third = shop.session(fakes, "run-3")
    third.run()
    assert third.unchanged


def test_a_model_that_dbt_says_nothing_about_is_an_error(shop, fakes):
    session = shop.session(fakes)

    def forgetful_dbt(paths, select, told, **more):
        return fakes.run_models(paths, [n for n in select if n != "kpi_revenue"], told, **more)

    session.steps = replace(session.steps, run_models=forgetful_dbt)
    session.run()
    assert fakes.compute_errors["revenue"] == "kpi_revenue: dbt did not report it"


def test_a_part_of_the_pipeline_knows_what_failed_in_an_earlier_run(shop, fakes):
    fakes.failing = {"fct_ads": "boom"}
    shop.session(fakes).run()
    fakes.failing = {}
    fakes.builds.clear()
    part = shop.session(fakes, "run-2")
    part.build_kpis(["click_through_rate", "revenue"])
    part.judge()
    assert fakes.builds == [["kpi_revenue"]]
    assert set(fakes.compute_errors) == {"click_through_rate", "cost_per_order"}


def test_a_part_does_not_publish_a_table_of_another_definition(shop, fakes):
    shop.session(fakes).run()
    changed = shop.with_kpi("click_through_rate", version=2)
    part = shop.session(fakes, "run-2", project=changed)
    part.build_kpis(["revenue"])
    part.judge()
    assert fakes.compute_errors == {
        "click_through_rate": "kpi_click_through_rate: was not built: its table rests on other "
        "data or another definition; run the whole pipeline"
    }
    part.publish()
    fakes.builds.clear()
    shop.session(fakes, "run-3", project=changed).run()
    assert set(fakes.builds[-1]) == KPIS
    assert fakes.compute_errors == {}


def test_a_part_does_not_publish_tables_of_other_data(shop, fakes):
    shop.session(fakes).run()
    with shop.session(fakes, "run-2").warehouse() as con:
        con.execute("insert into audit.loads values ('ads', 'f2', 'x', 1, 0, 'loaded', '', '')")
    part = shop.session(fakes, "run-3")
    part.judge()
    assert set(fakes.compute_errors) == {name.removeprefix("kpi_") for name in KPIS}


def new_file(shop, fakes, run_id: str, name: str) -> None:
    """A run that loads a new file and ends there."""
    fakes.loads.append((name, run_id))
    loading = shop.session(fakes, run_id)
    for _ in loading.ingest([name]):
        pass
    loading.close()


def test_a_kpi_is_not_built_over_a_table_of_other_data(shop, fakes):
    shop.session(fakes).run()
    new_file(shop, fakes, "run-2", "ads")
    fakes.builds.clear()
    part = shop.session(fakes, "run-3")
    part.build_kpis(["click_through_rate"])
    assert fakes.builds == []
    # Nor is it trusted once the tables below it have been built and it has not.
    part.build_models()
    part.judge()
    assert set(fakes.compute_errors) == set(shop.project.kpis)
    assert fakes.compute_errors["click_through_rate"].startswith("kpi_click_through_rate: ")


def test_a_shared_table_is_not_built_over_one_of_other_data(shop, fakes):
    shop.session(fakes).run()
    new_file(shop, fakes, "run-2", "orders")
    fakes.builds.clear()
    shop.session(fakes, "run-3").build_models(["kpi_parts_orders"])
    assert fakes.builds == [["fct_orders", "kpi_parts_orders", "stg_orders__orders"]]


def test_parts_of_another_definition_are_built_before_the_kpi(shop, fakes):
    shop.session(fakes).run()
    spec = shop.paths.specs / "kpis/sales/revenue.yml"
    text = spec.read_text(encoding="utf-8")
    assert "{sum: amount}" in text
    spec.write_text(text.replace("{sum: amount}", "{sum: 2 * amount}"), encoding="utf-8")
    doubled = load_project(shop.paths.root).project
    part = shop.session(fakes, "run-2", project=doubled)
    part.judge()
    stale = "kpi_parts_orders: was not built: its table rests on other data or another definition"
    assert set(fakes.compute_errors) == {"revenue", "revenue_growth"}
    assert all(message.startswith(stale) for message in fakes.compute_errors.values())
    fakes.builds.clear()
    part.build_kpis(["revenue"])
    assert fakes.builds == [], "the parts lack its column, or have it with another meaning"
    part.build_models(["kpi_parts_orders"])
    part.build_kpis(["revenue", "revenue_growth"])
    part.judge()
    assert fakes.compute_errors == {}


def test_publishing_alone_judges_first(shop, fakes):
    shop.session(fakes).run()
    part = shop.session(fakes, "run-2", project=shop.with_kpi("revenue", version=2))
    fakes.calls.clear()
    part.publish()
    assert fakes.calls == ["calendar", "preflight", "judge", "publish", "incidents"]
    assert set(fakes.compute_errors) == {"revenue", "revenue_growth"}


def test_after_a_part_that_completed_the_publication_nothing_is_left_to_do(shop, fakes):
    changed = shop.with_kpi("click_through_rate", version=2)
    shop.session(fakes).run()
    part = shop.session(fakes, "run-2", project=changed)
    part.build_kpis(["click_through_rate"])
    part.publish()
    whole = shop.session(fakes, "run-3", project=changed)
    whole.run()
    assert whole.unchanged


def test_tables_of_a_build_that_was_cut_short_are_not_trusted(shop, fakes):
    shop.session(fakes).run()
    fakes.raising = {"dbt": KeyboardInterrupt()}
    cut = shop.session(fakes, "run-2")
    with pytest.raises(KeyboardInterrupt):
        cut.build_models(["fct_ads"])
    fakes.raising = {}
    shop.session(fakes, "run-3").judge()
    assert fakes.compute_errors == dict.fromkeys(
        ["click_through_rate", "cost_per_order"],
        "fct_ads: was not built: its build was cut short; run the whole pipeline",
    )


def test_after_a_rollback_the_next_run_publishes_anew(shop, fakes):
    shop.session(fakes).run()
    with duckdb.connect(str(shop.paths.published_file)) as live:
        live.execute("update publication set run_id = 'an earlier one'")
    session = shop.session(fakes, "run-2")
    session.run()
    assert session.plan.reason == "an earlier publication is live (a rollback), or another file"
    assert session.publication is not None


def test_parquet_files_that_are_gone_are_written_again(shop, fakes):
    shop.session(fakes).run()
    shop.paths.parquet.rmdir()
    session = shop.session(fakes, "run-2")
    session.run()
    assert session.plan.reason == "the Parquet files are not there"
    assert shop.paths.parquet.is_dir()


def test_after_a_run_that_died_halfway_everything_is_computed_again(shop, fakes):
    shop.session(fakes).run()
    died = shop.session(fakes, "run-2", as_of=AS_OF + dt.timedelta(days=1))
    for _ in died.ingest():
        pass
    died.build_models()  # tables of another clock
    fakes.builds.clear()
    shop.session(fakes, "run-3", select=("revenue",)).run()
    assert [set(build) for build in fakes.builds] == [SHARED, KPIS]


def test_kpis_that_were_never_built_are_not_judged_as_if_they_were(shop, fakes):
    session = shop.session(fakes)
    session.build_models()
    session.judge()
    assert fakes.compute_errors["revenue"] == "kpi_revenue: was not built: never built"


def test_progress_is_told_stage_by_stage_up_to_the_last_model(shop, fakes):
    told = []
    session = shop.session(fakes)
    session.on_progress = lambda stage, done, total, label: told.append((stage, done, total))
    session.run()
    assert list(dict.fromkeys(stage for stage, *_ in told)) == [
        "ingest", "models", "kpis", "verdicts", "publish", "alerts",
    ]  # fmt: skip
    for stage, total in {"ingest": 2, "models": len(SHARED), "kpis": len(KPIS)}.items():
        assert (stage, total, total) in told


def test_a_failure_is_noted_and_a_publication_stays_one(shop, fakes):
    fakes.raising = {"deliver": OSError("no route")}
    session = shop.session(fakes)
    with pytest.raises(OSError, match="no route"):
        session.run()
    session.fail(OSError("no route"))
    assert status_of(session) == {"run-1": "published"}
    with session.warehouse() as con:
        assert run_log.last_published_state(con) is not None


def test_the_warehouse_is_closed_while_dbt_runs(shop, fakes):
    seen = []

    def dbt(paths, select, told, **more):
        # Another configuration is refused while any connection of this process is open.
        duckdb.connect(str(paths.warehouse), config={"threads": 1}).close()
        seen.append(len(select))
        return fakes.run_models(paths, select, told, **more)

    session = shop.session(fakes)
    session.steps = replace(session.steps, run_models=dbt)
    session.run()
    assert seen == [len(SHARED), len(KPIS)]


def test_what_could_not_be_judged_is_tried_again_though_nothing_is_new(shop, fakes):
    fakes.statuses = {"revenue": "error"}
    shop.session(fakes).run()
    fakes.statuses = {}
    again = shop.session(fakes, "run-2")
    again.run()
    assert not again.unchanged
    last = shop.session(fakes, "run-3")
    last.run()
    assert last.unchanged
