"""The machinery breaks: what is not judged has no value, and what is published stays whole."""

import pytest

from tests.mutations import matrix
from tests.mutations.expected import Key, Seen, expected
from tests.mutations.machinery import FAULTS, LOST, Fault
from tests.mutations.markets import Markets
from tests.mutations.running import differences, incidents, published, run
from tests.mutations.sinks import DOWN
from tests.mutations.spec_faults import SPEC_FAULTS
from tests.mutations.spoiling import by_sql
from tests.mutations.trying import (
    DELIVERY,
    TOLD,
    Rows,
    try_channel,
    try_clock_set_back,
    try_fault,
    try_loss,
)

pytestmark = pytest.mark.integration

GOES_ON = [fault for fault in (*FAULTS, *SPEC_FAULTS) if not fault.stops]
STOPS = [fault for fault in FAULTS if fault.stops]


@pytest.fixture(scope="session")
def delivered(markets: Markets) -> dict[Key, Seen]:
    """What is published where the delivery was all that ever came."""
    root = markets.fresh()
    by_sql(root, DELIVERY)
    run(root)
    assert incidents(root) == TOLD
    return published(root)


@pytest.mark.parametrize("fault", GOES_ON, ids=lambda one: one.name)
def test_a_fault_takes_the_values_that_it_touches(fault: Fault, clean: Rows, markets: Markets):
    tried = try_fault(markets, fault)
    assert differences(expected(clean, fault.withheld), tried.rows) == []
    assert tried.alerts == fault.incidents
    assert differences(clean, tried.rows_after) == []
    assert tried.alerts_after == set()
    matrix.assert_told(matrix.fault_row(fault, clean, tried))
    if fault in SPEC_FAULTS:
        assert tried.outbox == [("opened", "log", "sent"), ("resolved", "log", "sent")]


@pytest.mark.parametrize("fault", STOPS, ids=lambda one: one.name)
def test_a_run_that_breaks_off_leaves_a_whole_publication_and_is_made_up_for(
    fault: Fault, clean: Rows, delivered: Rows, markets: Markets
):
    tried = try_fault(markets, fault)
    assert tried.stopped
    assert tried.kept == (not fault.is_out)
    assert differences(delivered, tried.rows_after) == []
    assert tried.alerts_after == TOLD
    assert tried.outbox == [("opened", "log", "sent")]
    assert tried.left == {"kpis.duckdb", "parquet", "previous"}, "nothing half-written remains"
    matrix.assert_told(matrix.fault_row(fault, clean, tried))


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_made_anew(name: str, clean: Rows, markets: Markets):
    rows, alerts = try_loss(markets, name)
    assert differences(clean, rows) == []
    assert alerts == set()
    matrix.assert_told(matrix.loss_row(name, clean, rows, alerts))


@pytest.mark.parametrize("name", DOWN)
def test_an_alert_waits_for_its_channel_and_is_sent_once(
    name: str, delivered: Rows, markets: Markets
):
    sink = DOWN[name][1]()
    rows, waiting, sent = try_channel(markets, sink)
    assert differences(delivered, rows) == []
    assert sorted(waiting) == sorted(
        [("opened", "log", "sent"), ("opened", sink.route, "pending")]
    ), "a dead channel holds up no other"
    assert sorted(sent) == sorted([("opened", "log", "sent"), ("opened", sink.route, "sent")])
    assert sink.got == ["opened"]
    matrix.assert_told(matrix.channel_row(name, sink.got))


def test_a_clock_set_back_publishes_what_was_known_then(clean: Rows, markets: Markets):
    back, then, after = try_clock_set_back(markets)
    assert differences(then, back) == []
    assert differences(clean, after) == []
    matrix.assert_told(matrix.clock_row(clean, back, then))
