import datetime as dt

import duckdb
import pytest

from orchestration import run_log
from orchestration.run_log import ModelOutcome
from orchestration.state import State

DAY = dt.date(2024, 3, 1)


def at(hour: int) -> dt.datetime:
    return dt.datetime(2024, 3, 1, hour, tzinfo=dt.UTC)


@pytest.fixture
def con():
    with duckdb.connect() as con:
        run_log.ensure_run_log(con)
        run_log.ensure_run_log(con)  # an existing log is left as it is
        yield con


def statuses(con) -> dict[str, str]:
    return dict(con.execute("select run_id, status from audit.runs").fetchall())


def test_a_run_that_was_killed_is_noted_when_the_next_one_begins(con):
    run_log.begin_run(con, "killed", DAY, at(1))
    run_log.begin_run(con, "next", DAY, at(2))
    assert statuses(con) == {"killed": "died", "next": "running"}


def test_the_first_end_of_a_run_is_the_one_that_counts(con):
    run_log.begin_run(con, "one", DAY, at(1))
    run_log.end_run(con, "one", "published", finished_at=at(2), state=State("x"))
    run_log.end_run(con, "one", "failed", finished_at=at(3), message="alerts")
    assert statuses(con) == {"one": "published"}


def test_the_newest_publication_is_trusted_only_when_it_was_complete(con):
    assert run_log.last_published_state(con) is None
    for hour, (run, state) in enumerate({"one": State("x"), "two": State("y")}.items()):
        run_log.begin_run(con, run, DAY, at(hour))
        run_log.end_run(con, run, "published", finished_at=at(hour), state=state)
    assert run_log.last_published_state(con) == State("y")
    run_log.begin_run(con, "unchanged", DAY, at(5))
    run_log.end_run(con, "unchanged", "unchanged", finished_at=at(5))
    assert run_log.last_published_state(con) == State("y")
    run_log.begin_run(con, "with errors", DAY, at(6))
    run_log.end_run(con, "with errors", "published", finished_at=at(6), state=None)
    assert run_log.last_published_state(con) is None


@pytest.mark.parametrize("status", ["failed", "unpublished", "died", "running"])
def test_after_a_run_that_did_not_publish_the_tables_are_not_trusted(con, status):
    run_log.begin_run(con, "one", DAY, at(1))
    run_log.end_run(con, "one", "published", finished_at=at(2), state=State("x"))
    run_log.begin_run(con, "two", DAY, at(3))
    if status != "running":
        run_log.end_run(con, "two", status, finished_at=at(4))
    assert run_log.last_published_state(con) is None


def test_a_model_keeps_its_newest_outcome(con):
    run_log.record_outcomes(con, "one", [ModelOutcome("m", "error", "boom")], at(1), {})
    run_log.record_outcomes(con, "two", [ModelOutcome("m", "success", "")], at(2), {"m": "s"})
    run_log.record_outcomes(con, "three", [], at(3), {})
    assert run_log.outcomes(con) == (ModelOutcome("m", "success", "", "s"),)


def test_the_clock_of_the_last_run_is_known_without_a_run_of_ones_own(tmp_path):
    warehouse = tmp_path / "warehouse.duckdb"
    assert run_log.last_clock(warehouse) is None
    with duckdb.connect(str(warehouse)) as con:
        run_log.ensure_run_log(con)
        run_log.begin_run(con, "one", DAY, at(1))
        run_log.begin_run(con, "two", dt.date(2024, 3, 5), at(2))
    assert run_log.last_clock(warehouse) == dt.date(2024, 3, 5)
