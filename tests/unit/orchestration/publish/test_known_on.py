"""`kpi_values_known_on(day)` gives what the publication of that day showed, whatever came later.

The model is a plain list of what was shown when; the ledger is written by the same functions as in
a publication, over rows made up here.
"""

import datetime as dt

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.publish import history, restatements, rollback
from orchestration.publish.columns import ddl
from orchestration.publish.history_tables import HISTORY_TABLES

FIRST = dt.datetime(2017, 6, 1, 12)
PERIODS = ("2017-04", "2017-05")
ROW = st.one_of(
    st.none(),  # not published
    st.tuples(
        st.sampled_from(["final", "final", "provisional", "unmeasurable"]),
        st.sampled_from([100.0, 110.0, 0.0, -3.5]),
        st.sampled_from(["f1", "f1", "f2"]),
    ),
)
STEP = st.tuples(
    st.integers(0, 2),  # days since the one before
    st.sampled_from(["run", "run", "run", "rollback", "look back"]),
    st.tuples(*[ROW for _ in PERIODS]),
    st.integers(0, 9),  # which publication a rollback puts back
)


def shown(row):
    """What readers see of a row: no value unless it is measured."""
    status, value, fingerprint = row
    return (value if status in ("final", "provisional") else None, status, fingerprint)


class Ledger:
    """A published file in memory, and what must be true of it."""

    def __init__(self):
        self.con = duckdb.connect()
        for table in HISTORY_TABLES:
            self.con.execute(ddl(table, "memory"))
        self.con.execute("CREATE TABLE kpi_catalog (kpi VARCHAR, sources VARCHAR, is_current BOOL)")
        history.create_known_on(self.con, "memory", back_to="memory")
        self.publications = []  # (day, period -> what was shown)
        self.finals = {}  # period, definition -> the final value that readers saw last
        self.restated = []  # period, definition, old, new

    def publish(self, event, rows, at, as_of):
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE publish_rows (kpi VARCHAR, cadence VARCHAR, "
            "period VARCHAR, slice VARCHAR, slice_value VARCHAR, spec_version INT, "
            "spec_fingerprint VARCHAR, value DOUBLE, data_status VARCHAR, reason_codes VARCHAR, "
            "reason VARCHAR)"
        )
        for period, (value, status, fingerprint) in rows.items():
            self.con.execute(
                "INSERT INTO publish_rows VALUES "
                "('k', 'monthly', ?, 'total', 'total', 1, ?, ?, ?, '', '')",
                [period, fingerprint, value, status],
            )
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE publish_kpis AS "
            "SELECT DISTINCT kpi, spec_fingerprint FROM publish_rows"
        )
        entry = history.next_entry(
            self.con, "main", event=event, run_id="r", computed_at=at, as_of=as_of, shown_at=at,
            time_zone="UTC",
        )  # fmt: skip
        if entry is None:
            return
        self.con.execute(restatements.before_sql("main"))
        self.con.execute(restatements.changes_sql(event))
        self.con.execute(restatements.revisions_sql("main"))
        restatements.write_entry(self.con, entry, "main")
        self._expect(event, rows, at.date())

    def _expect(self, event, rows, day):
        self.publications.append((day, rows))
        for period, (value, status, fingerprint) in rows.items():
            if status != "final":
                continue
            old = self.finals.get((period, fingerprint))
            if event == "run" and old not in (None, value):
                self.restated.append((period, fingerprint, old, value))
            self.finals[period, fingerprint] = value

    def known_on(self, day):
        found = self.con.execute(
            "SELECT period, value, data_status, spec_fingerprint FROM kpi_values_known_on(?)", [day]
        ).fetchall()
        return {period: tuple(rest) for period, *rest in found}

    def expected_on(self, day):
        before = [rows for published, rows in self.publications if published <= day]
        return before[-1] if before else {}


@settings(deadline=None, max_examples=40)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_every_day_gives_what_was_shown_at_its_end_and_restatements_are_counted(steps):
    ledger, at = Ledger(), FIRST
    for days, event, rows, which in steps:
        at += dt.timedelta(days=days)
        found = {p: shown(row) for p, row in zip(PERIODS, rows, strict=True) if row is not None}
        if event == "rollback" and ledger.publications:
            found = ledger.publications[which % len(ledger.publications)][1]
            ledger.publish("rollback", found, at, FIRST.date())
        elif event == "look back" and ledger.publications:
            ledger.publish("run", found, at, FIRST.date() - dt.timedelta(days=1))
        else:
            ledger.publish("run", found, at, FIRST.date())
    for offset in range(-1, (at - FIRST).days + 2):
        day = FIRST.date() + dt.timedelta(days=offset)
        assert ledger.known_on(day) == ledger.expected_on(day), day
    restated = ledger.con.execute(
        "SELECT period, spec_fingerprint, old_value, new_value, revision FROM kpi_restatements "
        "WHERE change = 'restated' ORDER BY restated_at, period"
    ).fetchall()
    numbers = {}
    expected = []
    for period, fingerprint, old, new in ledger.restated:
        numbers[period, fingerprint] = numbers.get((period, fingerprint), 0) + 1
        expected.append((period, fingerprint, old, new, numbers[period, fingerprint]))
    assert restated == expected
    ledger.con.close()


def read_known(world, day):
    return world.read(
        f"SELECT period, value, data_status FROM kpi_values_known_on(DATE '{day}') ORDER BY period"
    )


def test_publications_rollbacks_and_look_backs_of_real_files(shop):
    """Every state is read from kpi_values when it goes live, and asked for at the end."""
    at, days, model = dt.datetime(2017, 6, 15, 12), [], {}

    def went_live(day):
        days.append(day)
        model[day] = shop.read("SELECT period, value, data_status FROM kpi_values ORDER BY period")

    def run(name, day):
        shop.publish(name, at.replace(day=day))
        went_live(day)

    run("run1", 15)
    shop.set("revenue", "2017-02", 111.0)
    run("run2", 16)
    shop.set("revenue", "2017-04", 0.0, "unmeasurable")
    run("run3", 18)
    rollback(shop.paths, now=at.replace(day=19))
    went_live(19)
    shop.as_of = dt.date(2017, 6, 1)
    shop.publish("back", at.replace(day=20))  # a look back: not asked for
    shop.as_of = dt.date(2017, 6, 21)
    shop.set("revenue", "2017-04", 121.0)
    run("run4", 21)
    assert model[19] == model[16] != model[18]
    model[17], model[20], model[22] = model[16], model[19], model[21]
    for day, rows in model.items():
        assert read_known(shop, f"2017-06-{day}") == rows, day
    assert read_known(shop, "2017-06-14") == []


def test_a_day_is_one_of_the_project_s_time_zone(shop):
    settings_of = shop.project.settings
    tehran = settings_of.model_copy(update={"time_zone": "Asia/Tehran"})
    object.__setattr__(shop.project, "settings", tehran)
    shop.publish("run1", dt.datetime(2017, 6, 15, 22))  # 02:30 of the 16th there
    assert read_known(shop, "2017-06-15") == []
    assert len(read_known(shop, "2017-06-16")) == 6


def test_a_wall_clock_that_was_set_back_does_not_change_the_order(shop):
    shop.publish("run1", dt.datetime(2017, 6, 16))
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 10))
    assert read_known(shop, "2017-06-15") == []
    assert ("2017-02", 111.0, "final") in read_known(shop, "2017-06-16")


def test_parquet_readers_ask_the_same_with_the_documented_query(shop):
    shop.publish("run1", dt.datetime(2017, 6, 15))
    shop.set("revenue", "2017-02", 111.0)
    shop.publish("run2", dt.datetime(2017, 6, 17))
    file = shop.paths.parquet / "kpi_history.parquet"
    query = f"""
        SELECT period, value, data_status FROM (
            SELECT *, row_number() OVER (
                PARTITION BY kpi, cadence, period, slice, slice_value ORDER BY shown_from DESC
            ) AS newest
            FROM '{file}'
            WHERE shown_on <= DATE '2017-06-16'
        )
        WHERE newest = 1 AND data_status <> 'absent'
        ORDER BY period"""
    assert duckdb.sql(query).fetchall() == read_known(shop, "2017-06-16")
    assert ("2017-02", 110.0, "final") in read_known(shop, "2017-06-16")
