"""The machinery breaks: what is not judged has no value, and what is published stays whole."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from tests.mutations.expected import Key, Seen, expected
from tests.mutations.machinery import FAULTS, LOST, Fault, lose
from tests.mutations.markets import Markets
from tests.mutations.running import differences, incidents, published, run
from tests.mutations.spoiling import by_sql

pytestmark = pytest.mark.integration

GOES_ON = [fault for fault in FAULTS if not fault.stops]
STOPS = [fault for fault in FAULTS if fault.stops]
DELIVERY = ["delete from orders where berlin(ordered_at) = '2024-03-05'"]
TOLD = {("tills", "source:orders", "PERIOD_INCOMPLETE")}


@pytest.fixture(scope="session")
def delivered(markets: Markets) -> dict[Key, Seen]:
    """What is published where the delivery was all that ever came."""
    root = markets.fresh()
    by_sql(root, DELIVERY)
    run(root)
    return published(root)


@pytest.fixture
def market(markets: Markets) -> Path:
    """The market that has run, to be broken."""
    return markets.that_ran()


@pytest.mark.parametrize("fault", GOES_ON, ids=lambda one: one.name)
def test_a_fault_takes_the_values_that_it_touches(
    fault: Fault, clean: Mapping[Key, Seen], markets: Markets
):
    root = markets.fresh()
    with fault.broken(root) as steps:
        run(root, steps=steps)
    assert differences(expected(clean, fault.withheld), published(root)) == []
    assert not fault.incidents or incidents(root) == fault.incidents

    run(root)
    assert differences(clean, published(root)) == []
    assert incidents(root) == set()


@pytest.mark.parametrize("fault", STOPS, ids=lambda one: one.name)
def test_a_run_that_breaks_off_leaves_a_whole_publication_and_is_made_up_for(
    fault: Fault, clean: Mapping[Key, Seen], delivered: Mapping[Key, Seen], market: Path
):
    before = (market / "published/kpis.duckdb").read_bytes()
    by_sql(market, DELIVERY)
    with fault.broken(market) as steps, pytest.raises(Exception, match=fault.stops):
        run(market, steps=steps)
    if not fault.is_out:
        assert (market / "published/kpis.duckdb").read_bytes() == before

    run(market)
    assert differences(delivered, published(market)) == []
    assert incidents(market) == TOLD
    with duckdb.connect(f"{market}/var/warehouse.duckdb", read_only=True) as con:
        sent = con.execute("select event, channel, state from audit.outbox").fetchall()
    assert sent == [("opened", "log", "sent")]
    left = {path.name for path in (market / "published").iterdir()}
    assert left == {"kpis.duckdb", "parquet", "previous"}, "nothing half-written remains"


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_made_anew(name: str, clean: Mapping[Key, Seen], market: Path):
    lose(market, name)
    run(market)
    assert differences(clean, published(market)) == []
    assert incidents(market) == set()
