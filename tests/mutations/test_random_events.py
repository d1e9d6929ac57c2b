"""No silent error in what is no sum: conversions, durations, balances, visitors that come back."""

import datetime as dt
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mutations.expected import Key, Seen
from tests.mutations.office import AS_OF, RESTS_ON, make_office, rests_on
from tests.mutations.office_corruptions import DAY, SEEN, UNSEEN, World, clean_world
from tests.mutations.running import incidents, published, run
from tests.mutations.world import write_csv
from tests.random_examples import few

pytestmark = pytest.mark.integration
CORRUPTIONS = {**SEEN, **UNSEEN}
OWNERS = {"visits": "web", "signups": "web", "tickets": "support", "seats": "billing"}
GONE = dt.date(2024, 2, 14)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Key, Seen]]:
    """The clean office, and what is published of it."""
    root = make_office(tmp_path_factory.mktemp("office") / "office")
    run(root, as_of=AS_OF)
    return root, published(root)


def test_of_clean_data_every_period_that_is_due_is_measured(office):
    root, clean = office
    assert incidents(root) == set()
    assert {row.reason_codes for row in clean.values()} == {"", "NOT_DUE", "WARM_UP"}


@pytest.mark.parametrize("source", sorted(RESTS_ON))
def test_a_day_that_is_missing_takes_what_rests_on_it_and_nothing_else(office, source):
    root, clean = office
    world = clean_world()
    world[source] = [row for row in world[source] if row[DAY] != GONE]
    _write_anew(root, world)
    run(root, as_of=AS_OF)
    found = published(root)
    must = {key for key, row in clean.items() if rests_on(key, row, source, GONE)}
    assert found.keys() == clean.keys()
    assert {key for key in must if found[key].value is not None} == set()
    assert {key: row for key, row in found.items() if key not in must} == {
        key: row for key, row in clean.items() if key not in must
    }
    assert incidents(root) == {(OWNERS[source], f"source:{source}", "PERIOD_INCOMPLETE")}


@few(4, shrink=False)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CORRUPTIONS)), st.integers(0, 2**32)),
        min_size=1,
        max_size=3,
    )
)
def test_a_value_of_events_is_the_clean_one_or_rests_on_what_nobody_can_see(office, chosen):
    root, clean = office
    world = clean_world()
    believed = []
    # What nobody sees first, a renamed column last: as for the market.
    chosen.sort(key=lambda one: (one[0] in SEEN, one[0] == "a_column_renamed"))
    for name, seed in chosen:
        believed += CORRUPTIONS[name](world, random.Random(seed)) or []
    _write_anew(root, world)
    run(root, as_of=AS_OF)

    silent = {
        key: (row, clean.get(key))
        for key, row in published(root).items()
        if row.value is not None
        and (
            key not in clean
            or (clean[key].value, clean[key].numerator, clean[key].denominator)
            != (row.value, row.numerator, row.denominator)
        )
        and not any(rests_on(key, row, source, day) for source, day in believed)
    }
    assert not silent, f"{len(silent)} values, e.g. {list(silent.items())[:3]}"


def _write_anew(root: Path, world: World) -> None:
    """Other raw files, of which nothing has been loaded or published yet."""
    shutil.rmtree(root / "published")
    (root / "var/warehouse.duckdb").unlink()
    for source, rows in world.items():
        cells = [{name: cell for name, cell in row.items() if name != DAY} for row in rows]
        write_csv(root / f"landing/{source}.csv", cells)
