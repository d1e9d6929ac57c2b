"""Compiled models without dbt: as plain SQL, in the order in which they rest on each other."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kpi_specs.compiler import Compiled

if TYPE_CHECKING:
    import duckdb

_REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
_SOURCE = re.compile(r"\{\{ source\('(\w+)', '(\w+)'\) \}\}")
_CONFIG = re.compile(r"\{\{ config\(.*?\) \}\}")


def plain_sql(model: str, tables: Mapping[str, str] | None = None) -> str:
    """A dbt model as SQL.

    Args:
        model: The file's text.
        tables: Model name to the table that a ref to it means; by default the model's own name.
    """
    named = tables or {}
    sql = _REF.sub(lambda found: named.get(found[1], found[1]), _CONFIG.sub("", model))
    return _SOURCE.sub(r"\1.\2", sql)


def generated_order(compiled: Compiled, kpis: Iterable[str]) -> tuple[str, ...]:
    """Names of the generated models that these KPIs need, each after those it reads."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        file = compiled.files.get(f"{name}.sql")
        if file is None or name in order:
            return
        for read in _REF.findall(file):
            visit(read)
        order[name] = None

    for kpi in kpis:
        visit(compiled.kpi_models[kpi])
    return tuple(order)


def models_read(compiled: Compiled, generated: Iterable[str]) -> tuple[str, ...]:
    """Names of the models written by hand that these generated ones read."""
    read = dict.fromkeys(r for n in generated for r in _REF.findall(compiled.files[f"{n}.sql"]))
    return tuple(name for name in read if f"{name}.sql" not in compiled.files)


def build_tables(
    con: "duckdb.DuckDBPyConnection", compiled: Compiled, generated: Iterable[str]
) -> None:
    """Create the tables of generated models, in the given order; what they read is there."""
    for name in generated:
        con.execute(f'create table "{name}" as {plain_sql(compiled.files[f"{name}.sql"])}')
