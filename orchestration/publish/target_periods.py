"""What the specs say about targets, as two working tables that the SQL of `targets` reads.

`publish_periods`: the periods that a target may be for: of every whole year from the project's
first day to the clock's, so that a year's target is divided by all of its months, those to come
included. `publish_target_specs`: one row per target and cadence.
"""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb

from kpi_specs.language.cadence import CADENCES
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from kpi_specs.language.slices import in_order, slice_name, slice_value
from kpi_specs.language.target import Target

CENTS = 2  # decimals of the parts of a divided target
DIGITS = 4  # ... and more of them where the whole would have fewer than 10 ** 4 steps

_PERIOD = {
    "calendar": "VARCHAR", "cadence": "VARCHAR", "period": "VARCHAR", "period_start": "DATE",
    "period_end": "DATE", "period_days": "INTEGER", "year_ago_period": "VARCHAR",
}  # fmt: skip
_SPEC = {
    "target_id": "VARCHAR", "kpi": "VARCHAR", "calendar": "VARCHAR", "cadence": "VARCHAR",
    "is_published": "BOOLEAN", "slice": "VARCHAR", "slice_value": "VARCHAR", "kind": "VARCHAR",
    "target": "DOUBLE", "target_low": "DOUBLE", "target_high": "DOUBLE", "warning": "DOUBLE",
    "factor": "DOUBLE", "base_kpi": "VARCHAR", "split": "VARCHAR", "decimals": "INTEGER",
    "whole_cadence": "VARCHAR", "paced_by": "VARCHAR", "target_steps": "HUGEINT",
    "target_low_steps": "HUGEINT", "target_high_steps": "HUGEINT", "warning_steps": "HUGEINT",
    "valid_from": "DATE", "valid_to": "DATE", "set_by": "VARCHAR", "why": "VARCHAR",
}  # fmt: skip


def write_target_specs(con: duckdb.DuckDBPyConnection, project: Project, as_of: dt.date) -> None:
    """Write `publish_periods` and `publish_target_specs`."""
    _write(con, "publish_periods", _PERIOD, list(_periods(project, as_of)))
    _write(con, "publish_target_specs", _SPEC, list(target_specs(project)))


def _write(
    con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"SELECT unnest(from_json(?::JSON, '{json.dumps([columns])}'), recursive := true)",
        [json.dumps(rows, default=str)],
    )


def _periods(project: Project, as_of: dt.date) -> Iterator[dict[str, Any]]:
    for calendar in project.calendars:
        first = calendar.period_of(project.settings.history_from, "yearly").start
        last = calendar.period_of(as_of, "yearly").end
        for one in calendar.periods(first, last):
            yield {
                "calendar": one.calendar,
                "cadence": one.cadence,
                "period": one.period,
                "period_start": one.start,
                "period_end": one.end,
                "period_days": one.days,
                "year_ago_period": one.year_ago_period,
            }


def target_specs(project: Project) -> Iterator[dict[str, Any]]:
    """One row per target and cadence: first the periods it is written for, then its parts."""
    for key, kpi in project.kpis.items():
        for index, target in enumerate(kpi.targets):
            row = {"target_id": f"{key} {index}", "kpi": key, **_said(kpi, target)}
            for cadence in (target.cadence,) if target.cadence else kpi.cadence:
                # A year's target may be written for a KPI that has no yearly values.
                yield {
                    **row, "cadence": cadence, "is_published": cadence in kpi.cadence,
                    "paced_by": min(target.into, key=CADENCES.index, default=None),
                }  # fmt: skip
            for cadence in target.into:
                yield {
                    **row, "cadence": cadence, "is_published": True, "kind": "split",
                    "split": target.split, "whole_cadence": target.cadence, **_steps(target),
                }  # fmt: skip


def _said(kpi: Kpi, target: Target) -> dict[str, Any]:
    relative = target.kind in ("of_last_year", "kpi")
    dimensions = in_order(target.where, kpi.grain)  # whichever way `where` lists them
    return {
        "calendar": kpi.calendar,
        "slice": slice_name(dimensions),
        "slice_value": slice_value([target.where[name] for name in dimensions]),
        "kind": target.kind,
        "target": target.value,
        "target_low": target.low,
        "target_high": target.high,
        "warning": target.warning,
        "factor": (target.of_last_year or 1.0) if relative else None,
        "base_kpi": (target.kpi or kpi.kpi) if relative else None,
        "valid_from": target.from_,
        "valid_to": target.to,
        "set_by": target.set_by,
        "why": target.why,
    }


def _steps(target: Target) -> dict[str, Any]:
    """The sizes of the amounts in whole steps of 10 ** -decimals, so that SQL divides integers.

    Steps are cents; finer where more decimals are written, or for fewer than 10 ** DIGITS of them.
    """
    amounts = {
        "target": target.value,
        "target_low": target.low,
        "target_high": target.high,
        "warning": target.warning,
    }
    sizes = {
        name: abs(Decimal(repr(value))) for name, value in amounts.items() if value is not None
    }
    numbers = [size.normalize() for size in sizes.values() if size]
    written = [-int(number.as_tuple().exponent) for number in numbers]
    digits = [DIGITS - number.adjusted() for number in numbers]
    decimals = max(CENTS, *written, *digits) if numbers else CENTS
    steps = {f"{name}_steps": str(int(size.scaleb(decimals))) for name, size in sizes.items()}
    return {"decimals": decimals, **steps}
