"""A small warehouse by hand: months of 2016 and 2017, KPI rows and verdicts added one by one."""

import calendar
import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Objective, Owner, Project, ProjectSettings, Publish
from kpi_specs.language.source import Source
from orchestration.paths import ProjectPaths
from orchestration.publish import publish

NOON = dt.datetime(2017, 6, 15, 12)


@dataclass
class Compiled:
    """Stands in for the compiler."""

    kpi_models: dict = field(default_factory=dict)
    fingerprints: dict = field(default_factory=dict)

    def sql_of(self, kpi_id):
        return f"SELECT 1 -- {kpi_id}"

    def formula_of(self, kpi_id):
        return f"formula of {kpi_id}"


def make_kpi(key, **fields):
    boring = {
        "kpi": key,
        "title": {"en": key.replace("_", " ").capitalize(), "fa": "شاخص"},
        "kind": "kpi",
        "objective": "grow",
        "purpose": {"en": "p"},
        "criterion": {"en": "c"},
        "metric": {"dataset": "orders", "simple": {"sum": "amount"}},
        "unit": "number",
        "direction": "higher_is_better",
        "cadence": "monthly",
        "owner": "sales",
    }
    return Kpi.model_validate({**boring, **fields})


class World:
    """A project with its warehouse; the clock stands at 15 June 2017 unless told otherwise."""

    def __init__(self, root: Path):
        self.paths = ProjectPaths(root)
        self.paths.var.mkdir(parents=True)
        self.con = duckdb.connect(str(self.paths.warehouse))
        self.compiled = Compiled()
        self.as_of = dt.date(2017, 6, 15)
        settings = ProjectSettings(
            name="shop", title={"en": "Shop"}, time_zone="UTC", currency="USD",
            languages=("en", "fa"), history_from=dt.date(2016, 1, 1), default_owner="sales",
            publish=Publish(keep=2),
        )  # fmt: skip
        self.project = Project(
            root,
            settings,
            objectives={
                "grow": Objective(objective="grow", title={"en": "Grow"}, level="strategic")
            },
            sources={
                "crm": Source(
                    source="crm",
                    title={"en": "CRM"},
                    owner="sales",
                    kind="files",
                    columns={"id": {"type": "integer"}},
                )
            },
            datasets={
                "orders": Dataset(
                    dataset="orders",
                    model="fct_orders",
                    row="one order",
                    key=("id",),
                    time="day",
                    sources=("crm",),
                )
            },
            owners={"sales": Owner(owner="sales", name={"en": "Sales"})},
        )
        self.con.execute("BEGIN")  # a commit per row would be a disk sync per row
        self._make_tables()
        self.con.execute("COMMIT")

    def _make_tables(self):
        self.con.execute(
            """
            CREATE SCHEMA audit; CREATE SCHEMA kpi; CREATE SCHEMA calendar;
            CREATE TABLE calendar.dim_period (calendar VARCHAR, cadence VARCHAR, period VARCHAR,
                period_start DATE, period_end DATE, period_days INT, period_number INT,
                previous_period VARCHAR, year_ago_period VARCHAR);
            CREATE TABLE audit.verdicts (kpi VARCHAR, cadence VARCHAR, period VARCHAR,
                slice VARCHAR, slice_value VARCHAR, period_start DATE, period_end DATE,
                data_status VARCHAR, reason_codes VARCHAR, reason VARCHAR, party VARCHAR,
                root VARCHAR, coverage DOUBLE, data_through DATE, due_at DATE, closed_at DATE,
                run_id VARCHAR);
            CREATE TABLE audit.checks (kpi VARCHAR, cadence VARCHAR, period VARCHAR, slice VARCHAR,
                slice_value VARCHAR, check_name VARCHAR, reason_code VARCHAR, evidence VARCHAR,
                expected VARCHAR, observed VARCHAR, verdict VARCHAR, run_id VARCHAR)
            """
        )
        for year in (2015, 2016, 2017):
            start, end = self.span(str(year))
            self.con.execute(
                "INSERT INTO calendar.dim_period VALUES "
                "('gregorian', 'yearly', ?, ?, ?, ?, ?, ?, ?)",
                [str(year), start, end, (end - start).days + 1, year, *[str(year - 1)] * 2],
            )
        self.con.execute(
            """
            INSERT INTO calendar.dim_period
            SELECT 'gregorian', 'daily', day::DATE::VARCHAR, day, day, 1,
                day::DATE - DATE '2015-01-01', (day::DATE - 1)::VARCHAR,
                (year(day) - 1) || strftime(day, '-%m-%d')
            FROM range(DATE '2016-12-01', DATE '2017-12-31', INTERVAL 1 DAY) AS days (day)
            """
        )
        months = [(year, month) for year in (2015, 2016, 2017) for month in range(1, 13)]
        periods = []
        for number, (year, month) in enumerate(months):
            start, end = self.span(f"{year}-{month:02}")
            before = f"{year - (month == 1)}-{(month - 2) % 12 + 1:02}"
            label = f"{year}-{month:02}"
            periods.append([label, start, end, end.day, number, before, f"{year - 1}-{month:02}"])
        self._insert("calendar.dim_period", "'gregorian', 'monthly', ?, ?, ?, ?, ?, ?, ?", periods)

    def _insert(self, table, marks, rows):
        """All rows by one statement; one for each took a tenth of the time of a test."""
        if rows:
            values = ", ".join([f"({marks})"] * len(rows))
            flat = [value for row in rows for value in row]
            self.con.execute(f"INSERT INTO {table} VALUES {values}", flat)

    @staticmethod
    def span(period):
        """First and last day of a year, month or day."""
        if len(period) == 4:
            return dt.date(int(period), 1, 1), dt.date(int(period), 12, 31)
        if len(period) == 10:
            return (dt.date.fromisoformat(period),) * 2
        year, month = map(int, period.split("-"))
        return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])

    def add_kpi(self, key, *, table=True, fingerprint="f1", **fields):
        self.project.kpis[key] = make_kpi(key, **fields)
        self.compiled.kpi_models[key] = f"kpi_{key}"
        self.compiled.fingerprints[key] = fingerprint
        if table:
            self.con.execute(
                f"""CREATE TABLE kpi.kpi_{key} (kpi VARCHAR, cadence VARCHAR, period VARCHAR,
                    slice VARCHAR, slice_value VARCHAR, dimensions VARCHAR, value DOUBLE,
                    numerator DOUBLE, denominator DOUBLE)"""
            )

    def add(self, key, period, value=None, status="final", **row):
        """One computed row and its verdict; `computed=False` or `verdict=False` leaves one out."""
        self._add(key, [(period, value, status)], **row)

    def _add(self, key, cells, **row):
        rows = [self._rows(key, *cell, **row) for cell in cells]
        computed, verdicts = ([one[n] for one in rows if one[n]] for n in (0, 1))
        self._insert(f"kpi.kpi_{key}", ", ".join("?" * 9), computed)
        marks = f"{', '.join('?' * 11)}, '', 1.0, ?, ?, ?, 'r'"
        self._insert("audit.verdicts", marks, verdicts)

    def _rows(self, key, period, value, status, **row):
        """What is computed of a cell, and its verdict; each may be left out."""
        slice_, slice_value = row.get("slice", ("total", "total"))
        start, end = self.span(period)
        cadence = {4: "yearly", 7: "monthly", 10: "daily"}[len(period)]
        computed = verdict = None
        if row.get("computed", True):
            dimensions = row.get("dimensions") or (
                {} if slice_ == "total" else {slice_: slice_value}
            )
            computed = [
                key, cadence, period, slice_, slice_value, json.dumps(dimensions), value,
                row.get("numerator"), row.get("denominator"),
            ]  # fmt: skip
        if row.get("verdict", True):
            measured = status in ("final", "provisional")
            verdict = [
                key, cadence, period, slice_, slice_value, start, end, status,
                row.get("reason_codes", "" if measured else "NO_ROWS"),
                row.get("reason", "" if measured else "No rows arrived."),
                row.get("party", "" if measured else "sales"),
                end, end + dt.timedelta(days=1), end + dt.timedelta(days=3),
            ]  # fmt: skip
        return computed, verdict

    def add_months(self, key, values, *, last="2017-06", **row):
        """Consecutive months up to `last`; None is unmeasurable, the last one is provisional."""
        year, month = map(int, last.split("-"))
        first = year * 12 + month - len(values)
        cells = []
        for offset, value in enumerate(values):
            number = first + offset
            status = "provisional" if offset == len(values) - 1 else "final"
            status = "unmeasurable" if value is None else status
            cells.append((f"{number // 12}-{number % 12 + 1:02}", value, status))
        self._add(key, cells, **row)

    def set(self, key, period, value, status="final"):
        """Restate a total."""
        self.con.execute(f"UPDATE kpi.kpi_{key} SET value = ? WHERE period = ?", [value, period])
        self.con.execute(
            "UPDATE audit.verdicts SET data_status = ?, reason_codes = ?, reason = ? "
            "WHERE kpi = ? AND period = ?",
            [status, *(("", "") if status == "final" else ("NO_ROWS", "No rows.")), key, period],
        )

    def publish(self, run_id="run1", computed_at=NOON):
        return publish(
            self.con, self.project, self.compiled, self.paths,
            run_id=run_id, computed_at=computed_at, as_of=self.as_of,
        )  # fmt: skip

    def read(self, sql):
        return read(self.paths.published_file, sql)


def read(file, sql):
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()
