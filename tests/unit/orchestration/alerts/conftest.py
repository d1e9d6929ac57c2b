import pytest
from alert_desk import Desk, Receiver


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
