import datetime as dt
from dataclasses import replace

import duckdb
import pytest

from kpi_specs.language.metric import Metric
from orchestration.state import State, current_state, decide, hash_loads

NOW = State("base", {"a": "1", "b": "1"})
ALL = frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("previous", "order", "kpis", "everything", "reason"),
    [
        (NOW, {}, set(), False, "nothing new"),
        (None, {}, ALL, True, "no earlier complete publication"),
        (NOW, {"unpublished": "a rollback"}, ALL, True, "a rollback"),
        (NOW, {"full_refresh": True}, ALL, True, "full refresh asked for"),
        (NOW, {"select": ["b"]}, {"b"}, False, "selected"),
        (State("other", NOW.kpis), {}, ALL, True, "new data, a new clock"),
        (State("other", NOW.kpis), {"select": ["b"]}, ALL, True, "new data, a new clock"),
        (State("base", {"a": "0", "b": "1"}), {}, {"a"}, False, "changed specs"),
        (State("base", {"a": "0", "b": "1"}), {"select": ["b"]}, ALL, False, "changed specs"),
        (State("base", {"b": "1"}), {}, {"a"}, False, "changed specs"),
        (State("base", {**NOW.kpis, "gone": "1"}), {}, set(), True, "changed specs"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_only_what_differs_from_the_last_publication_is_computed(
    previous, order, kpis, everything, reason
):
    plan = decide(previous, NOW, **{"unpublished": None, **order})
    assert (plan.kpis, plan.everything) == (kpis, everything)
    assert plan.reason.startswith(reason)
    assert plan.nothing == (reason == "nothing new")


def test_a_state_survives_being_written_down():
    assert State.from_json(NOW.to_json()) == NOW
    assert State.from_json(NOW.to_json()).fingerprint == NOW.fingerprint


@pytest.fixture
def con(fakes):
    with duckdb.connect() as con:
        fakes.ensure_schemas(con)
        yield con


def load(con, sha: str, status: str = "loaded") -> None:
    con.execute("insert into audit.loads values ('ads', 'f', ?, 1, 0, ?, '', '')", [sha, status])


def test_new_content_changes_the_state_and_a_repeated_attempt_does_not(con):
    load(con, "a")
    load(con, "b", "failed")
    before = hash_loads(con)
    load(con, "b", "failed")
    assert hash_loads(con) == before
    load(con, "c")
    assert hash_loads(con) != before


def test_the_clock_is_part_of_the_state(con, shop):
    states = [
        current_state(con, shop.project, dt.date(2024, 3, day)).fingerprint for day in (1, 1, 2)
    ]
    assert states[0] == states[1] != states[2]


def test_a_changed_spec_concerns_its_kpi_and_the_growth_of_it(con, shop):
    day = dt.date(2024, 3, 1)
    before = current_state(con, shop.project, day)
    after = current_state(con, shop.with_kpi("revenue", version=2), day)
    assert before.base == after.base
    assert {kpi for kpi in after.kpis if before.kpis[kpi] != after.kpis[kpi]} == {
        "revenue", "revenue_growth",
    }  # fmt: skip


def test_a_kpi_that_another_one_needs_in_a_coarser_cadence_is_computed_anew(con, shop):
    day = dt.date(2024, 3, 1)
    before = current_state(con, shop.project, day)
    of = {"growth": {"of": "revenue", "versus": "previous_period"}}
    growth = shop.project.kpis["revenue_growth"].model_copy(
        update={"metric": Metric.model_validate(of), "cadence": ("monthly", "yearly")}
    )
    yearly = replace(shop.project, kpis={**shop.project.kpis, "revenue_growth": growth})
    after = current_state(con, yearly, day)
    assert {kpi for kpi in after.kpis if before.kpis[kpi] != after.kpis[kpi]} == {
        "revenue", "revenue_growth",
    }  # fmt: skip


def test_a_measure_of_an_earlier_period_is_part_of_the_state_of_its_formula(con, shop):
    def state(where: str):
        before = {"sum": "amount", "where": where, "shift": "previous_period"}
        inputs = {"now": {"sum": "amount"}, "before": before}
        metric = {"dataset": "orders", "derived": {"formula": "now - before", "inputs": inputs}}
        growth = shop.project.kpis["revenue_growth"].model_copy(
            update={"metric": Metric.model_validate(metric)}
        )
        kpis = {**shop.project.kpis, "revenue_growth": growth}
        return current_state(con, replace(shop.project, kpis=kpis), dt.date(2024, 3, 1))

    some, others = state("amount > 1"), state("amount > 2")
    assert some.kpis.keys() == shop.project.kpis.keys()
    assert {kpi for kpi in some.kpis if some.kpis[kpi] != others.kpis[kpi]} == {"revenue_growth"}


@pytest.mark.parametrize(
    ("file", "everything"),
    [
        ("models/marts/fct_orders.sql", True),
        ("dbt_project.yml", True),
        ("models/kpis/kpi_revenue.sql", False),
        ("target/manifest.json", False),
        ("logs/dbt.log", False),
    ],
)
def test_hand_written_sql_concerns_every_kpi_and_generated_files_none(con, shop, file, everything):
    day = dt.date(2024, 3, 1)
    before = current_state(con, shop.project, day)
    path = shop.paths.dbt_project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("-- edited")
    assert (current_state(con, shop.project, day) != before) == everything
