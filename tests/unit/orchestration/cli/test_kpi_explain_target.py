"""`kpi explain`: where a target comes from, and why there is none."""

import pytest

from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    words = '{"en": "w"}'
    publication.kpi("orders", criterion=words, purpose=words)
    publication.month("orders", "2017-01", 10.0)
    publication.target_of(
        "orders", "2017-01", None, kind="of_last_year",
        reason="Nothing is published of orders for 2016-01.",
    )  # fmt: skip
    publication.month(
        "orders", "2017-02", 4.0, target=10.0, target_status="too_early", pace_target=5.0, pace=0.8
    )
    publication.target_of("orders", "2017-02", 10.0)
    publication.con.close()
    return tmp_path


def explained(project, capsys, period):
    code, out, _ = run(capsys, project, "explain", "orders", "--period", period)
    assert code == 0
    return [line.split(maxsplit=1) for line in out.splitlines() if line.startswith("  ")]


def test_a_target_that_rests_on_nothing_says_so(project, capsys):
    lines = explained(project, capsys, "2017-01")
    assert ["target", "no_target"] in lines
    assert [
        "set", "by    sales: plan. None here: Nothing is published of orders for 2016-01."
    ] in lines  # fmt: skip
    assert "pace" not in [first for first, _ in lines]


def test_an_open_month_says_whether_it_is_on_pace(project, capsys):
    lines = explained(project, capsys, "2017-02")
    assert ["target", "10.00 too_early"] in lines
    assert ["set", "by    sales: plan"] in lines
    assert ["pace", "80% of what should be reached by now"] in lines
