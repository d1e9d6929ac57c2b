"""The shop's warehouse as its last run left it, without dbt: sources ingested, marts filled."""

import datetime as dt
from pathlib import Path

import duckdb

from kpi_specs.language import load_project
from orchestration.ingest import ensure_schemas, ingest_source
from orchestration.transform.calendar import write_calendar
from tests.shop import make_shop

AS_OF = dt.date(2024, 3, 1)


def shop_that_ran(root: Path) -> Path:
    """The shop of `tests.shop` with var/warehouse.duckdb."""
    make_shop(root)
    project = load_project(root).project
    assert project is not None
    (root / "var").mkdir()
    with duckdb.connect(str(root / "var/warehouse.duckdb")) as con:
        ensure_schemas(con)
        for source in project.sources.values():
            now = dt.datetime(2024, 3, 1, 6)
            ingest_source(con, source, root=root, run_id="r1", loaded_at=now)
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_orders as "
            "select order_id, ordered_on as order_date, customer, channel, amount from raw.orders"
        )
        con.execute(
            "create table marts.fct_ads as "
            "select day as ad_date, channel, impressions, clicks, spend from raw.ads"
        )
        write_calendar(con, project, AS_OF)
        con.execute(
            "create table audit.verdicts as "
            "select 'revenue' as kpi, 'total' as slice, 'total' as slice_value"
        )
    return root


def changed(root: Path, kpi: str, *replacements: tuple[str, str]) -> None:
    """Replace text in a KPI's file."""
    (path,) = (root / "kpi_specs/kpis").rglob(f"{kpi}.yml")
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, f"'{old}' is not in {path.name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
