"""A shop of one source, one dataset and a few KPIs in an in-memory DuckDB, boring fields filled in.

The clock stands on Saturday 2017-03-11; history starts on Wednesday 2017-03-01. Unless a test says
otherwise every day from the 1st to the 10th has one row, every KPI row the value 2.0 from one row.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from expectations import VerdictSummary, judge
from kpi_specs.compiler import compile_project
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Owner, Project, ProjectSettings
from kpi_specs.language.source import Source
from orchestration.plain_sql import build_what_can_be, generated_order
from orchestration.transform.calendar import write_calendar

HISTORY_FROM = dt.date(2017, 3, 1)
AS_OF = dt.date(2017, 3, 11)
DAY = dt.timedelta(days=1)
LOADED_AT = dt.datetime(2017, 3, 11, 6)


def settings(**more: Any) -> ProjectSettings:
    return ProjectSettings.model_validate(
        {
            "name": "shop",
            "title": {"en": "Shop"},
            "time_zone": "UTC",
            "currency": "EUR",
            "languages": ["en"],
            "history_from": HISTORY_FROM,
            "default_owner": "platform_team",
        }
        | more
    )


def source(name: str = "till", **more: Any) -> Source:
    return Source.model_validate(
        {
            "source": name,
            "title": {"en": name},
            "owner": f"{name}_owner",
            "kind": "files",
            "path": f"landing/{name}/*.csv",
            "columns": {"day": {"type": "date"}, "amount": {"type": "integer", "required": True}},
            "event_time": "day",
            "arrives": {"every": "day", "within": "1 day"},
            "expects": {"rows_per_day": 1},
        }
        | more
    )


def dataset(name: str = "sales", **more: Any) -> Dataset:
    return Dataset.model_validate(
        {
            "dataset": name,
            "model": f"fct_{name}",
            "row": "a sale",
            "key": ["day"],
            "time": "day",
            "dimensions": ["channel"],
            "sources": ["till"],
            "reconcile": {"days": False},  # marts are filled here as if they left out rows
        }
        | more
    )


def kpi(name: str = "revenue", metric: Mapping[str, Any] | None = None, **more: Any) -> Kpi:
    return Kpi.model_validate(
        {
            "kpi": name,
            "title": {"en": name},
            "kind": "kpi",
            "objective": "grow",
            "purpose": {"en": "a decision"},
            "criterion": {"en": "a question"},
            "metric": metric or {"dataset": "sales", "simple": {"sum": "amount"}},
            "unit": "number",
            "direction": "higher_is_better",
            "cadence": "daily",
            "owner": "sales_owner",
        }
        | more
    )


def project(
    *,
    kpis: Iterable[Kpi] | None = None,
    sources: Iterable[Source] | None = None,
    datasets: Iterable[Dataset] | None = None,
    **more_settings: Any,
) -> Project:
    found = settings(**more_settings)
    kpis = list(kpis) if kpis is not None else [kpi()]
    sources = list(sources) if sources is not None else [source()]
    datasets = list(datasets) if datasets is not None else [dataset()]
    owners = [k.owner for k in kpis] + [s.owner for s in sources] + [found.default_owner]
    return Project(
        root=Path("."),
        settings=found,
        owners={o: Owner(owner=o, name={"en": o}) for o in owners},
        sources={s.source: s for s in sources},
        datasets={d.dataset: d for d in datasets},
        kpis={k.kpi: k for k in kpis},
    )


def days(first: str = "2017-03-01", last: str = "2017-03-10") -> list[dt.date]:
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [start + n * DAY for n in range((end - start).days + 1)]


def load_id(name: str = "till", hours_later: int = 0, file: str = "a.csv") -> str:
    """The load that `Warehouse.load` logs; raw rows are of the first one."""
    return f"{name}-{hours_later}-{file}"


class Warehouse:
    """The tables that ingest and dbt would have left.

    By one thread of DuckDB a judgement of a few rows takes 1.1 s of CPU, by two 1.35.
    """

    def __init__(self, specs: Project, as_of: dt.date = AS_OF, *, threads: int = 1) -> None:
        self.project = specs
        self.as_of = as_of
        self.con = duckdb.connect(config={"threads": threads})
        for schema in ("raw", "marts", "kpi", "audit"):
            self.con.execute(f"create schema {schema}")
        write_calendar(self.con, specs, as_of)
        self.con.execute(
            "create table audit.loads (load_id varchar, run_id varchar, source varchar, "
            "file varchar, sha256 varchar, bytes bigint, rows_loaded bigint, "
            "rows_rejected bigint, status varchar, message varchar, missing_columns varchar, "
            "loaded_at timestamp)"
        )
        self.con.execute(
            "create table audit.rejects (load_id varchar, source varchar, file varchar, "
            "line bigint, column_name varchar, value varchar, reason varchar, "
            "event_time timestamp)"
        )

    def load(
        self,
        name: str = "till",
        *,
        rows: int = 10,
        status: str = "loaded",
        message: str = "",
        missing_columns: str = "",
        hours_later: int = 0,
        file: str = "a.csv",
    ) -> None:
        """One line of the load log."""
        at = LOADED_AT + dt.timedelta(hours=hours_later)
        self.con.execute(
            "insert into audit.loads values (?, ?, ?, ?, 'hash', 1, ?, 0, ?, ?, ?, ?)",
            [load_id(name, hours_later, file), f"run-{hours_later}", name, file, rows, status,
             message, missing_columns, at],
        )  # fmt: skip

    def reject(
        self, name: str = "till", *, lines: int, day: dt.date | None = None, file: str = "a.csv"
    ) -> None:
        """Lines of the first load of a file that could not be read; `day` where that could be."""
        for _ in range(lines):
            self.con.execute(
                "insert into audit.rejects select ?, ?, ?, count(*), 'amount', 'x', 'not an "
                "integer', ? from audit.rejects",
                [load_id(name, file=file), name, file, day],
            )

    def fill_source(
        self, name: str = "till", on: Iterable[dt.date] | None = None, *, columns: str = ""
    ) -> None:
        """raw.<source> with one row a day."""
        columns = columns or "day date, amount bigint"
        columns += ", _load_id varchar, _file varchar, _line bigint, _loaded_at timestamp"
        self.con.execute(f"create or replace table raw.{name} ({columns})")
        for day in days() if on is None else on:
            self.con.execute(
                f"insert into raw.{name} by name "
                "select ?::date as day, ? as _load_id, 'a.csv' as _file, ? as _loaded_at",
                [day, load_id(name), LOADED_AT],
            )

    def fill_raw(self, name: str, query: str) -> None:
        """raw.<source> with the rows of a query; what it does not say of their origin is the same.

        `_file` may be among its columns: where rows share a key, that of the last file holds.
        """
        self.con.execute(f"create or replace table raw.{name} as {query}")
        for column, value in (
            ("_load_id varchar", load_id(name)),
            ("_file varchar", "a.csv"),
            ("_line bigint", 1),
            ("_loaded_at timestamp", LOADED_AT),
        ):
            self.con.execute(
                f"alter table raw.{name} add column if not exists {column} default '{value}'"
            )

    def fill_dataset(self, name: str = "sales", on: Iterable[dt.date] | None = None) -> None:
        """marts.fct_<dataset> with one row a day."""
        self.con.execute(f"create or replace table marts.fct_{name} (day date)")
        for day in days() if on is None else on:
            self.con.execute(f"insert into marts.fct_{name} values (?)", [day])

    def fill_kpi(
        self,
        name: str = "revenue",
        rows: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        first: dt.date = HISTORY_FROM,
        slices: Mapping[str, str] | None = None,
        without: Iterable[str] = (),
    ) -> None:
        """kpi.kpi_<id>: every period up to the clock and every slice; `rows` overrides by period.

        A key of `rows` is a period, or `period/slice_value`; `slices` is slice_value -> slice;
        `without` leaves out keys.
        """
        self.con.execute(
            f"create or replace table kpi.kpi_{name} (kpi varchar, cadence varchar, "
            "calendar varchar, period varchar, period_start date, period_end date, "
            "period_days integer, previous_period varchar, year_ago_period varchar, "
            "slice varchar, slice_value varchar, dimensions varchar, value double, "
            "numerator double, denominator double, row_count bigint)"
        )
        spec = self.project.kpis[name]
        for cadence in spec.cadence:
            calendar = self.project.settings.calendar_of(spec.calendar)
            for period in calendar.periods(first, self.as_of, [cadence]):
                for value, slice_name in (slices or {"total": "total"}).items():
                    keys = (period.period, f"{period.period}/{value}")
                    if any(key in without for key in keys):
                        continue
                    cell: dict[str, Any] = {
                        "value": 2.0, "numerator": 2.0, "denominator": 1.0, "row_count": 1,
                    }  # fmt: skip
                    for key in keys:
                        cell |= (rows or {}).get(key, {})
                    self.con.execute(
                        f"insert into kpi.kpi_{name} values "
                        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', ?, ?, ?, ?)",
                        [name, cadence, spec.calendar, period.period, period.start, period.end,
                         period.days, period.previous_period, period.year_ago_period, slice_name,
                         value, cell["value"], cell["numerator"], cell["denominator"],
                         cell["row_count"]],
                    )  # fmt: skip

    def fill(self, **rows_of_kpi: Mapping[str, Mapping[str, Any]]) -> "Warehouse":
        """Everything, whole."""
        for name in self.project.sources:
            self.load(name)
            self.fill_source(name)
        for name in self.project.datasets:
            self.fill_dataset(name)
        for name in self.project.kpis:
            self.fill_kpi(name, rows_of_kpi.get(name))
        return self

    def compute(self, **marts: str) -> "Warehouse":
        """marts.<model> from a query each, and the tables that the compiler makes of them."""
        for model, query in marts.items():
            self.con.execute(f"create or replace table marts.{model} as {query}")
        compiled = compile_project(self.project, increments=False)
        order = generated_order(compiled, self.project.kpis)
        tables = {name: f"kpi.{name}" for name in order} | {m: f"marts.{m}" for m in marts}
        failed = build_what_can_be(self.con, compiled, order, tables)
        assert failed == {}, failed
        return self

    def judge(self, **compute_errors: str) -> VerdictSummary:
        return judge(
            self.con, self.project, as_of=self.as_of, run_id="r1", compute_errors=compute_errors
        )

    def verdicts(self, name: str = "revenue", slice_value: str = "total") -> dict[str, "Row"]:
        """Period -> verdict."""
        found = self.con.execute(
            "select * from audit.verdicts where kpi = ? and slice_value = ?", [name, slice_value]
        )
        names = [column[0] for column in found.description or ()]
        rows = [Row(zip(names, values, strict=True)) for values in found.fetchall()]
        return {row["period"]: row for row in rows}


class Row(dict[str, Any]):
    """One verdict."""

    @property
    def short(self) -> tuple[str, str]:
        """(data_status, reason_codes)."""
        return self["data_status"], self["reason_codes"]
