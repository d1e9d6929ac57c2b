"""Runs a generated incremental model as dbt does: hooks and SELECT in one transaction."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2


def build(
    con: duckdb.DuckDBPyConnection,
    name: str,
    text: str,
    tables: Mapping[str, str] | None = None,
) -> None:
    """Write the table `kpi.<name>`: whole if it is not there, else the increment.

    Args:
        con: Where the models that it reads, the calendar and the clock are.
        name: The model.
        text: Its file.
        tables: Model name to the table that a ref to it means; by default the model's own name.
    """
    named = tables or {}
    settings: dict[str, Any] = {}
    this = f"kpi.{name}"
    con.execute("create schema if not exists kpi")
    is_there = _is_there(con, name)
    words = {
        "config": lambda **found: settings.update(found) or "",
        "ref": lambda model: named.get(model, model),
        "source": lambda schema, table: f"{schema}.{table}",
        "is_incremental": lambda: is_there,
        "this": this,
        "execute": True,
        "run_query": lambda sql: SimpleNamespace(rows=con.execute(sql).fetchall()),
    }

    def rendered(template: str) -> str:
        return jinja2.Environment(autoescape=False).from_string(template).render(words)

    select = rendered(text)
    con.begin()
    try:
        for statement in settings["pre_hook"]:
            con.execute(rendered(statement))
        con.execute(
            f"insert into {this} by name {select}"
            if is_there
            else f"create table {this} as {select}"
        )
        for statement in settings["post_hook"]:
            con.execute(rendered(statement))
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _is_there(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(
        con.execute(
            "select 1 from information_schema.tables where table_schema = 'kpi' and table_name = ?",
            [name],
        ).fetchall()
    )
