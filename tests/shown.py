"""What readers are shown: rows as received, computed by the compiled SQL, judged; without dbt."""

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from expectations import judge
from kpi_specs.compiler import Compiled, compile_project
from kpi_specs.language.project import Owner, Project
from kpi_specs.language.source import Source
from orchestration.ingest import ensure_schemas
from orchestration.plain_sql import build_what_can_be, generated_order
from orchestration.transform.calendar import write_calendar
from tests.compiled import Row, dataset, kpi, settings, table

_NOT_OF_THE_DATASET = ("columns", "rows", "model", "source")
_SHOWN = """
create table shown as
select
    kpi, cadence, period, slice, slice_value, data_status, reason_codes, reason,
    case when data_status in ('final', 'provisional') then computed.value end as value
from audit.verdicts
inner join computed using (kpi, cadence, period, slice, slice_value)
"""


def shown(case: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Build and judge a case; the table `shown` has a value only where readers see one.

    Every dataset has a source of its name, whose rows it is. The source promises each day's rows
    within a day, one at least; `source` overrides its fields. Where the mart is not the rows as
    they were received, `model` is its SQL over `raw.<name>`.
    """
    project = project_of(case)
    con = warehouse()
    for name, given in case["datasets"].items():
        receive(con, name, given, case["as_of"])
    write_calendar(con, project, case["as_of"])
    compiled = compile_project(project, increments=False)
    tables = compute_all(con, project, compiled)
    judge(con, project, as_of=case["as_of"], run_id="r1", compute_errors={})
    computed = (f"from {tables[compiled.kpi_models[one]]}" for one in project.kpis)
    con.execute(f"create view computed as {' union all by name '.join(computed)}")
    con.execute(_SHOWN)
    return con


def warehouse() -> duckdb.DuckDBPyConnection:
    """Without rows."""
    con = duckdb.connect()
    con.execute("create schema marts")
    ensure_schemas(con)
    return con


def compute_all(
    con: duckdb.DuckDBPyConnection, project: Project, compiled: Compiled, schema: str = "kpi"
) -> dict[str, str]:
    """Compute every KPI from all rows, into a new schema. Returns model name to its table."""
    order = generated_order(compiled, project.kpis)
    tables = tables_of(project, order, schema)
    con.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
    assert build_what_can_be(con, compiled, order, tables) == {}
    return tables


def tables_of(project: Project, generated: Iterable[str], schema: str = "kpi") -> dict[str, str]:
    """Model name to its table: marts, and generated models in `schema`."""
    tables = {name: f"marts.{name}" for name in project.datasets}
    return tables | {name: f'{schema}."{name}"' for name in generated}


def project_of(case: Mapping[str, Any]) -> Project:
    """The specs of a case, with what does not matter there filled in."""
    datasets = case["datasets"]
    return Project(
        Path(),
        settings(case.get("history_from", dt.date(2024, 1, 1)), **case.get("settings", {})),
        owners={name: Owner(owner=name, name={"en": name}) for name in ("ops", "data")},
        sources={name: _source(name, given) for name, given in datasets.items()},
        datasets={
            name: dataset(
                name, **{k: v for k, v in given.items() if k not in _NOT_OF_THE_DATASET}
            ).model_copy(update={"sources": (name,)})
            for name, given in datasets.items()
        },
        kpis={name: kpi(name, **spec) for name, spec in case["kpis"].items()},
    )


def _source(name: str, given: Row) -> Source:
    types = dict(column.split(maxsplit=1) for column in given["columns"].split(", "))
    known = {
        "date": "date", "timestamp": "timestamp", "integer": "integer", "bigint": "integer",
        "double": "number", "boolean": "boolean",
    }  # fmt: skip
    words = {
        "source": name,
        "title": {"en": name},
        "owner": "data",
        "kind": "files",
        "path": f"landing/{name}*.csv",
        "columns": {
            c: {"type": t if t.startswith("decimal") else known.get(t, "text")}
            for c, t in types.items()
        },
        "event_time": "day",
        "arrives": {"every": "day", "within": "1 day"},
        "expects": {"rows_per_day": 1},
    }
    return Source.model_validate({**words, **given.get("source", {})})


def receive(
    con: duckdb.DuckDBPyConnection, name: str, given: Row, as_of: dt.date, number: int = 1
) -> None:
    """The rows of load <name>-<number> come to the raw table; the mart is made of all of them."""
    load = f"{name}-{number}"
    rows = table(given["columns"], given["rows"])
    loaded = (
        f"select *, '{load}' as _load_id, '{number}.csv' as _file, "
        f"timestamp '{as_of}' as _loaded_at from ({rows})"
    )
    con.execute(f"create table if not exists raw.{name} as {loaded} limit 0")
    con.execute(f"insert into raw.{name} {loaded}")
    con.execute(
        "insert into audit.loads values "
        "(?, 'r1', ?, ?, 'hash', 1, ?, 0, 'loaded', '', '', cast(? as timestamp), '')",
        [load, name, f"{number}.csv", len(given["rows"]), as_of],
    )
    con.execute(f"create or replace table marts.{name} as {given.get('model', f'from raw.{name}')}")
