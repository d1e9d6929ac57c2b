"""Trap 14: a source revises its last days; the new value is published, the old one kept."""

import datetime as dt


def revisions(world):
    return world.read("SELECT value, revision FROM kpi_values WHERE period = '2017-02'")


def test_a_changed_final_value_is_counted_and_the_old_one_kept(shop):
    shop.publish("run1", dt.datetime(2017, 6, 15))
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 16))
    shop.publish("run3", dt.datetime(2017, 6, 17))  # unchanged: neither counted nor kept twice
    assert revisions(shop) == [(111.0, 1)]
    shop.set("revenue", "2017-02", 112.0)
    shop.publish("run4", dt.datetime(2017, 6, 18))
    assert revisions(shop) == [(112.0, 2)]
    assert shop.read(
        "SELECT period, revision, old_value, new_value, old_run_id, run_id, restated_at "
        "FROM kpi_restatements ORDER BY revision"
    ) == [
        ("2017-02", 1, 110.0, 111.0, "run1", "run2", dt.datetime(2017, 6, 16)),
        ("2017-02", 2, 111.0, 112.0, "run3", "run4", dt.datetime(2017, 6, 18)),
    ]


def test_a_value_that_was_unmeasurable_for_a_while_is_compared_with_the_one_before(shop):
    shop.publish("run1")
    shop.set("revenue", "2017-02", 110.0, "unmeasurable")
    shop.publish("run2")
    assert revisions(shop) == [(None, 0)]
    shop.set("revenue", "2017-02", 110.0)
    shop.publish("run3")
    assert revisions(shop) == [(110.0, 0)]
    shop.set("revenue", "2017-02", 0.0, "unmeasurable")
    shop.publish("run4")
    shop.set("revenue", "2017-02", 115.0)
    shop.publish("run5")
    assert revisions(shop) == [(115.0, 1)]


def test_a_provisional_value_may_move_without_being_restated(shop):
    shop.publish("run1")
    shop.con.execute("UPDATE kpi.kpi_revenue SET value = 70 WHERE period = '2017-06'")
    shop.publish("run2")
    assert shop.read("SELECT sum(revision) FROM kpi_values") == [(0,)]


def test_a_changed_definition_starts_again(shop):
    shop.publish("run1")
    shop.set("revenue", "2017-02", 111.0)
    shop.compiled.fingerprints["revenue"] = "f2"
    shop.publish("run2")
    assert revisions(shop) == [(111.0, 0)]


def test_the_last_bit_of_a_sum_is_not_a_restatement(shop):
    shop.set("revenue", "2017-02", 4596039.579998858)
    shop.publish("run1")
    shop.set("revenue", "2017-02", 4596039.57999880)
    shop.publish("run2")
    assert revisions(shop)[0][1] == 0


def test_the_memory_survives_a_deleted_warehouse_table(shop):
    shop.publish("run1")
    shop.set("revenue", "2017-02", 111.0)
    shop.con.execute("DROP TABLE audit.published_finals")
    shop.publish("run2")
    assert revisions(shop) == [(111.0, 1)]
