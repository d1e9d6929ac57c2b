import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    DefaultSensorStatus,
    RunRequest,
    SkipReason,
    build_schedule_context,
)

from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.source import Arrives
from orchestration.assets.keys import ALERTS, PUBLISHED, VERDICTS
from orchestration.assets.partitions import Rhythm
from orchestration.definitions import build_defs
from orchestration.jobs import QUIET
from orchestration.resources import given
from orchestration.schedules import closed_partition

EDGES = {
    "staging/stg_orders__orders": {"raw/orders"},
    "marts/fct_orders": {"staging/stg_orders__orders"},
    "parts/kpi_parts_orders": {"marts/fct_orders"},
    "kpi/revenue_growth": {"kpi/revenue"},
    "audit/verdicts": {
        "kpi/average_order_value", "kpi/click_through_rate", "kpi/cost_per_order", "kpi/revenue",
        "kpi/revenue_growth",
    },
    "published/kpi_tables": {"audit/verdicts"},
    "audit/alerts": {"published/kpi_tables"},
}  # fmt: skip


@pytest.fixture
def defs(shop):
    return build_defs(shop.project, shop.paths)


def parents(defs, key: AssetKey) -> set[str]:
    return {p.to_user_string() for p in defs.resolve_asset_graph().get(key).parent_keys}


def materialized(result) -> set[tuple[str, str | None]]:
    events = result.get_asset_materialization_events()
    return {(event.asset_key.to_user_string(), event.partition) for event in events}


@pytest.mark.parametrize("key", EDGES)
def test_every_asset_rests_on_what_its_sql_reads(defs, key):
    assert parents(defs, AssetKey(key.split("/"))) == EDGES[key]


def test_every_kpi_leads_back_to_its_sources(defs, shop):
    graph = defs.resolve_asset_graph()
    for kpi in shop.project.kpis.values():
        above, todo = set(), [AssetKey(["kpi", kpi.kpi])]
        while todo:
            for parent in graph.get(todo.pop()).parent_keys - above:
                above.add(parent)
                todo.append(parent)
        raw = {key.path[-1] for key in above if key.path[0] == "raw"}
        assert raw == set(shop.project.sources_of(kpi)), kpi.kpi


def test_a_kpi_that_is_not_compiled_yet_is_drawn_from_its_sources(shop):
    (shop.paths.dbt_project / "models/kpis/kpi_click_through_rate.sql").unlink()
    defs = build_defs(shop.project, shop.paths)
    assert parents(defs, AssetKey(["kpi", "click_through_rate"])) == {"raw/ads"}


def test_every_kpi_and_every_source_has_one_check_that_does_not_block(defs, shop):
    graph = defs.resolve_asset_graph()
    checks = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert {(key.asset_key.path[0], key.asset_key.path[-1], key.name) for key in checks} == {
        *(("kpi", kpi, "measurable") for kpi in shop.project.kpis),
        *(("raw", source, "fresh") for source in shop.project.sources),
    }
    assert len(checks) == len(shop.project.kpis) + len(shop.project.sources)
    assert not any(spec.blocking for spec in checks.values())


@pytest.mark.parametrize("job", ["kpi_run", "kpi_daily"])
def test_a_source_that_is_late_by_its_days_fails_its_check_whenever_it_was_loaded(shop, fakes, job):
    fakes.late = {"ads"}
    how = {} if job == "kpi_run" else {"partition_key": "2024-02-29"}
    result = run(job, shop.session(fakes), shop, **how)
    found = {
        event.asset_key.path[-1]: event
        for event in result.get_asset_check_evaluations()
        if event.check_name == "fresh"
    }
    assert {source: event.passed for source, event in found.items()} == {
        "ads": False, "orders": True,
    }  # fmt: skip
    assert found["ads"].severity.value == "WARN"
    assert {name: value.value for name, value in found["ads"].metadata.items()} == {
        "data through": "2024-02-28", "promised": "2024-02-29", "days late": 1, "status": "late",
    }  # fmt: skip
    (verdicts,) = (
        event for event in result.get_asset_materialization_events() if event.asset_key == VERDICTS
    )
    told = verdicts.step_materialization_data.materialization.metadata
    assert told["late or missing"].value == "ads"
    assert "| ads | 2024-02-28 | 2024-02-29 | 1 | late |" in told["freshness"].value


def with_every_cadence(shop):
    kpis = {
        f"orders_{cadence}": shop.project.kpis["revenue"].model_copy(
            update={"kpi": f"orders_{cadence}", "cadence": (cadence,)}
        )
        for cadence in CADENCES
    }
    return replace(shop.project, kpis=kpis)


@pytest.mark.parametrize("cadence", CADENCES)
def test_every_cadence_has_its_partitions_its_job_and_its_schedule(shop, cadence):
    defs = build_defs(with_every_cadence(shop), shop.paths)
    node = defs.resolve_asset_graph().get(AssetKey(["kpi", f"orders_{cadence}"]))
    job = defs.resolve_job_def(f"kpi_{cadence}")
    assert job.partitions_def == node.partitions_def
    assert node.backfill_policy.max_partitions_per_run is None  # single run
    selected = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert {key for key in selected if key.startswith("kpi/")} == {f"kpi/orders_{cadence}"}
    assert {"raw/orders", "marts/fct_orders", "published/kpi_tables"} <= selected
    schedule = defs.resolve_schedule_def(f"kpi_{cadence}_schedule")
    assert schedule.execution_timezone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("promised", "cron"),
    [
        ([None, None], "0 6 * * *"),
        (["04:30", None], "0 6 * * *"),  # never before six
        (["06:00", "07:00"], "0 7 * * *"),
        (["07:01", "06:00"], "0 8 * * *"),
        (["23:30", None], "0 23 * * *"),  # as late as the day allows
    ],
)
def test_a_schedule_waits_for_the_hour_that_its_sources_promise(shop, promised, cron):
    sources = {
        name: source.model_copy(
            update={"arrives": Arrives(every="day", within="1 day", by=by)},
        )
        for (name, source), by in zip(shop.project.sources.items(), promised, strict=True)
    }
    defs = build_defs(replace(shop.project, sources=sources), shop.paths)
    assert defs.resolve_schedule_def("kpi_daily_schedule").cron_schedule == cron


def test_only_cadences_that_a_kpi_has_get_a_job_and_the_whole_location_loads(defs):
    repository = defs.get_repository_def()
    repository.load_all_definitions()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"kpi_run", "kpi_daily", "kpi_monthly"}


def test_a_cadence_that_partitions_nothing_is_scheduled_over_the_main_job(defs):
    jobs = {s.name: s.job_name for s in defs.get_repository_def().schedule_defs}
    assert jobs == {
        "kpi_daily_schedule": "kpi_daily",
        "kpi_weekly_schedule": "kpi_run",  # revenue is weekly too, and daily
        "kpi_monthly_schedule": "kpi_monthly",
    }


@pytest.mark.parametrize(
    ("cadence", "today", "key"),
    [
        ("daily", "2024-03-01", "2024-02-29"),
        ("weekly", "2024-03-04", "2024-02-26"),
        ("monthly", "2024-03-01", "2024-02"),
        ("yearly", "2025-01-01", "2024"),
        ("quarterly", "2024-04-01", "2024-01-01"),
        ("weekly", "2025-01-01", "2024-12-23"),
    ],
)
def test_a_schedule_asks_for_the_period_that_has_just_closed(shop, cadence, today, key):
    rhythm = Rhythm("gregorian", cadence)
    assert closed_partition(rhythm, shop.project.settings, dt.date.fromisoformat(today)) == key


def test_kpis_of_another_calendar_have_partitions_a_job_and_a_schedule_of_their_own(shop):
    defs = build_defs(shop.with_kpi("cost_per_order", calendar="jalali"), shop.paths)
    defs.get_repository_def().load_all_definitions()
    job = defs.resolve_job_def("kpi_jalali_monthly")
    # 1 January to 1 March 2024 is 11 Dey to 11 Esfand 1402.
    assert job.partitions_def.get_partition_keys() == ["1402-10", "1402-11", "1402-12"]
    selected = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert {key for key in selected if key.startswith("kpi/")} == {"kpi/cost_per_order"}

    def tick(day: dt.date):
        six = dt.datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo("Europe/Berlin"))
        schedule = defs.resolve_schedule_def("kpi_jalali_monthly_schedule")
        assert schedule.job_name == "kpi_run"
        return schedule(build_schedule_context(scheduled_execution_time=six))

    request = tick(dt.date(2024, 3, 20))  # 1 Farvardin 1403
    assert isinstance(request, RunRequest)
    assert request.run_key == "1402-12"
    skipped = tick(dt.date(2024, 3, 19))
    assert isinstance(skipped, SkipReason)
    assert skipped.skip_message == "1402-12 runs until 2024-03-19."


def test_a_growth_in_another_calendar_s_months_rests_on_its_daily_input(shop):
    project = shop.with_kpi("revenue", calendar="jalali")
    growth = project.kpis["revenue_growth"].model_copy(update={"calendar": "jalali"})
    project = replace(project, kpis={**project.kpis, "revenue_growth": growth})
    defs = build_defs(project, shop.paths)
    defs.get_repository_def().load_all_definitions()
    assert parents(defs, AssetKey(["kpi", "revenue_growth"])) == {"kpi/revenue"}


def test_a_schedule_requests_its_partition_and_says_when_there_is_none(defs):
    def tick(day: dt.date):
        six = dt.datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo("Europe/Berlin"))
        schedule = defs.resolve_schedule_def("kpi_daily_schedule")
        return schedule(build_schedule_context(scheduled_execution_time=six))

    request = tick(dt.date(2024, 3, 1))
    assert isinstance(request, RunRequest)
    assert request.partition_key == "2024-02-29"
    skipped = tick(dt.date(2026, 3, 1))
    assert isinstance(skipped, SkipReason)
    assert "remove as_of from project.yml" in skipped.skip_message


def run(job, session, shop, **how):
    with DagsterInstance.ephemeral() as instance:
        defs = build_defs(shop.project, shop.paths, overrides={"session": given(session)})
        found = defs.resolve_job_def(job) if job else defs.resolve_implicit_global_asset_job_def()
        return found.execute_in_process(instance=instance, run_config=QUIET, **how)


def test_the_main_job_materializes_every_asset_and_checks_every_kpi_in_one_run(shop, fakes, defs):
    result = run("kpi_run", shop.session(fakes), shop)
    every = {key.to_user_string() for key in defs.resolve_asset_graph().executable_asset_keys}
    assert {key for key, _ in materialized(result)} == every
    newest = {partition for key, partition in materialized(result) if key == "kpi/revenue"}
    assert newest == {"2024-02-29", "2024-03-01"}
    checks = {
        event.asset_key.path[-1]: event.passed for event in result.get_asset_check_evaluations()
    }
    assert checks == dict.fromkeys([*shop.project.kpis, *shop.project.sources], True)


def test_a_kpi_that_was_not_built_is_not_shown_as_materialized_and_the_rest_is(shop, fakes):
    fakes.failing = {"fct_ads": "boom"}
    result = run("kpi_run", shop.session(fakes), shop)
    keys = {key for key, _ in materialized(result)}
    assert not keys & {"kpi/click_through_rate", "kpi/cost_per_order", "marts/fct_ads"}
    assert {"kpi/revenue", VERDICTS.to_user_string(), PUBLISHED.to_user_string()} <= keys
    checks = {event.asset_key.path[-1]: event for event in result.get_asset_check_evaluations()}
    assert not checks["click_through_rate"].passed
    assert checks["click_through_rate"].severity.value == "ERROR"


def test_a_run_with_nothing_new_ends_after_the_sources(shop, fakes):
    run("kpi_run", shop.session(fakes), shop)
    second = run("kpi_run", shop.session(fakes, "run-2"), shop)
    assert {key for key, _ in materialized(second)} == {"raw/orders", "raw/ads"}
    assert second.success


@pytest.mark.parametrize(
    ("job", "partition"), [("kpi_daily", "2024-02-29"), ("kpi_monthly", "2024-02")]
)
def test_a_cadence_job_publishes_all_kpis_on_the_same_data(shop, fakes, job, partition):
    result = run(job, shop.session(fakes), shop, partition_key=partition)
    keys = materialized(result)
    own = "kpi/revenue" if job == "kpi_daily" else "kpi/average_order_value"
    assert (own, partition) in keys
    assert {key for key, _ in keys if key.startswith("kpi/")} == {
        f"kpi/{k}" for k in shop.project.kpis
    }
    assert {VERDICTS.to_user_string(), PUBLISHED.to_user_string(), ALERTS.to_user_string()} <= {
        key for key, _ in keys
    }


def test_a_cadence_job_without_one_source_still_judges_and_publishes(shop, fakes):
    fakes.left_out = ({"click_through_rate", "cost_per_order"}, {"ads"})
    result = run("kpi_daily", shop.session(fakes), shop, partition_key="2024-02-29")
    keys = {key for key, _ in materialized(result)}
    assert PUBLISHED.to_user_string() in keys
    assert "kpi/click_through_rate" not in keys


def test_a_cadence_job_with_nothing_new_publishes_nothing(shop, fakes):
    run("kpi_run", shop.session(fakes), shop)
    again = run("kpi_daily", shop.session(fakes, "run-2"), shop, partition_key="2024-02-29")
    assert {key for key, _ in materialized(again)} == {"raw/orders", "raw/ads"}


@pytest.mark.parametrize(
    ("kpi", "first", "last", "keys"),
    [
        ("revenue", "2024-01-30", "2024-02-02",
         ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"]),
        ("revenue_growth", "2024-01", "2024-02", ["2024-01", "2024-02"]),
    ],
)  # fmt: skip
def test_a_backfill_over_a_range_of_one_kpi_is_a_single_run(shop, fakes, kpi, first, last, keys):
    result = run(
        None, shop.session(fakes), shop, asset_selection=[AssetKey(["kpi", kpi])],
        tags={
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        },
    )  # fmt: skip
    assert materialized(result) == {(f"kpi/{kpi}", key) for key in keys}
    assert fakes.builds == [[f"kpi_{kpi}"]]


def with_a_jalali_kpi(shop):
    return replace(shop, project=shop.with_kpi("cost_per_order", calendar="jalali"))


def test_a_job_of_another_calendar_materializes_its_partition(shop, fakes):
    jalali = with_a_jalali_kpi(shop)
    how = {"partition_key": "1402-11"}
    result = run("kpi_jalali_monthly", jalali.session(fakes), jalali, **how)
    assert ("kpi/cost_per_order", "1402-11") in materialized(result)


def test_the_main_job_shows_the_newest_periods_of_each_kpi_s_calendar(shop, fakes):
    jalali = with_a_jalali_kpi(shop)
    found = materialized(run("kpi_run", jalali.session(fakes), jalali))
    for kpi, newest in (
        ("cost_per_order", {"1402-11", "1402-12"}),
        ("average_order_value", {"2024-02", "2024-03"}),
    ):
        assert {partition for key, partition in found if key == f"kpi/{kpi}"} == newest


def test_a_backfill_over_a_range_of_another_calendar_is_a_single_run(shop, fakes):
    jalali = with_a_jalali_kpi(shop)
    result = run(
        None, jalali.session(fakes), jalali, asset_selection=[AssetKey(["kpi", "cost_per_order"])],
        tags={
            "dagster/asset_partition_range_start": "1402-10",
            "dagster/asset_partition_range_end": "1402-12",
        },
    )  # fmt: skip
    keys = ("1402-10", "1402-11", "1402-12")
    assert materialized(result) == {("kpi/cost_per_order", key) for key in keys}


def test_the_sensor_of_alerts_is_off_until_someone_turns_it_on(defs):
    (sensor,) = defs.sensors
    assert sensor.default_status == DefaultSensorStatus.STOPPED
    assert sensor().skip_message == "there is no warehouse yet: nothing has run."
