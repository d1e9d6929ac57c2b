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


def build_what_can_be(
    con: "duckdb.DuckDBPyConnection",
    compiled: Compiled,
    generated: Iterable[str],
    tables: Mapping[str, str],
) -> dict[str, str]:
    """As `build_tables`, but one that fails leaves only those that read it unbuilt.

    Args:
        con: Where to build.
        compiled: The compiled specs.
        generated: Model names, each after those it reads.
        tables: Model name to its table, of all models that are built or read.

    Returns:
        Model that was not built -> `model: why`, the model being the one that failed first.
    """
    import duckdb

    failed: dict[str, str] = {}
    for name in generated:
        text = compiled.files[f"{name}.sql"]
        reads = _REF.findall(text)
        lost = next((failed[one] for one in reads if one in failed), None)
        absent = next((one for one in reads if one not in tables), None)
        if lost is not None:
            failed[name] = lost
        elif absent is not None:
            failed[name] = f"{absent}: the warehouse has no such table; run 'kpi run' first"
        else:
            try:
                con.execute(f"create table {tables[name]} as {plain_sql(text, tables)}")
            except duckdb.Error as error:
                failed[name] = f"{name}: {str(error).splitlines()[0]}"
    return failed
