import pytest


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Tables are laid out for 120 columns, without colour."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
