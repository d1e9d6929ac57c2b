"""An incremental dataset through the real pipeline: what is published is what a whole run gives."""

import duckdb
import pytest

from tests.copies import kpi
from tests.shop import DAYS, FEBRUARY, JANUARY, make_shop, monthly, orders_csv, published

pytestmark = pytest.mark.integration

RESULTS = (
    "select kpi, cadence, period, slice, slice_value, value, numerator, denominator, data_status, "
    "reason_codes, target_status from kpi_values order by all"
)


# What rests on days and first events that the build before has kept.
MORE = {
    "new_customers": "{dataset: orders, first_time: {entity: customer}}",
    "came_back": "{dataset: orders, repeat: {entity: customer, event: order_id}}",
    "this_year": "{dataset: orders, cumulative: {of: {sum: amount}, to_date: year}}",
}


@pytest.fixture
def shop(tmp_path):
    """A shop whose orders are incremental, with January loaded."""
    root = make_shop(tmp_path / "shop")
    _replace(root / "kpi_specs/datasets/orders.yml", "time:", "incremental: true\ntime:")
    revenue = root / "kpi_specs/kpis/sales/revenue.yml"
    for name, metric in MORE.items():
        text = revenue.read_text(encoding="utf-8").replace("kpi: revenue", f"kpi: {name}")
        start, end = text.index("metric:"), text.index("unit:")
        text = f"{text[:start]}metric: {metric}\n{text[end:]}".replace("currency", "number")
        text = text.replace("due: 1 day", "due: 1 day\n  warm_up: 1 day")
        revenue.with_name(f"{name}.yml").write_text(text, encoding="utf-8")
    (root / FEBRUARY).rename(tmp_path / "february.csv")
    _run(root, "--as-of", "2024-02-02")
    return root


def _replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} has '{old}' {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _run(root, *arguments):
    done = kpi(root, "run", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def _written_before_february(root):
    """Rows of the parts that carry the mark of an earlier run."""
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        return con.execute("select since from kpi.kpi_parts_orders__since").fetchone()


def test_a_new_month_is_an_increment_and_gives_what_a_whole_run_gives(shop, tmp_path):
    (tmp_path / "february.csv").rename(shop / FEBRUARY)
    _run(shop, "--as-of", "2024-03-02")
    assert str(_written_before_february(shop)[0]) == "2024-02-01"  # the first day that was new
    assert monthly(shop, "revenue")["2024-02"] == (870.0, "final", "")
    assert monthly(shop, "this_year")["2024-02"] == (1800.0, "final", "")  # 930 and 870
    assert monthly(shop, "came_back")["2024-02"] == (1.0, "final", "")  # anna and ben both
    increment = published(shop, RESULTS)
    _run(shop, "--as-of", "2024-03-02", "--full-refresh")
    assert _written_before_february(shop)[0] is None or str(_written_before_february(shop)[0]) < "1"
    assert published(shop, RESULTS) == increment


def test_a_restated_file_is_an_increment_too(shop):
    january = [day for day in DAYS if day.month == 1]
    (shop / JANUARY).write_text(orders_csv(january, web="21.00"), encoding="utf-8")
    _run(shop, "--as-of", "2024-02-02")
    assert monthly(shop, "revenue")["2024-01"] == (961.0, "final", "")  # 31 x 31.00
