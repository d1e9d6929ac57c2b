"""The demo's tables beside those that an analyst wrote by hand; `make bench` times them, too."""

import shutil

from orchestration.paths import ProjectPaths
from tests.bench.compute import compare


def test_hand_written_sql_gives_every_row_and_column_of_every_kpi_of_the_demo(demo, tmp_path):
    paths = ProjectPaths(tmp_path)
    paths.warehouse.parent.mkdir(parents=True)
    shutil.copy(ProjectPaths(demo).warehouse, paths.warehouse)
    found = compare(paths)
    assert len(found.kpis) >= 27  # customer_satisfaction has no source
    assert found.rows > 50_000
    assert found.differences == (), "tests/bench/by_hand.sql is behind the specs, or they are wrong"
