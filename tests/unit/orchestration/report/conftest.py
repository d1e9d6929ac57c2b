import pytest
from published_file import PublishedFile


@pytest.fixture
def published(tmp_path):
    return PublishedFile(tmp_path / "kpis.duckdb")
