import pytest
from publish_world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.con.close()


@pytest.fixture
def shop(world):
    """One KPI with five closed months and the open one."""
    world.add_kpi("revenue")
    world.add_months("revenue", [100.0, 110.0, None, 120.0, 130.0, 60.0])
    return world
