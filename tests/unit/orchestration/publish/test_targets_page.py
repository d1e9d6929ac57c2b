"""The numbers in docs/targets.md are what the program makes of the specs above them."""

import re

import pytest
import yaml

from tests.copies import REPOSITORY

PAGE = (REPOSITORY / "docs/targets.md").read_text(encoding="utf-8")
LAST_YEAR, PLAN = (
    yaml.safe_load(text)["targets"][0] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
)


def table(head):
    """Rows of the table whose first line begins with `head`, without the marks."""
    text = PAGE.split(f"\n| {head}", 1)[1].split("\n\n", 1)[0]
    lines = text.splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def words(value):
    """A cell: numbers to four digits behind the point at most, nothing for NULL."""
    if value is None:
        return ""
    return f"{round(value, 4):.10g}" if isinstance(value, float) else str(value)


@pytest.fixture
def shop_of_the_page(world):
    """The page's months, and its target; the years where they are asked for."""

    def publish(target, **years):
        cadences = ["monthly", "yearly"] if years else "monthly"
        world.add_kpi("revenue", cadence=cadences, targets=[target])
        values = [float(cell.split()[0]) for _, *row in table("year |") for cell in row if cell]
        world.add_months("revenue", values)
        for year, value in years.items():
            status = "final" if year == "y2016" else "provisional"
            world.add("revenue", year.removeprefix("y"), value, status)
        world.publish()
        return world

    return publish


def test_the_table_of_last_years_factor(shop_of_the_page):
    world = shop_of_the_page(LAST_YEAR)
    rows = world.read(
        "SELECT period, value, target, target_status, attainment, pace_target, pace "
        "FROM kpi_values WHERE period > '2017'"
    )
    assert [[words(cell) for cell in row] for row in rows] == table("period | value | target |")


@pytest.mark.parametrize(("column", "split"), enumerate(["equal", "by_days", "by_last_year"], 1))
def test_the_parts_and_the_pace_of_a_year(shop_of_the_page, column, split):
    world = shop_of_the_page({**PLAN, "split": split}, y2016=1200.0, y2017=562.0)
    rows = world.read("SELECT target FROM kpi_targets WHERE kind = 'split' ORDER BY period")
    said = [row[column] for row in table("period | `equal`")]
    assert [words(value) for (value,) in rows] == said[:-1]
    assert said[-1] == words(PLAN["value"])
    ((pace_target, pace),) = world.read(
        "SELECT pace_target, pace FROM kpi_values WHERE period = '2017'"
    )
    assert [split, words(pace_target), words(pace)] in table("split |")
    assert pace_target == float(words(pace_target))  # 591.235, not 591.2349999999999


def test_the_table_of_signals(shop_of_the_page):
    world = shop_of_the_page(LAST_YEAR)
    rows = world.read(
        "SELECT period, value, round(centre_line, 2), round(lower_limit, 2), "
        "round(upper_limit, 2), signal, signal_rule FROM kpi_revenue "
        "WHERE period IN ('2016-11', '2017-04', '2017-05') ORDER BY period"
    )
    assert [[words(cell) for cell in row] for row in rows] == table("period | value | centre_line")
