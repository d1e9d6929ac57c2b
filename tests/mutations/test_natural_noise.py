"""Clean data with natural noise: nothing is withheld wrongly, and what is final stays.

`python -m tests.mutations.clean_runs` tries 200 markets; here are the first of them.
"""

from pathlib import Path

import pytest

from tests.mutations.clean_runs import changed_later, outcome

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("seed", range(3))
def test_clean_data_is_measured_and_what_is_final_stays(seed: int, tmp_path: Path):
    found = outcome(tmp_path / "market", seed)
    assert found.measured > 1500
    assert len(found.withheld) <= 0.01 * found.measured, found.withheld
    assert changed_later(tmp_path / "market", seed) == []
