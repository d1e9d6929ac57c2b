"""`kpi status`: its exit code."""

import json

import pytest

from tests.unit.orchestration.audit.publication import Publication
from tests.unit.orchestration.cli.in_process import run


@pytest.fixture
def project(tmp_path):
    """Orders, whose newest due month has a value or none."""

    def published(value, **fields):
        (tmp_path / "published").mkdir()
        publication = Publication(tmp_path / "published/kpis.duckdb")
        publication.kpi("orders", owner="sales")
        publication.month("orders", "2017-12", value, **fields)
        publication.con.execute("INSERT INTO kpi_latest BY NAME SELECT 'closed' AS which, * "
                                "FROM kpi_values")  # fmt: skip
        publication.con.close()
        return tmp_path

    return published


@pytest.mark.parametrize(
    ("value", "fields", "strict", "code"),
    [
        (10.0, {}, True, 0),
        (None, {}, False, 0),
        (None, {}, True, 3),
        (None, {"data_status": "error"}, True, 3),
        (None, {"data_status": "pending"}, True, 0),  # due, but not enough history
    ],
)
def test_it_fails_only_when_asked_to_where_a_due_kpi_is_unmeasurable(
    project, capsys, value, fields, strict, code
):
    root = project(value, **fields)
    asked = ("status", *(("--strict",) if strict else ()))
    assert run(capsys, root, *asked)[0] == code
    done, out, _ = run(capsys, root, *asked, "--json")
    assert (done, json.loads(out)["measurable"]) == (code, int(value is not None))
