"""What subscribers are told of, from real publications over a warehouse by hand."""

import datetime as dt
import json

import pytest
from publish_world import NOON, make_kpi

from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Owner
from orchestration.alerts import incidents, record_incidents

TARGET = {"from": "2016-01-01", "value": 115, "set_by": "sales", "why": "plan"}
CHANGED = {"on": "2017-06-14", "why": "net of returns", "by": "sales"}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def shop(world):
    """Revenue of five closed months, the last of which, 130, is above its target of 115."""
    world.add_kpi("revenue", targets=[TARGET])
    world.add_kpi("orders")
    world.add_months("revenue", [100.0, 110.0, 100.0, 100.0, 130.0, 60.0])
    world.add_months("orders", [10.0, 11.0, 10.0, 10.0, 13.0, 6.0])
    subscribers = {
        "everything": [{}],
        "statuses": [{"kpis": ["revenue"], "changes": ["status"]}],
        "other": [{"kpis": ["orders"]}],
        "nothing": [],
    }
    for key, subscriptions in subscribers.items():
        world.project.owners[key] = Owner.model_validate(
            {"owner": key, "name": {"en": key.title()}, "subscriptions": subscriptions}
        )
    run(world, "run1")
    return world


def run(world, run_id):
    """Publish and record; who was told what, by owner."""
    now = NOON + MINUTE * int(run_id.removeprefix("run"))
    world.publish(run_id, now)
    return record(world, run_id, now)


def record(world, run_id, now):
    record_incidents(world.con, world.project, run_id=run_id, now=now)
    rows = world.con.execute(
        "SELECT owner, payload FROM audit.outbox WHERE event = 'changed' AND created_at = ?", [now]
    ).fetchall()
    assert len({owner for owner, _ in rows}) == len(rows), "one message per run and subscriber"
    return {owner: json.loads(payload) for owner, payload in rows}


def texts(told):
    return {owner: message["text"].splitlines() for owner, message in told.items()}


def _lines(told):
    return [line for text in texts(told).values() for line in text]


def redefine(world, **fields):
    world.project.kpis["revenue"] = make_kpi("revenue", **{"targets": [TARGET], **fields})


def test_the_first_publication_and_one_without_a_change_tell_nobody(shop):
    assert shop.con.execute("SELECT count(*) FROM audit.outbox").fetchall() == [(0,)]
    assert run(shop, "run2") == {}


def test_a_status_is_told_to_who_subscribes_to_it_with_old_and_new(shop):
    shop.set("revenue", "2017-05", 80)
    line = "- Revenue [revenue]: monthly status was exceeded (2017-05), is off_target (2017-05)"
    told = run(shop, "run2")
    assert texts(told) == {
        "everything": [
            "CHANGED: 1 change that Everything (everything) subscribes to", line, "Run: run2",
        ],
        "statuses": ["CHANGED: 1 change that Statuses (statuses) subscribes to", line, "Run: run2"],
    }  # fmt: skip
    (change,) = told["statuses"]["changes"]
    assert (change["kpi"], change["what"], change["cadence"]) == ("revenue", "status", "monthly")
    assert change["old"] == {"status": "exceeded", "period": "2017-05"}
    assert change["new"] == {"status": "off_target", "period": "2017-05"}
    assert run(shop, "run3") == {}


def test_all_changes_of_a_run_are_one_message(shop):
    redefine(shop, version=2, changed=CHANGED, targets=[{**TARGET, "value": 140}])
    shop.compiled.fingerprints["revenue"] = "f2"
    told = texts(run(shop, "run2"))
    assert list(told) == ["everything", "statuses"]
    assert told["everything"] == [
        "CHANGED: 3 changes that Everything (everything) subscribes to",
        "- Revenue [revenue]: definition was version 1, formula of revenue; is version 2, "
        "formula of revenue; why: net of returns",
        "- Revenue [revenue]: monthly status was exceeded (2017-05), is off_target (2017-05)",
        "- Revenue [revenue]: targets 1.value was 115.0, is 140.0",
        "Run: run2",
    ]


def test_a_definition_that_rests_on_something_else_is_told(shop):
    shop.compiled.fingerprints["orders"] = "f2"
    assert texts(run(shop, "run2"))["other"][1] == (
        "- Orders [orders]: definition rests on something else, in the same version and words: "
        "fingerprint was f1, is f2"
    )


def test_an_invalid_spec_changes_neither_definition_nor_target_until_it_is_mended(shop):
    shop.project.invalid["orders"] = (Problem("kpi_specs/kpis/orders.yml", 1, "a-rule", "no."),)
    shop.project.kpis["orders"] = make_kpi("orders", targets=[TARGET])
    shop.compiled.fingerprints["orders"] = "f8"
    judged = shop.con.execute("CREATE TABLE judged AS FROM audit.verdicts")
    judged.execute(
        "UPDATE audit.verdicts SET data_status = 'error', reason_codes = 'SPEC_INVALID', "
        "reason = 'no.', root = 'spec:orders' WHERE kpi = 'orders'"
    )
    assert not any("definition" in line or "targets" in line for line in _lines(run(shop, "run2")))
    shop.con.execute("CREATE OR REPLACE TABLE audit.verdicts AS FROM judged")
    shop.project.invalid.clear()
    shop.compiled.fingerprints["orders"] = "f9"
    told = texts(run(shop, "run3"))["other"]
    assert [line for line in told if "definition" in line] == [
        "- Orders [orders]: definition rests on something else, in the same version and words: "
        "fingerprint was f1, is f9"
    ]


def test_a_kpi_that_is_new_and_one_that_is_gone_are_told(shop):
    shop.add_kpi("visits")
    shop.add_months("visits", [1.0, 2.0])
    del shop.project.kpis["orders"]
    shop.con.execute("DELETE FROM audit.verdicts WHERE kpi = 'orders'")
    assert texts(run(shop, "run2"))["everything"][1:3] == [
        "- orders [orders]: the KPI is gone; it was formula of orders",
        "- Visits [visits]: the KPI is new: formula of visits",
    ]


def test_a_target_that_is_added_or_taken_away_is_told(shop):
    redefine(shop, targets=[])
    lines = texts(run(shop, "run2"))["everything"]
    assert any("one of targets is gone; it was {" in line for line in lines)
    assert any("is no_target (2017-05)" in line for line in lines)


def test_a_run_that_dies_after_its_publication_leaves_the_change_to_the_next(shop):
    shop.set("revenue", "2017-05", 80)
    shop.publish("run2", NOON + 2 * MINUTE)  # and no more
    assert list(run(shop, "run3")) == ["everything", "statuses"]
    assert run(shop, "run4") == {}


def test_a_failure_half_way_tells_nobody_and_forgets_nothing(shop, monkeypatch):
    shop.set("revenue", "2017-05", 80)

    def fail(*_):
        raise RuntimeError("boom")

    with monkeypatch.context() as patched:
        patched.setattr(incidents, "find", fail)
        with pytest.raises(RuntimeError):
            run(shop, "run2")
    assert shop.con.execute("SELECT count(*) FROM audit.outbox").fetchall() == [(0,)]
    assert list(run(shop, "run3")) == ["everything", "statuses"]


def test_a_run_that_looks_back_tells_nobody(shop):
    shop.as_of = dt.date(2017, 5, 15)  # April, 100, is off its target
    assert run(shop, "run2") == {}
    shop.as_of = dt.date(2017, 6, 15)
    assert run(shop, "run3") == {}


def test_a_pending_period_is_no_change(shop):
    shop.as_of = dt.date(2017, 7, 1)  # June is over and not due yet
    not_due = {"reason_codes": "NOT_DUE", "reason": "Not due yet.", "party": ""}
    shop.con.execute(
        "UPDATE audit.verdicts SET data_status = 'pending', reason_codes = 'NOT_DUE', "
        "reason = 'Not due yet.' WHERE period = '2017-06'"
    )
    for kpi in ("revenue", "orders"):
        shop.add(kpi, "2017-07", None, "pending", **not_due)
    assert run(shop, "run2") == {}
