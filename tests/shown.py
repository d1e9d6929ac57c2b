"""What readers are shown: rows as received, computed by the compiled SQL, judged; without dbt."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from expectations import judge
from kpi_specs.compiler import compile_project
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
    project = _project(case)
    compiled = compile_project(project, increments=False)
    order = generated_order(compiled, project.kpis)
    tables = {name: f"marts.{name}" for name in case["datasets"]}
    tables |= {name: f'kpi."{name}"' for name in order}
    con = duckdb.connect()
    con.execute("create schema marts; create schema kpi")
    ensure_schemas(con)
    for name, given in case["datasets"].items():
        _receive(con, name, given, case["as_of"])
    write_calendar(con, project, case["as_of"])
    assert build_what_can_be(con, compiled, order, tables) == {}
    judge(con, project, as_of=case["as_of"], run_id="r1", compute_errors={})
    computed = (f"from {tables[compiled.kpi_models[one]]}" for one in project.kpis)
    con.execute(f"create view computed as {' union all by name '.join(computed)}")
    con.execute(_SHOWN)
    return con


def _project(case: Mapping[str, Any]) -> Project:
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
    known = {"date": "date", "timestamp": "timestamp"}
    words = {
        "source": name,
        "title": {"en": name},
        "owner": "data",
        "kind": "files",
        "path": f"landing/{name}*.csv",
        "columns": {c: {"type": known.get(t, "text")} for c, t in types.items()},
        "event_time": "day",
        "arrives": {"every": "day", "within": "1 day"},
        "expects": {"rows_per_day": 1},
    }
    return Source.model_validate({**words, **given.get("source", {})})


def _receive(con: duckdb.DuckDBPyConnection, name: str, given: Row, as_of: dt.date) -> None:
    """The raw table, its load and the mart."""
    rows = table(given["columns"], given["rows"])
    con.execute(
        f"create table raw.{name} as select *, ? as _load_id, 'f.csv' as _file, "
        f"cast(? as timestamp) as _loaded_at from ({rows})",
        [f"{name}-1", as_of],
    )
    con.execute(
        "insert into audit.loads values "
        "(?, 'r1', ?, 'f.csv', 'hash', 1, ?, 0, 'loaded', '', '', cast(? as timestamp))",
        [f"{name}-1", name, len(given["rows"]), as_of],
    )
    con.execute(f"create table marts.{name} as {given.get('model', f'from raw.{name}')}")
