"""The compiled SQL on small data: rows in, a query, the rows that a person expects.

`check`, where a case has one, is SQL over the rows themselves that gives the same without the
product.
"""

import datetime as dt
from pathlib import Path

import pytest
import yaml

from tests.compiled import compute, dataset, kpi, table

FOLDER = Path(__file__).parents[3] / "cases"
CASES = [
    (f"{folder}/{path.stem}", case)
    for folder in ("compiler", "metrics", "traps")
    for path in sorted((FOLDER / folder).glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['sentence']}" for f, c in CASES])
def test_the_compiled_sql_gives_the_rows_that_a_person_expects(file, case):
    datasets = [
        dataset(name, **{k: v for k, v in spec.items() if k not in ("columns", "rows")})
        for name, spec in case["datasets"].items()
    ]
    con = compute(
        [kpi(name, **spec) for name, spec in case["kpis"].items()],
        datasets,
        {
            name: table(spec["columns"], spec["rows"])
            for name, spec in (case["datasets"] | case.get("joined", {})).items()
        },
        as_of=case["as_of"],
        history_from=case.get("history_from", dt.date(2024, 1, 1)),
        calendars=case.get("calendars"),
    )
    for name in ("query", "check"):
        found = con.execute(case.get(name, case["query"])).fetchall()
        assert [_plain(row) for row in found] == [_close(row) for row in case["expect"]], name


def _plain(row: tuple) -> list:
    return [str(value) if isinstance(value, dt.date) else value for value in row]


def _close(row: list) -> list:
    return [pytest.approx(v, rel=1e-12) if isinstance(v, float) else v for v in row]
