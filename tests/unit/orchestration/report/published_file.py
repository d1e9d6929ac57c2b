"""A publication by hand: the declared tables with a few rows, no pipeline behind it."""

import datetime as dt
import json

import duckdb

from orchestration.publish import schema
from orchestration.publish.columns import ddl


class PublishedFile:
    def __init__(self, file):
        self.file = file
        with duckdb.connect(str(file)) as con:
            for table in schema.fixed_tables(("en", "fa")):
                con.execute(ddl(table, "kpis"))
        self._insert(
            schema.PUBLICATION,
            contract_version=1, project="shop", title=json.dumps({"en": "Shop", "fa": "فروشگاه"}),
            run_id="run1", computed_at=dt.datetime(2017, 6, 15), as_of=dt.date(2017, 6, 15),
            currency="USD", time_zone="UTC", counts="{}",
        )  # fmt: skip
        self.count = 0

    def objective(self, key, title, parent=None, position=0):
        self._insert(
            schema.KPI_OBJECTIVES,
            objective=key, title=title, titles=json.dumps({"en": title}), level="mid",
            parent=parent, position=position,
        )  # fmt: skip

    def kpi(self, key, value=None, status="final", *, which="closed", **fields):
        """A KPI of the catalogue and its newest row."""
        self.count += 1
        catalogue = {
            "kpi": key, "is_current": True, "position": self.count, "unit": "number",
            "titles": json.dumps({"en": key.replace("_", " ").capitalize(), "fa": "شاخص"}),
            "objective": "grow", "kind": "kpi", "owner": "sales", "cadence": "monthly,daily",
            "owner_name": json.dumps({"en": "Sales team"}), "decimals": 2, "additive": False,
            **fields.pop("catalogue", {}),
        }  # fmt: skip
        self._insert(schema.catalogue_table(("en", "fa")), **catalogue)
        self.latest(key, value, status, which=which, unit=catalogue["unit"], **fields)

    def latest(self, key, value, status, *, which="closed", **fields):
        measured = status in ("final", "provisional")
        row = {
            "kpi": key, "cadence": "monthly", "period": "2017-05", "value": value,
            "data_status": status, "target_status": "no_target" if measured else "not_judged",
            "reason_codes": "" if measured else "SOURCE_STALE",
            "reason": "" if measured else "The ads are late.", "which": which,
            **fields,
        }  # fmt: skip
        self._insert(schema.KPI_LATEST, **row)

    def months(self, key, values, *, first=1):
        """Totals of 2017 in kpi_values from that month on; None has no value."""
        for month, value in enumerate(values, start=first):
            self._insert(
                schema.KPI_VALUES, kpi=key, cadence="monthly", period=f"2017-{month:02}",
                period_start=dt.date(2017, month, 1), period_end=dt.date(2017, month, 28),
                slice="total", slice_value="total",
                value=value, data_status="unmeasurable" if value is None else "final",
                reason_codes="R" if value is None else "", reason="r" if value is None else "",
                target_status="not_judged" if value is None else "no_target",
            )  # fmt: skip

    def finding(self, section, subject, finding):
        self._insert(
            schema.KPI_FINDINGS,
            section=section, subject_kind="kpi", subject=subject, finding=finding,
        )  # fmt: skip

    def _insert(self, table, **row):
        """Fill what is required and not given with something of its type."""
        filler = {
            "VARCHAR": "x", "INTEGER": 1, "BOOLEAN": False, "DOUBLE": 0.0,
            "DATE": dt.date(2017, 5, 1), "TIMESTAMP": dt.datetime(2017, 6, 15),
        }  # fmt: skip
        boring = {
            column.name: ""
            if column.name in ("missing_resources", "reason")
            else filler[column.type]
            for column in table.columns
            if column.required
        }
        row = {**boring, **row}
        with duckdb.connect(str(self.file)) as con:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            con.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))
