"""A source that loses its first days, or a channel: what was published of them has no value."""

import datetime as dt

import pytest

from tests.mutations.expected import Withheld, expected
from tests.mutations.running import differences, incidents, published, run
from tests.mutations.world import FIRST, LAST, clean_rows, order_day, write_csv

pytestmark = pytest.mark.integration
JANUARY = dt.date(2024, 1, 31)
ALERT = {("tills", "source:orders", "PERIOD_INCOMPLETE")}


def test_an_export_of_the_last_months_only_takes_the_values_of_those_before(markets, clean):
    root = markets.that_ran()
    orders = clean_rows()["orders"]
    later = [row for row in orders if order_day(row) > JANUARY]
    lost = Withheld("orders", FIRST, JANUARY, "PERIOD_INCOMPLETE", "tills")
    write_csv(root / "landing/orders.csv", later)
    run(root)
    assert differences(expected(clean, (lost,)), published(root)) == []
    assert incidents(root) == ALERT

    # It is not forgotten when a further run judges; the new customer orders nothing.
    customers = [*clean_rows()["customers"], {"customer_id": "C999", "segment": "home"}]
    write_csv(root / "landing/customers.csv", customers)
    run(root)
    assert differences(expected(clean, (lost,)), published(root)) == []
    assert incidents(root) == ALERT

    write_csv(root / "landing/orders.csv", orders)
    run(root)
    assert differences(clean, published(root)) == []
    assert incidents(root) == set()


def test_a_channel_of_which_all_rows_are_gone_keeps_its_rows_without_values(markets, clean):
    root = markets.that_ran()
    ads = clean_rows()["ads"]
    write_csv(root / "landing/ads.csv", [row for row in ads if row["channel"] != "search"])
    run(root)
    lost = Withheld("ads", FIRST, LAST, "PERIOD_INCOMPLETE", "ad_desk")
    assert differences(expected(clean, (lost,)), published(root)) == []
    assert incidents(root) == {("ad_desk", "source:ads", "PERIOD_INCOMPLETE")}

    write_csv(root / "landing/ads.csv", ads)
    run(root)
    assert differences(clean, published(root)) == []
    assert incidents(root) == set()


def test_history_that_starts_later_by_the_project_has_lost_nothing(markets, clean):
    root = markets.that_ran()
    later = [row for row in clean_rows()["orders"] if order_day(row) > JANUARY]
    write_csv(root / "landing/orders.csv", later)
    settings = root / "kpi_specs/project.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("2024-01-01", "2024-02-01"), encoding="utf-8")
    run(root)
    assert incidents(root) == set()
    found = published(root)
    assert {key for key, row in found.items() if row.days[1] <= JANUARY} == set()
    own = [key for key, row in clean.items() if key[0] == "orders" and row.days[0] > JANUARY]
    assert {key: found[key] for key in own} == {key: clean[key] for key in own}
