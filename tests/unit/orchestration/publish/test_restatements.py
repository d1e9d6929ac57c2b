"""Trap 14: a source revises its last days; the new value is published, the old one kept."""

import datetime as dt

import duckdb

from orchestration.publish import rollback


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
        ("2017-02", 2, 111.0, 112.0, "run2", "run4", dt.datetime(2017, 6, 18)),
    ]


def changes(world):
    return world.read(
        "SELECT change, revision, old_value, new_value, new_status, run_id FROM kpi_restatements "
        "WHERE period = '2017-02' ORDER BY restated_at"
    )


def why(world):
    (text,) = world.read("SELECT why FROM kpi_restatements ORDER BY restated_at DESC LIMIT 1")[0]
    return text


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


def test_a_value_that_goes_and_comes_back_is_told_each_time(shop):
    shop.publish("run1")
    shop.set("revenue", "2017-02", 0.0, "unmeasurable")
    shop.publish("run2")
    assert why(shop) == "NO_ROWS: No rows."
    shop.publish("run3")  # still gone: nothing new
    shop.set("revenue", "2017-02", 110.0)
    shop.publish("run4")
    shop.set("revenue", "2017-02", 110.0, "provisional")
    shop.con.execute("UPDATE audit.verdicts SET reason_codes = '', reason = ''")
    shop.con.execute(
        "UPDATE audit.verdicts SET reason_codes = 'X', reason = 'x' WHERE period = '2017-03'"
    )
    shop.publish("run5")
    assert why(shop) == "The period counts as open to late data again."
    shop.set("revenue", "2017-02", 115.0)
    shop.publish("run6")
    assert changes(shop) == [
        ("withdrawn", 0, 110.0, None, "unmeasurable", "run2"),
        ("returned", 0, 110.0, 110.0, "final", "run4"),
        ("reopened", 0, 110.0, 110.0, "provisional", "run5"),
        ("restated", 1, 110.0, 115.0, "final", "run6"),
    ]


def test_a_slice_that_is_not_published_any_more_is_withdrawn(shop):
    web = {"slice": ("channel", "web")}
    shop.add("revenue", "2017-02", 30.0, **web)
    for month in ("03", "04", "05", "06"):
        shop.add("revenue", f"2017-{month}", 40.0, **web)
    shop.publish("run1")
    for table in ("kpi.kpi_revenue", "audit.verdicts"):
        shop.con.execute(f"DELETE FROM {table} WHERE slice = 'channel'")
    shop.publish("run2")
    assert shop.read(
        "SELECT DISTINCT change, new_value, new_status, why FROM kpi_restatements"
    ) == [("withdrawn", None, "absent", "The row is not published any more.")]


def test_a_kpi_that_left_the_project_is_no_restatement(shop):
    shop.add_kpi("orders")
    shop.add_months("orders", [1.0, 2.0])
    shop.publish("run1")
    del shop.project.kpis["orders"]
    shop.con.execute("DELETE FROM audit.verdicts WHERE kpi = 'orders'")
    shop.publish("run2")
    assert shop.read("SELECT count(*) FROM kpi_restatements") == [(0,)]


def test_coming_back_to_an_earlier_definition_goes_on_where_that_one_ended(shop):
    shop.publish("run1")
    shop.compiled.fingerprints["revenue"] = "f2"
    shop.set("revenue", "2017-02", 500.0)
    shop.publish("run2")
    shop.compiled.fingerprints["revenue"] = "f1"
    shop.set("revenue", "2017-02", 110.0)
    shop.publish("run3")
    assert changes(shop) == []
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run4")
    assert changes(shop) == [("restated", 1, 110.0, 111.0, "final", "run4")]


def test_the_files_that_came_since_are_named(shop):
    shop.con.execute(
        "CREATE TABLE audit.loads (source VARCHAR, file VARCHAR, status VARCHAR, "
        "loaded_at TIMESTAMP)"
    )
    shop.add_kpi("orders")
    shop.add_months("orders", [1.0, 2.0])

    def load(day, *files, source="crm", status="loaded"):
        for file in files:
            shop.con.execute(
                "INSERT INTO audit.loads VALUES (?, ?, ?, ?)",
                [source, file, status, dt.datetime(2017, 6, day)],
            )

    load(1, "old.csv")
    shop.publish("run1", dt.datetime(2017, 6, 2))
    load(3, "d.csv", "b.csv", "a.csv", "c.csv")
    load(3, "broken.csv", status="failed")
    load(3, "other.csv", source="ads")
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 4))
    assert why(shop) == "crm: a.csv, b.csv, c.csv and 1 more"
    shop.set("revenue", "2017-02", 112.0)
    shop.publish("run3", dt.datetime(2017, 6, 5))
    assert why(shop) == "No file of its sources was loaded since the publication before."
    shop.con.execute("UPDATE audit.loads SET loaded_at = TIMESTAMP '2017-06-06'")  # made anew
    shop.set("revenue", "2017-02", 113.0)
    shop.publish("run4", dt.datetime(2017, 6, 7))
    assert why(shop) == "The load log does not reach back to the publication before."


def test_a_source_that_restates_a_final_period_goes_beyond_what_it_says(shop):
    """June 2017; February was final, and the source says that it revises a week."""
    crm = shop.project.sources["crm"].model_copy(update={"restates": 7})
    shop.project.sources["crm"] = crm
    shop.con.execute(
        "CREATE TABLE audit.loads (source VARCHAR, file VARCHAR, status VARCHAR, "
        "loaded_at TIMESTAMP)"
    )
    shop.con.execute("INSERT INTO audit.loads VALUES ('crm', 'a.csv', 'loaded', '2017-06-01')")
    shop.publish("run1", dt.datetime(2017, 6, 2))
    shop.con.execute("INSERT INTO audit.loads VALUES ('crm', 'b.csv', 'loaded', '2017-06-03')")
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 4))
    assert why(shop) == "crm: b.csv (beyond the 7 days that it revises)"


def test_what_a_rollback_undid_and_what_follows_is_kept(shop):
    shop.con.execute(
        "CREATE TABLE audit.loads (source VARCHAR, file VARCHAR, status VARCHAR, "
        "loaded_at TIMESTAMP)"
    )
    shop.con.execute(
        "INSERT INTO audit.loads VALUES ('crm', 'first.csv', 'loaded', TIMESTAMP '2017-05-31'), "
        "('crm', 'wrong.csv', 'loaded', TIMESTAMP '2017-06-02')"
    )
    shop.publish("run1", dt.datetime(2017, 6, 1))
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 3))
    rollback(shop.paths, now=dt.datetime(2017, 6, 4))
    assert revisions(shop) == [(110.0, 0)], "the publication is as it was"
    shop.publish("run3", dt.datetime(2017, 6, 5))
    assert why(shop) == "crm: wrong.csv", "loaded after the values that were put back"
    assert revisions(shop) == [(111.0, 2)]
    assert changes(shop) == [
        ("restated", 1, 110.0, 111.0, "final", "run2"),
        ("rolled_back", 1, 111.0, 110.0, "final", "run1"),
        ("restated", 2, 110.0, 111.0, "final", "run3"),
    ]


def test_an_earlier_clock_writes_no_history(shop, caplog):
    shop.publish("run1")
    shop.as_of = dt.date(2017, 5, 20)
    shop.set("revenue", "2017-02", 99.0)
    for period, status in (("2017-05", "provisional"), ("2017-06", "pending")):
        shop.con.execute(
            "UPDATE audit.verdicts SET data_status = ?, reason_codes = 'R', reason = 'r' "
            "WHERE period = ?",
            [status, period],
        )
    shop.publish("run2")
    assert revisions(shop) == [(99.0, 0)], "readers see the look back"
    assert changes(shop) == []
    assert shop.read("SELECT run_id FROM kpi_publications") == [("run1",)]
    assert caplog.messages == [
        "The clock (2017-05-20) is earlier than that of the publication before (2017-06-15): this "
        "is a look back, which the history of values leaves out."
    ]
    shop.as_of = dt.date(2017, 6, 16)
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run3")
    assert changes(shop) == [("restated", 1, 110.0, 111.0, "final", "run3")]


def forget(world):
    for table in ("kpi_history", "kpi_restatements", "kpi_publications"):
        world.con.execute(f"DROP TABLE audit.{table}")


def restate_twice(world):
    world.publish("run1", dt.datetime(2017, 6, 1))
    for number, value in ((2, 111.0), (3, 112.0)):
        world.set("revenue", "2017-02", value)
        world.publish(f"run{number}", dt.datetime(2017, 6, number))


def test_a_lost_warehouse_gets_its_history_back_from_the_live_file(shop):
    restate_twice(shop)
    forget(shop)
    shop.publish("run4", dt.datetime(2017, 6, 4))
    assert revisions(shop) == [(112.0, 2)]
    assert shop.read("SELECT run_id FROM kpi_publications ORDER BY shown_from") == [
        ("run1",), ("run2",), ("run3",), ("run4",)
    ]  # fmt: skip


def test_a_damaged_live_file_costs_only_its_own_part(shop):
    restate_twice(shop)
    shop.paths.published_file.write_bytes(b"not a database")
    shop.publish("run4", dt.datetime(2017, 6, 4))
    assert changes(shop) == [
        ("restated", 1, 110.0, 111.0, "final", "run2"),
        ("restated", 2, 111.0, 112.0, "final", "run4"),
    ]


def test_without_warehouse_and_live_file_the_kept_publications_know(shop):
    restate_twice(shop)
    forget(shop)
    shop.paths.published_file.unlink()
    shop.publish("run4", dt.datetime(2017, 6, 4))
    assert revisions(shop) == [(112.0, 2)]


def test_without_any_of_them_history_begins_with_the_next_publication(shop):
    restate_twice(shop)
    forget(shop)
    for file in (shop.paths.published_file, *shop.paths.previous.iterdir()):
        file.unlink()
    shop.publish("run4", dt.datetime(2017, 6, 4))
    assert shop.read("SELECT min(shown_from) FROM kpi_publications") == [(dt.datetime(2017, 6, 4),)]
    assert shop.read("FROM kpi_values_known_on('2017-06-03')") == []


def test_file_and_parquet_tell_the_same_after_a_rollback(shop):
    shop.publish("run1", dt.datetime(2017, 6, 1))
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 2))
    counts = rollback(shop.paths).counts
    for table in ("kpi_history", "kpi_restatements", "kpi_publications"):
        file = shop.paths.parquet / f"{table}.parquet"
        rows = shop.read(f"FROM {table} ORDER BY ALL")
        assert duckdb.sql(f"FROM '{file}' ORDER BY ALL").fetchall() == rows
        assert counts[table] == len(rows) > 0
