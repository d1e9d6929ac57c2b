import datetime as dt
import subprocess
import sys
import textwrap

import duckdb
import pytest
from publish_world import read

from orchestration.publish import PublishError, publications, publishing, rollback
from orchestration.publish.files import read_publication


def live_run(world):
    return world.read("SELECT run_id FROM publication")[0][0]


def parquet_run(world):
    file = world.paths.parquet / "publication.parquet"
    return duckdb.sql(f"SELECT run_id FROM '{file}'").fetchall()[0][0]


def leftovers(world):
    return [path.name for path in world.paths.published.rglob(".*")]


def at(day):
    return dt.datetime(2017, 6, day)


def test_file_and_parquet_hold_the_same_rows(shop):
    publication = shop.publish("run1")
    assert publication.counts["kpi_values"] == 6
    names = {file.stem for file in shop.paths.parquet.iterdir()}
    assert names == set(publication.counts)
    for name, count in publication.counts.items():
        file = shop.paths.parquet / f"{name}.parquet"
        assert duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchall() == [(count,)]
        assert shop.read(f"SELECT count(*) FROM {name}") == [(count,)]


def test_the_file_can_be_read_by_older_versions(shop):
    shop.publish()
    with duckdb.connect(str(shop.paths.published_file), read_only=True) as con:
        tags = con.execute(
            "SELECT tags FROM duckdb_databases() WHERE database_name = 'kpis'"
        ).fetchall()
    assert tags[0][0]["storage_version"].startswith("v1.2.0")


def test_an_aware_time_is_published_as_utc(shop):
    tehran = dt.timezone(dt.timedelta(hours=3, minutes=30))
    shop.publish("run1", dt.datetime(2017, 6, 15, 12, 0, tzinfo=tehran))
    assert shop.read("SELECT computed_at FROM publication") == [(dt.datetime(2017, 6, 15, 8, 30),)]


def test_a_reader_with_the_file_open_neither_blocks_nor_breaks(shop):
    shop.publish("run1")
    script = f"""
        import duckdb, sys
        con = duckdb.connect({str(shop.paths.published_file)!r}, read_only=True)
        print(con.execute("SELECT run_id FROM publication").fetchone()[0], flush=True)
        sys.stdin.readline()
        print(con.execute("SELECT DISTINCT run_id FROM kpi_values").fetchall(), flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as reader:
        assert reader.stdout.readline() == "run1\n"
        shop.publish("run2")
        assert live_run(shop) == "run2"
        assert reader.communicate("\n")[0] == "[('run1',)]\n"


def test_a_reader_in_the_same_process_does_not_block(shop):
    shop.publish("run1")
    with duckdb.connect(str(shop.paths.published_file), read_only=True) as con:
        con.execute("SELECT run_id FROM publication").fetchall()
        shop.publish("run2")
        assert con.execute("SELECT run_id FROM publication").fetchall() == [("run1",)]
    assert live_run(shop) == "run2"


STEPS = [
    "files.archive_live",
    "Build._gather",
    "Build._fill",
    "Build._sign",
    "export_parquet",
    "files.swap_file",
    "files.os.replace",
]


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it."""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_live_file_and_the_next_run_succeeds(shop, monkeypatch, step):
    shop.publish("run1", at(1))
    before = shop.paths.published_file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(f"orchestration.publish.publishing.{step}", raiser(Killed()))
        patch.setattr(publishing, "_tidy", lambda *_: None)
        with pytest.raises(Killed):
            shop.publish("run2", at(2))
    assert shop.paths.published_file.read_bytes() == before
    assert parquet_run(shop) == "run1"
    shop.publish("run3", at(3))
    assert (live_run(shop), parquet_run(shop), leftovers(shop)) == ("run3", "run3", [])
    assert [one.run_id for one in publications(shop.paths)] == ["run1"]


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_at_any_step_publishes_nothing_and_says_so(shop, monkeypatch, step):
    shop.publish("run1")
    before = shop.paths.published_file.read_bytes()
    full = OSError(28, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(f"orchestration.publish.publishing.{step}", raiser(full))
        with pytest.raises(PublishError) as raised:
            shop.publish("run2")
    assert str(raised.value) == (
        f"Nothing was published; {shop.paths.published_file} is as it was. The disk is full: free "
        "some space and run again."
    )
    assert shop.paths.published_file.read_bytes() == before
    assert leftovers(shop) == []


def test_a_write_that_really_fails_leaves_the_live_file(shop):
    shop.publish("run1")
    before = shop.paths.published_file.read_bytes()
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Smaller than the copy of the live file, larger than anything written to the warehouse.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - 100_000, old[1]))
    try:
        with pytest.raises(PublishError, match="Nothing was published"):
            shop.publish("run2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert shop.paths.published_file.read_bytes() == before
    shop.publish("run3")
    assert live_run(shop) == "run3"


def test_a_failed_parquet_swap_is_told_apart_from_a_failed_publication(shop, monkeypatch):
    shop.publish("run1")
    monkeypatch.setattr(publishing.files, "swap_parquet", raiser(OSError("busy")))
    with pytest.raises(PublishError, match=r"kpis\.duckdb is published, but .*parquet could not"):
        shop.publish("run2")
    assert (live_run(shop), parquet_run(shop)) == ("run2", "run1")


def test_a_parquet_folder_moved_aside_by_a_killed_run_comes_back(shop):
    shop.publish("run1")
    shop.paths.parquet.rename(shop.paths.published / ".replaced-x.parquet")
    shop.con.execute("DELETE FROM audit.verdicts")  # the next run does not get to publishing
    with pytest.raises(PublishError):
        shop.publish("run2")
    assert parquet_run(shop) == "run1"


def test_parquet_goes_where_the_project_does_not_want_it(shop):
    shop.publish("run1")
    settings = shop.project.settings
    publish = settings.publish.model_copy(update={"parquet": False})
    object.__setattr__(shop.project, "settings", settings.model_copy(update={"publish": publish}))
    shop.publish("run2")
    assert not shop.paths.parquet.exists()


def test_a_foreign_log_beside_the_live_file_is_not_replayed(shop):
    shop.publish("run1")
    wal = shop.paths.published_file.with_name("kpis.duckdb.wal")
    wal.write_bytes(b"written by a BI tool")
    shop.publish("run2")
    assert not wal.exists()
    assert live_run(shop) == "run2"


def test_as_many_earlier_publications_are_kept_as_the_project_wants(shop):
    for day in range(1, 6):
        shop.publish(f"run{day}", at(day))
    assert [one.run_id for one in publications(shop.paths)] == ["run4", "run3"]


def test_rollback_brings_back_the_one_before_with_its_parquet(shop):
    shop.publish("run1", at(1))
    shop.set("revenue", "2017-02", 5.0)
    shop.publish("run2", at(2))
    assert rollback(shop.paths).run_id == "run1"
    assert (live_run(shop), parquet_run(shop), leftovers(shop)) == ("run1", "run1", [])
    assert shop.read("SELECT value FROM kpi_values WHERE period = '2017-02'") == [(110.0,)]
    assert read_publication(shop.paths.published_file).run_id == "run1"


def test_rollback_goes_further_back_each_time_and_forward_by_name(shop):
    for day in (1, 2, 3):
        shop.publish(f"run{day}", at(day))
    assert rollback(shop.paths).run_id == "run2"
    assert rollback(shop.paths).run_id == "run1"
    with pytest.raises(PublishError, match="no publication before the live one"):
        rollback(shop.paths)
    assert rollback(shop.paths, "run3").run_id == "run3"
    with pytest.raises(PublishError) as raised:
        rollback(shop.paths, "run9")
    assert str(raised.value) == ("There is no earlier publication of run 'run9'. Kept: run2, run1.")


def test_a_damaged_live_file_is_set_aside_and_published_anew(shop):
    shop.publish("run1", at(1))
    shop.paths.published_file.write_bytes(b"not a database")
    shop.publish("run2", at(2))
    assert live_run(shop) == "run2"
    assert (shop.paths.previous / "damaged-run2").read_bytes() == b"not a database"


def test_a_damaged_live_file_can_be_rolled_back(shop):
    shop.publish("run1", at(1))
    shop.publish("run2", at(2))
    shop.paths.published_file.write_bytes(b"not a database")
    assert rollback(shop.paths).run_id == "run1"
    assert live_run(shop) == "run1"


def test_the_kept_copy_does_not_change_with_the_live_file(shop):
    shop.publish("run1", at(1))
    shop.publish("run2", at(2))
    with duckdb.connect(str(shop.paths.published_file)) as con:
        con.execute("DELETE FROM kpi_values")
    rollback(shop.paths)
    assert read(shop.paths.published_file, "SELECT count(*) FROM kpi_values") == [(6,)]


def raiser(error):
    def fail(*_, **__):
        raise error

    return fail
