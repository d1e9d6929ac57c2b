"""`kpi explain`: the checks of a value; those of slices are kept only where they failed."""

import pytest

from orchestration.publish import schema
from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    """Orders of the total and of two channels, of which the fax has no value."""
    (tmp_path / "published").mkdir()
    publication = Publication(tmp_path / "published/kpis.duckdb")
    words = '{"en": "w"}'
    publication.kpi("orders", criterion=words, purpose=words)
    publication.month("orders", "2017-01", 10.0)
    publication.month("orders", "2017-01", 10.0, slice="channel", slice_value="web")
    publication.month("orders", "2017-01", None, slice="channel", slice_value="fax")
    publication.month("orders", "2017-02", None, slice="channel", slice_value="web")
    check = {"kpi": "orders", "cadence": "monthly", "period": "2017-01"}
    publication.insert(
        schema.KPI_CHECKS, **check, slice="total", slice_value="total",
        check_name="sources_are_there", expected="yes", observed="yes", verdict="pass",
    )  # fmt: skip
    publication.insert(
        schema.KPI_CHECKS, **check, slice="channel", slice_value="fax",
        check_name="sources_are_fresh", expected="yes", observed="no", verdict="fail",
    )  # fmt: skip
    publication.con.close()
    return tmp_path


@pytest.mark.parametrize(
    ("period", "slice_value", "end"),
    [
        ("2017-01", "total", ["check expected observed verdict", "sources_are_there yes yes pass"]),
        ("2017-01", "fax", ["check expected observed verdict", "sources_are_fresh yes no fail"]),
        (
            "2017-01",
            "web",
            ["All checks passed; those of a slice are listed where they did not."],
        ),
        ("2017-02", "web", ["No check of it is listed."]),
    ],
)
def test_a_value_is_shown_with_its_checks_or_with_the_word_that_all_passed(
    project, capsys, period, slice_value, end
):
    arguments = ("explain", "orders", "--period", period, "--slice", slice_value)
    code, out, _ = run(capsys, project, *arguments)
    assert code == 0
    last = out.rstrip("\n").split("\n\n")[-1].splitlines()
    assert [" ".join(line.split()) for line in last] == end
