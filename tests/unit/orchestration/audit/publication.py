"""A publication by hand, in memory or in a file: months of 2016 and 2017, KPIs, targets, values."""

import calendar
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publish import schema
from orchestration.publish.columns import Table, ddl

AS_OF = dt.date(2018, 1, 15)
_FILLER = {
    "VARCHAR": "x", "INTEGER": 1, "BOOLEAN": False, "DOUBLE": 0.0, "DATE": dt.date(2017, 1, 1),
    "TIMESTAMP": dt.datetime(2018, 1, 15),
}  # fmt: skip


class Publication:
    """The declared tables. The clock stands on 15 January 2018; a month is due the day after it."""

    def __init__(self, file: Path | None = None):
        self.con = duckdb.connect(str(file) if file else ":memory:")
        database = file.stem if file else "memory"
        for table in schema.fixed_tables(("en",)):
            self.con.execute(ddl(table, database))
        self.insert(
            schema.PUBLICATION, as_of=AS_OF, title=json.dumps({"en": "Shop"}), counts="{}",
            contract_version=1,
        )  # fmt: skip

    def kpi(self, key: str, direction: str = "higher_is_better", **fields: Any) -> None:
        boring = {
            "titles": json.dumps({"en": key.replace("_", " ").capitalize()}), "unit": "number",
            "decimals": 2, "cadence": "monthly", "is_current": True, "missing_resources": "",
        }  # fmt: skip
        row = {**boring, "kpi": key, "direction": direction, **fields}
        self.insert(schema.catalogue_table(("en",)), **row)

    def target(self, key: str, target: float | None = None, **fields: Any) -> None:
        """A target of every month of its dates (default: of 2017), as the spec's one target."""
        first = fields.get("valid_from", dt.date(2017, 1, 1))
        last = fields.get("valid_to") or dt.date(max(first.year, 2017), 12, 31)
        start = first
        while start <= last:
            self.target_of(key, f"{start:%Y-%m}", target, **{**fields, "valid_from": first})
            start = (start + dt.timedelta(days=31)).replace(day=1)

    def target_of(self, key: str, period: str, target: float | None, **fields: Any) -> None:
        start, end = month_of(period)
        row = {
            "kpi": key, "cadence": "monthly", "period": period, "period_start": start,
            "period_end": end, "slice": "total", "slice_value": "total", "target": target,
            "kind": "value", "reason": "", "valid_from": dt.date(2017, 1, 1), "set_by": "sales",
            "why": "plan",
        }  # fmt: skip
        self.insert(schema.KPI_TARGETS, **{**row, **fields})

    def months(self, key: str, values: Sequence[float | None], first: str = "2017-01", **fields):
        """One final value a month from `first` on; None is a month that could not be measured."""
        year, month = map(int, first.split("-"))
        for value in values:
            self.month(key, f"{year}-{month:02}", value, **fields)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def month(self, key: str, period: str, value: float | None, **fields: Any) -> None:
        start, end = month_of(period)
        measured = value is not None
        row = {
            "kpi": key, "cadence": "monthly", "period": period, "period_start": start,
            "period_end": end, "due_at": end + dt.timedelta(days=1), "slice": "total",
            "slice_value": "total", "value": value, "dimensions": "{}",
            "data_status": "final" if measured else "unmeasurable",
            "target_status": "no_target" if measured else "not_judged",
            "reason_codes": "" if measured else "SOURCE_STALE",
            "reason": "" if measured else "The till is late.",
        }  # fmt: skip
        self.insert(schema.KPI_VALUES, **{**row, **fields})

    def objective(self, key: str, parent: str | None = None, level: str = "mid") -> None:
        self.insert(
            schema.KPI_OBJECTIVES, objective=key, title=key, titles=json.dumps({"en": key}),
            level=level, parent=parent,
        )  # fmt: skip

    def insert(self, table: Table, **row: Any) -> None:
        """Fill what is required and not given with something of its type."""
        boring = {c.name: _FILLER[c.type] for c in table.columns if c.required}
        row = {**boring, **row}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self.con.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))


def month_of(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month such as 2017-02."""
    year, month = map(int, period.split("-"))
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
