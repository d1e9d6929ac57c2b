"""No silent error: whatever is spoilt, a published value is the clean one or cannot be told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mutations.corruptions import SEEN, UNSEEN, clean_world, write_world
from tests.mutations.running import published, run
from tests.random_examples import few
from tests.threads import duckdb_threads

pytestmark = pytest.mark.integration
CORRUPTIONS = {**SEEN, **UNSEEN}


@few(4, shrink=False)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CORRUPTIONS)), st.integers(0, 2**32)),
        min_size=1,
        max_size=3,
    )
)
def test_a_value_is_the_clean_one_or_rests_on_what_nobody_can_see(markets, clean, chosen):
    world = clean_world()
    believed = []
    # What nobody sees first: of a row that is spoilt already nobody knows what it would be. A
    # renamed column last: the others know the columns by their names.
    chosen.sort(key=lambda one: (one[0] in SEEN, one[0] == "a_column_renamed"))
    for name, seed in chosen:
        believed += CORRUPTIONS[name](world, random.Random(seed))
    root = markets.fresh()
    write_world(world, root)
    with duckdb_threads(4):
        run(root)
    found = published(root)

    silent = {
        key: (row, clean.get(key))
        for key, row in found.items()
        if row.value is not None
        and (
            key not in clean
            or (clean[key].value, clean[key].numerator, clean[key].denominator)
            != (row.value, row.numerator, row.denominator)
        )
        and not any(one.concerns(key, row) for one in believed)
    }
    assert not silent, f"{len(silent)} values, e.g. {list(silent.items())[:3]}"
