"""What is published of small data: rows in, a query over `shown`, the rows that a person expects.

`check`, where a case has one, is SQL over the rows as received that gives the same without the
product.
"""

from pathlib import Path

import pytest
import yaml

from tests.shown import shown

FOLDER = Path(__file__).parents[3] / "cases/shown"
CASES = [
    (path.stem, case)
    for path in sorted(FOLDER.glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['sentence']}" for f, c in CASES])
def test_what_is_shown_is_what_a_person_expects(file, case):
    con = shown(case)
    for name in ("query", "check"):
        found = con.execute(case.get(name, case["query"])).fetchall()
        expected = [
            [pytest.approx(v, rel=1e-12) if isinstance(v, float) else v for v in row]
            for row in case["expect"]
        ]
        assert [list(row) for row in found] == expected, name
