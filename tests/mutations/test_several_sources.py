"""Several sources fail at once: each owner is told, of every KPI that lacks the source."""

import datetime as dt
import json

import duckdb
import pytest

from tests.mutations.running import incidents, run
from tests.mutations.world import clean_rows, order_day, write_csv

pytestmark = pytest.mark.integration
LATE = dt.date(2024, 4, 8)


def _told(root):
    """Root -> what the newest message on it says."""
    with duckdb.connect(f"{root}/var/warehouse.duckdb", read_only=True) as con:
        found = con.execute("select payload from audit.outbox order by created_at").fetchall()
    payloads = [json.loads(content) for (content,) in found]
    return {one["root"]: one for one in payloads}


def test_the_owner_of_each_source_that_is_missing_is_told(markets):
    root = markets.fresh()
    for source in ("orders", "customers"):
        (root / f"landing/{source}.csv").unlink()
    run(root)
    assert incidents(root) == {
        ("tills", "source:orders", "SOURCE_MISSING"),
        ("crm", "source:customers", "SOURCE_MISSING"),
    }
    told = _told(root)
    for source in ("orders", "customers"):
        said = f"The source {source} never delivered a file that matches landing/{source}*.csv."
        assert told[f"source:{source}"]["reason"] == said
    by_segment = {"revenue", "customers", "revenue_growth", "return_on_ad_spend"}
    assert by_segment <= {one["kpi"] for one in told["source:customers"]["kpis"]}


def test_a_kpi_over_two_late_sources_stands_in_the_alerts_of_both(markets):
    root = markets.fresh()
    rows = clean_rows()
    orders = [row for row in rows["orders"] if order_day(row) < LATE]
    ads = [row for row in rows["ads"] if row["day"] < (LATE - dt.timedelta(days=1)).isoformat()]
    write_csv(root / "landing/orders.csv", orders)
    write_csv(root / "landing/ads.csv", ads)
    run(root)
    assert incidents(root) == {
        ("tills", "source:orders", "SOURCE_STALE"),
        ("ad_desk", "source:ads", "SOURCE_STALE"),
    }
    told = _told(root)
    for source, day in (("orders", "2024-04-07"), ("ads", "2024-04-06")):
        one = told[f"source:{source}"]
        assert "cost_per_order" in {kpi["kpi"] for kpi in one["kpis"]}
        assert one["reason"] == (
            f"The source {source} is late: its newest day is {day}, expected 2024-04-10 or later."
        )

    write_csv(root / "landing/ads.csv", rows["ads"])
    run(root)
    assert incidents(root) == {("tills", "source:orders", "SOURCE_STALE")}
    write_csv(root / "landing/orders.csv", rows["orders"])
    run(root)
    assert incidents(root) == set()
