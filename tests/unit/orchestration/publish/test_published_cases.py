"""What BI tools read, of small data: rows in, a query over the publication, the rows expected.

`check` is SQL over the rows as received that gives the same without the product.
"""

from pathlib import Path

import pytest
import yaml

from tests.published import published

FOLDER = Path(__file__).parents[3] / "cases/published"
CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['sentence']}" for f, c in CASES])
def test_what_is_published_is_what_a_person_expects(file, case, tmp_path):
    con = published(case, tmp_path)
    expected = [
        [pytest.approx(v, rel=1e-12, abs=1e-12) if isinstance(v, float) else v for v in row]
        for row in case["expect"]
    ]
    for name in ("query", "check"):
        found = con.execute(case.get(name, case["query"])).fetchall()
        assert [list(row) for row in found] == expected, name
