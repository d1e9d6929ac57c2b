"""Each mutation of the catalogue takes exactly the values that rest on it, and says why to whom."""

from dataclasses import replace

import duckdb
import pytest

from tests.mutations.catalogue import Mutation, mutations
from tests.mutations.expected import Key, Seen, expected
from tests.mutations.markets import Markets
from tests.mutations.matrix import assert_told, row
from tests.mutations.running import differences, incidents, published, run
from tests.mutations.spoiling import spoil

pytestmark = pytest.mark.integration


def test_all_that_has_ended_is_measured_on_clean_data(clean: dict[Key, Seen]):
    withheld = {
        (key[0], key[1], seen.data_status, seen.reason_codes)
        for key, seen in clean.items()
        if seen.value is None and seen.reason_codes not in ("NOT_DUE", "WARM_UP")
    }
    assert withheld == set()
    assert {key[0] for key, seen in clean.items() if seen.value is not None} == {
        key[0] for key in clean
    }


@pytest.mark.parametrize("mutation", mutations(), ids=lambda one: one.name)
def test_a_mutation_takes_what_rests_on_it_and_nothing_else(
    mutation: Mutation, clean: dict[Key, Seen], markets: Markets
):
    root = markets.fresh()
    spoil(root, mutation)
    run(root)

    wanted, seen = expected(clean, mutation.withheld), published(root)
    believed = mutation.believed
    if believed is not None:
        free = {
            key
            for key, row in wanted.items()
            if row.value is not None and believed.concerns(key, row) and seen[key].value is not None
        }
        assert any(wanted[key] != seen[key] for key in free), "nothing became another value"
        wanted |= {key: _with_the_value_of(seen[key], wanted[key]) for key in free}
    # A slice that only the mutation made holds no value anywhere.
    made = {key for key in seen.keys() - clean.keys() if seen[key].value is None}
    found = differences(wanted, {key: row for key, row in seen.items() if key not in made})
    assert not found, f"{len(found)} rows, e.g.\n" + "\n".join(found[:40])
    assert incidents(root) == mutation.incidents
    assert_told(row(mutation, clean, published(root), incidents(root)))


def test_a_join_that_adds_rows_is_told_with_the_key_that_stands_twice(markets: Markets):
    root = markets.fresh()
    spoil(root, next(one for one in mutations() if one.name == "customers_joined_twice"))
    run(root)

    with duckdb.connect(f"{root}/published/kpis.duckdb", read_only=True) as con:
        codes = con.execute(
            "select distinct reason_codes from kpi_values where reason_codes like '%JOIN_FANOUT%' "
            "or reason_codes like 'DUPLICATE_KEYS%'"
        ).fetchall()
    assert codes == [("DUPLICATE_KEYS,JOIN_FANOUT",)]


def _with_the_value_of(seen: Seen, row: Seen) -> Seen:
    """What is believed changes a value, and neither its status nor what is told beside it."""
    return replace(row, value=seen.value, numerator=seen.numerator, denominator=seen.denominator)
