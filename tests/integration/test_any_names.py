"""Through the real pipeline: columns called by words of SQL, and Jinja in the words of specs.

dbt renders the models, their descriptions and the statements around an increment.
"""

import duckdb
import pytest

from tests.copies import kpi
from tests.shop import FEBRUARY, make_shop, monthly, published

pytestmark = pytest.mark.integration

CALLED = {"order_id": "order", "order_date": "date", "customer": "end", "amount": "group"}
MART = """
select
    order_id as "order",
    ordered_on as date,
    customer as "end",
    coalesce(channel, 'unknown') as channel,
    amount as "group"
from {{ ref('stg_orders__orders') }}
"""
NASTY_TITLE = "Revenue {{ 1 + 1 }} {% raw %} {# of all"


@pytest.fixture
def shop(tmp_path):
    """The shop with those names, its orders incremental and January loaded."""
    root = make_shop(tmp_path / "shop")
    for path in [*root.glob("kpi_specs/datasets/orders.yml"), *root.glob("kpi_specs/kpis/*/*.yml"),
                 root / "dbt_project/models/marts/marts.yml"]:  # fmt: skip
        text = path.read_text(encoding="utf-8")
        for plain, name in CALLED.items():
            text = text.replace(f"where: {plain} > 0", f"where: '\"{name}\" > 0'")
            text = text.replace(f"name: {plain},", f"name: {name},")
            text = text.replace(f"sum: {plain}}}", f"sum: {name}}}")
            text = text.replace(f"[{plain}]", f"[{name}]").replace(
                f"time: {plain}", f"time: {name}"
            )
        text = text.replace("{en: Revenue}", f"{{en: '{NASTY_TITLE}'}}")
        path.write_text(text, encoding="utf-8")
    dataset = root / "kpi_specs/datasets/orders.yml"
    dataset.write_text(
        dataset.read_text(encoding="utf-8") + "incremental: true\n", encoding="utf-8"
    )
    (root / "dbt_project/models/marts/fct_orders.sql").write_text(MART, encoding="utf-8")
    (root / FEBRUARY).rename(tmp_path / "february.csv")
    _run(root, "--as-of", "2024-02-02")
    return root


def _run(root, *arguments):
    done = kpi(root, "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shop_sells_the_same_and_an_increment_finds_its_days(shop, tmp_path):
    """930 in January; 870 in February, whose first day is where the increment starts."""
    assert monthly(shop, "revenue")["2024-01"] == (930.0, "final", "")
    (tmp_path / "february.csv").rename(shop / FEBRUARY)
    _run(shop, "--as-of", "2024-03-02")
    found = monthly(shop, "revenue")
    assert (found["2024-01"], found["2024-02"]) == ((930.0, "final", ""), (870.0, "final", ""))
    # 5.00 a day for two orders.
    assert monthly(shop, "cost_per_order")["2024-02"][0] == 2.5
    with duckdb.connect(str(shop / "var/warehouse.duckdb")) as con:
        since = con.execute("select since from kpi.kpi_parts_orders__since").fetchone()
    assert str(since[0]) == "2024-02-01"
    titles = published(shop, "select distinct title_en from kpi_catalog where kpi = 'revenue'")
    assert titles == [(NASTY_TITLE,)]
