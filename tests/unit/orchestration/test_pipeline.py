import datetime as dt
import os
import shutil
import signal
import subprocess
import sys

import pytest
from dagster import AssetKey, DagsterRun, DagsterRunStatus, job, op

from orchestration import pipeline
from orchestration.paths import ProjectPaths
from orchestration.resources import (
    INSTANCE_SETTINGS,
    context_of,
    open_instance,
    session_resource,
    tidy_history,
)
from orchestration.run_context import OrderError
from orchestration.run_lock import RunLockedError, hold_run_lock
from orchestration.state import live_run

HERE = os.path.dirname(__file__)


@job
def never_run():
    """A job for runs that nobody runs."""


# A run in a process of its own that hangs in one step, to be killed there.
HANG = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import FakeSteps, load_project, ProjectPaths
from orchestration import pipeline
def hang(*args, **kwargs):
    print("hanging", flush=True)
    time.sleep(60)
fakes = FakeSteps(loads=[("orders", "a"), ("ads", "b")])
setattr(fakes, sys.argv[3], hang)
root = Path(sys.argv[2])
pipeline.run(ProjectPaths(root), load_project(root).project, steps=fakes.steps())
"""


@pytest.fixture(scope="session")
def empty_history(tmp_path_factory):
    """A new run history; making one takes Dagster most of a second, copying it none."""
    paths = ProjectPaths(tmp_path_factory.mktemp("history"))
    with open_instance(paths):
        pass
    return paths.dagster_home


@pytest.fixture
def shop(shop, empty_history):
    shutil.copytree(empty_history, shop.paths.dagster_home)
    return shop


def history(shop) -> list[tuple[str, DagsterRunStatus]]:
    with open_instance(shop.paths) as instance:
        return [(run.run_id, run.status) for run in reversed(instance.get_runs())]


def run(shop, fakes, **order):
    return pipeline.run(shop.paths, shop.project, steps=fakes.steps(), **order)


def test_a_run_is_in_the_projects_own_history_under_the_id_it_published(shop, fakes):
    result = run(shop, fakes, as_of=dt.date(2024, 2, 20))
    assert result.status == "published"
    assert history(shop) == [(result.run_id, DagsterRunStatus.SUCCESS)]
    assert live_run(shop.paths.published_file) == result.run_id
    with open_instance(shop.paths) as instance:
        recorded = instance.get_run_by_id(result.run_id)
        assert recorded.job_name == "kpi_run"
        assert recorded.tags["kpi/as_of"] == "2024-02-20"


def test_telemetry_is_off_in_the_projects_history(shop, fakes):
    run(shop, fakes)
    written = (shop.paths.dagster_home / "dagster.yaml").read_text()
    assert written == INSTANCE_SETTINGS
    assert "telemetry:\n  enabled: false" in written


def test_a_second_run_says_that_nothing_is_new_and_which_kpis_still_lack_a_value(shop, fakes):
    fakes.statuses = {"revenue": "unmeasurable"}
    first = run(shop, fakes)
    second = run(shop, fakes)
    assert (second.status, second.reason, second.computed) == ("unchanged", "nothing new", ())
    assert first.unmeasurable_due == second.unmeasurable_due == ("revenue",)
    assert live_run(shop.paths.published_file) == first.run_id
    assert [status for _, status in history(shop)] == [DagsterRunStatus.SUCCESS] * 2


def test_a_run_with_nothing_new_imports_neither_dbt_nor_great_expectations(shop, fakes):
    run(shop, fakes)
    script = HANG.replace("setattr(", "print(").replace("\npipeline.run(", "\nr = pipeline.run(")
    script += "\nprint(r.status, {'dbt', 'great_expectations'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script, HERE, str(shop.paths.root), "x"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "unchanged set()"


@pytest.mark.parametrize("step", ["ingest orders", "dbt", "publish"])
def test_a_crash_of_the_machinery_fails_the_run_and_publishes_nothing(shop, fakes, step):
    first = run(shop, fakes)
    fakes.loads.append(("orders", "new"))
    fakes.raising = {step: OSError("disk full")}
    with pytest.raises(OSError, match="disk full"):
        run(shop, fakes)
    assert [status for _, status in history(shop)] == [
        DagsterRunStatus.SUCCESS,
        DagsterRunStatus.FAILURE,
    ]
    assert live_run(shop.paths.published_file) == first.run_id
    fakes.raising = {}
    assert run(shop, fakes).status == "published"


def test_a_second_run_is_refused_while_one_is_under_way(shop, fakes):
    with hold_run_lock(shop.paths.var, "first"), pytest.raises(RunLockedError):
        run(shop, fakes)
    assert fakes.calls == []


@pytest.mark.parametrize(
    "order",
    [
        {"select": ["revenu"]},
        {"from_": dt.date(2024, 2, 2), "to": dt.date(2024, 2, 1)},
        {"as_of": dt.date(2020, 1, 1)},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_before_anything_is_touched(shop, fakes, order):
    with pytest.raises(OrderError):
        run(shop, fakes, **order)
    assert not shop.paths.warehouse.exists()
    assert fakes.calls == []


@pytest.mark.parametrize("step", ["run_models", "publish"])
def test_a_killed_run_leaves_the_publication_and_is_marked_failed_by_the_next(shop, fakes, step):
    first = run(shop, fakes)
    fakes.loads.append(("orders", "new"))
    script = HANG.replace('("ads", "b")]', '("ads", "b"), ("orders", "new")]')
    killed = subprocess.Popen(
        [sys.executable, "-c", script, HERE, str(shop.paths.root), step],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert killed.stdout.readline() == "hanging\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert live_run(shop.paths.published_file) == first.run_id
    assert history(shop)[1][1] == DagsterRunStatus.STARTED  # what the UI would show for ever

    third = run(shop, fakes)
    assert third.status == "published"
    assert [status for _, status in history(shop)] == [
        DagsterRunStatus.SUCCESS,
        DagsterRunStatus.FAILURE,
        DagsterRunStatus.SUCCESS,
    ]


def leave_an_orphan(shop) -> str:
    with open_instance(shop.paths) as instance:
        run_id = instance.create_run_for_job(never_run, status=DagsterRunStatus.STARTED).run_id
    return run_id


def test_orphans_are_closed_before_the_ui_starts_unless_a_run_is_under_way(shop):
    orphan = leave_an_orphan(shop)
    with hold_run_lock(shop.paths.var, "under way"):
        tidy_history(shop.paths)
    assert history(shop) == [(orphan, DagsterRunStatus.STARTED)]
    tidy_history(shop.paths)
    assert history(shop) == [(orphan, DagsterRunStatus.FAILURE)]


def test_a_run_from_the_ui_holds_the_lock_keeps_the_clock_and_closes_orphans(shop, fakes):
    run(shop, fakes, as_of=dt.date(2024, 2, 20))
    leave_an_orphan(shop)
    seen = {}

    @op(required_resource_keys={"session"})
    def look(context):
        session = context.resources.session
        seen["as_of"] = session.context.as_of
        with pytest.raises(RunLockedError), hold_run_lock(shop.paths.var, "second"):
            pass

    @job(resource_defs={"session": session_resource(shop.project, shop.paths)})
    def from_ui():
        look()

    with open_instance(shop.paths) as instance:
        from_ui.execute_in_process(instance=instance)
    # A whole job begins with the sources: its clock is the project's, not the last run's.
    assert seen["as_of"] == shop.project.settings.as_of
    assert [status.value for _, status in history(shop)] == ["SUCCESS", "FAILURE", "SUCCESS"]


@pytest.mark.parametrize(
    ("selection", "as_of"),
    [
        (None, dt.date(2024, 3, 1)),
        ([AssetKey(["raw", "ads"]), AssetKey(["kpi", "revenue"])], dt.date(2024, 3, 1)),
        ([AssetKey(["kpi", "revenue"])], dt.date(2024, 2, 20)),
    ],
)
def test_a_part_without_the_sources_keeps_the_clock_of_the_warehouse(shop, fakes, selection, as_of):
    run(shop, fakes, as_of=dt.date(2024, 2, 20))
    started = DagsterRun(
        job_name="any", asset_selection=frozenset(selection) if selection else None
    )
    assert context_of(started, "run", shop.project, shop.paths).as_of == as_of


def test_a_backfill_shows_its_range_of_periods(shop, fakes):
    run(shop, fakes)
    days = {"from_": dt.date(2024, 2, 1), "to": dt.date(2024, 2, 3)}
    result = run(shop, fakes, select=["revenue"], **days)
    assert result.computed == ("revenue",)
    with open_instance(shop.paths) as instance:
        events = instance.fetch_materializations(AssetKey(["kpi", "revenue"]), limit=100).records
        own = {event.partition_key for event in events if event.run_id == result.run_id}
    assert own == {"2024-02-01", "2024-02-02", "2024-02-03"}


def test_the_seconds_of_each_stage_and_in_all_are_told(shop, fakes):
    seconds = run(shop, fakes).seconds
    assert list(seconds) == [
        "ingest", "models", "kpis", "verdicts", "publish", "alerts", "total",
    ]  # fmt: skip
    assert all(value >= 0 for value in seconds.values())
