"""The numbers in docs/metrics.md, computed by hand, are what the compiled specs above them give."""

import datetime as dt
import re

import pytest
import yaml

from kpi_specs.language.metric import METRIC_TYPES
from tests.compiled import compute, dataset, kpi, table
from tests.copies import REPOSITORY

PAGE = (REPOSITORY / "docs/metrics.md").read_text(encoding="utf-8")
SECTIONS = {part.splitlines()[0]: part for part in PAGE.split("\n## ")[1:]}
TABLE = r"\n\n(\|.*?)\n\n"
KINDS = {
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "integer": r"-?\d+",
    "decimal(18,2)": r"-?\d+\.\d\d",
    "text": ".*",
}


def cells(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if not line.startswith("|-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def query(head: list[str], rows: list[list[str]]) -> str:
    """The rows, each column of the first type that fits all of its values."""
    values = [[None if cell == "NULL" else cell for cell in row] for row in rows]
    columns = []
    for name, *column in zip(head, *values, strict=True):
        given = [cell for cell in column if cell is not None]
        kind = next(k for k, form in KINDS.items() if all(re.fullmatch(form, c) for c in given))
        columns.append(f"{name} {kind}")
    return table(", ".join(columns), values)


def test_every_type_has_its_section():
    assert sorted(SECTIONS) == sorted(METRIC_TYPES)


@pytest.mark.parametrize("name", METRIC_TYPES)
def test_the_numbers_of_a_section_are_what_its_specs_give(name):
    section = SECTIONS[name] + "\n\n"
    specs = list(yaml.safe_load_all(re.search(r"```yaml\n(.*?)```", section, re.S)[1]))
    datasets, tables = [], {}
    for model, key, text in re.findall(
        rf"Rows of `(\w+)`(?:, key `(\w+)`)?:{TABLE}", section, re.S
    ):
        head, *rows = cells(text)
        tables[model] = query(head, rows)
        datasets.append(dataset(model, key=[key or "day"]))
    clock, said = re.search(rf"On (\d{{4}}-\d\d-\d\d):{TABLE}", section, re.S).groups()
    con = compute(
        [kpi(spec.pop("kpi"), **spec) for spec in specs],
        datasets,
        tables,
        as_of=dt.date.fromisoformat(clock),
    )
    head, *rows = cells(said)
    checked = 0
    for period, *wanted in rows:
        for one, cell in zip(head[1:], wanted, strict=True):
            found = con.execute(f"select value from kpi_{one} where period = '{period}'").fetchall()
            assert len(found) == 1, (one, period)
            value = "–" if found[0][0] is None else f"{round(found[0][0], 4):g}"
            assert value == cell, (one, period)
            checked += 1
    cadence = "daily" if len(rows[0][0]) == 10 else "monthly"
    for one in head[1:]:
        periods = con.execute(
            f"select period from kpi_{one} where cadence = '{cadence}' order by 1"
        ).fetchall()
        assert [p for (p,) in periods] == [row[0] for row in rows], one
    assert checked
