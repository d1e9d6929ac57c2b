"""`python -m tests.bench.judging`: what evidence and verdicts cost beside what they judge.

100 KPIs of 10 million order lines on 400 days, each in total and by nine channels: the models are
built by dbt, and then all 400,000 values are judged, from raw rows and mart, both as in a run.
Great Expectations is imported once, timed apart.
"""

import argparse
import datetime as dt
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_specs.compiler import compile_project
from kpi_specs.compiler.files import write
from kpi_specs.language.project import Owner, Project
from kpi_specs.language.source import Source
from orchestration.paths import ProjectPaths
from orchestration.transform.calendar import write_calendar
from tests import compiled as few
from tests.bench.bounds import Bound, told
from tests.bench.ten_million import data, specs
from tests.bench.ten_million.compute import Seconds, connect, timed

if TYPE_CHECKING:
    import duckdb

ROOT = Path(__file__).resolve().parents[2]

KPIS, DAYS, CHANNELS = 100, 400, 9
SHARE = 0.1  # of the compute stage, beside one import of Great Expectations
FIRST = data.LAST - dt.timedelta(days=DAYS - 1)
MART = "marts.fct_order_lines"


def main() -> int:
    """Measure; 0 when the bound holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.judging", description=__doc__)
    parser.add_argument("--lines", type=int, default=data.LINES, help="order lines")
    options = parser.parse_args()
    return told(judging(options.lines))


def judging(lines: int) -> list[Bound]:
    """Compute and judge once each, and print what it took."""
    project = project_of_100(lines)
    print(
        f"Machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; "
        f"{lines:,} order lines on {DAYS} days",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as folder:
        paths = ProjectPaths(Path(folder))
        paths.var.mkdir()
        with connect(paths.warehouse) as con:
            con.execute("set TimeZone = 'UTC'")
            _receive(con, lines)
            write_calendar(con, project, data.LAST)
        write_models(paths, project)
        compute = _compute(paths)
        imported = timed(_import_great_expectations)
        with connect(paths.warehouse) as con:
            con.execute("set TimeZone = 'UTC'")
            judged = timed(lambda: _judge(con, project))
            row = con.execute("""
                select count(*), count_if(data_status in ('final', 'provisional'))
                from audit.verdicts
            """).fetchone()
    assert row is not None
    print(f"\n{f'{row[0]:,} values of {len(project.kpis)} KPIs':<40}{'seconds':>8}{'CPU':>8}")
    _row("computed", compute)
    _row("import of Great Expectations", imported)
    _row(f"judged ({row[1]:,} have a value)", judged)
    return [_bound("seconds", compute.wall, imported.wall, judged.wall),
            _bound("CPU seconds", compute.cpu, imported.cpu, judged.cpu)]  # fmt: skip


def _bound(unit: str, compute: float, imported: float, judged: float) -> Bound:
    allowed = SHARE * compute + imported
    taken = judged + imported
    return Bound(
        f"evidence and verdicts, import included, in {unit}",
        f"{taken:.1f}",
        f"{allowed:.1f}",
        taken <= allowed,
    )


def project_of_100(lines: int) -> Project:
    """KPIs of the order lines alone, daily, in total and by channel."""
    found = specs.project(more=KPIS - 18)  # of the 20, those that rest on orders alone
    kpis = {
        name: kpi.model_copy(update={"cadence": ("daily",), "grain": ((), ("channel",))})
        for name, kpi in found.kpis.items()
        if kpi.metric.dataset not in ("sessions", "balances")
    }
    orders = {"sources": ("orders",), "model": MART.partition(".")[2]}
    return replace(
        found,
        settings=few.settings(FIRST),
        owners={"ops": Owner(owner="ops", name={"en": "Operations"})},
        sources={"orders": _source(lines)},
        datasets={"order_lines": found.datasets["order_lines"].model_copy(update=orders)},
        kpis=kpis,
    )


def _source(lines: int) -> Source:
    columns = {
        "line_id": "integer", "order_id": "integer", "ordered_on": "date", "customer_id": "integer",
        "channel": "text", "amount": "decimal(12, 2)",
    }  # fmt: skip
    return Source.model_validate(
        {
            "source": "orders",
            "title": {"en": "Orders"},
            "owner": "ops",
            "kind": "files",
            "path": "landing/orders/*.csv",
            "columns": {name: {"type": one} for name, one in columns.items()},
            "event_time": "ordered_on",
            "arrives": {"every": "day", "within": "1 day"},
            "expects": {"rows_per_day": lines // DAYS // 2},
        }
    )


def _receive(con: "duckdb.DuckDBPyConnection", lines: int) -> None:
    """The mart, the raw rows that it was made of, a file a day, and their lines in the load log."""
    data.write_marts(con, data.Size(lines))
    for schema in ("raw", "marts", "kpi", "audit"):
        con.execute(f"create schema if not exists {schema}")
    since = f"(ordered_on - date '{data.FIRST}')"
    con.execute(f"""
        create table {MART} as
        select * exclude (later) replace (
            ordered_on + later as ordered_on,
            ordered_at + to_days(later) as ordered_at,
            delivered_at + to_days(later) as delivered_at,
            replace(channel, 'channel {CHANNELS}', 'channel 0') as channel
        )
        from (
            select
                *,
                cast(date '{FIRST}' - ordered_on + {since} * {DAYS} // {data.DAYS} as integer)
                    as later
            from fct_order_lines
        )
    """)
    con.execute("drop table fct_order_lines")
    con.execute(f"""
        create table raw.orders as
        select
            line_id, order_id, ordered_on, customer_id, channel, amount,
            ordered_on::varchar as _load_id, ordered_on || '.csv' as _file, line_id as _line,
            ordered_on + interval 30 hours as _loaded_at
        from {MART}
    """)
    con.execute("""
        create table audit.loads as
        select
            _load_id as load_id, 'r' as run_id, 'orders' as source, _file as file, 'x' as sha256,
            1::bigint as bytes, count(*) as rows_loaded, 0::bigint as rows_rejected,
            'loaded' as status, '' as message, '' as missing_columns,
            any_value(_loaded_at) as loaded_at
        from raw.orders
        group by all
    """)
    con.execute("""
        create table audit.rejects (
            load_id varchar, source varchar, file varchar, line bigint, column_name varchar,
            value varchar, reason varchar, event_time timestamp
        )
    """)


def write_models(paths: ProjectPaths, project: Project) -> None:
    """The dbt project: what was compiled, beside a mart that is there already and never run."""
    models = paths.dbt_project / "models"
    shutil.copytree(ROOT / "dbt_project", paths.dbt_project, ignore=lambda *_: ["models"])
    models.mkdir()
    shutil.copy(ROOT / "dbt_project" / "models" / "staging" / "sources.yml", models)
    mart = models / "marts" / f"{MART.partition('.')[2]}.sql"
    mart.parent.mkdir()
    mart.write_text("select 1 as line_id\n", encoding="utf-8")
    write(paths.root, compile_project(project, increments=False).files)


def _compute(paths: ProjectPaths) -> Seconds:
    """The stage that a run calls "Computing KPIs": dbt, which has parsed the project before."""
    from orchestration.transform import run_models
    from orchestration.transform.manifest import prepare

    def compute() -> None:
        results = run_models(paths, select=["path:models/kpis"])
        if failed := [f"{one.name}: {one.message}" for one in results if one.status != "success"]:
            raise RuntimeError("dbt could not build " + "; ".join(failed))

    prepare(paths)
    return timed(compute)


def _import_great_expectations() -> None:
    import great_expectations  # noqa: F401


def _judge(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    from expectations import judge

    judge(con, project, as_of=data.LAST, run_id="bench", compute_errors={})


def _row(title: str, taken: Seconds) -> None:
    print(f"  {title:<38}{taken.wall:8.2f}{taken.cpu:8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
