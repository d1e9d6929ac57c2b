"""Clean markets for all mutations that a worker tries."""

import pytest

from tests.mutations.expected import Key, Seen
from tests.mutations.markets import Markets
from tests.mutations.running import incidents, published


@pytest.fixture(scope="session")
def markets(tmp_path_factory: pytest.TempPathFactory) -> Markets:
    return Markets(tmp_path_factory.mktemp("markets"))


@pytest.fixture(scope="session")
def clean(markets: Markets) -> dict[Key, Seen]:
    """What is published of clean data."""
    root = markets.that_ran()
    assert incidents(root) == set()
    return published(root)
