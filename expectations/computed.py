"""The computed KPI tables gathered into one, and which KPIs have no usable table."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from expectations.missing import Preflight
from expectations.sql import columns_in, identifier, literal
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.computed import LEAST_ROWS
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

# Columns of kpi.kpi_<id> that are judged.
COLUMNS = (
    "cadence", "calendar", "period", "period_start", "period_end", "previous_period",
    "year_ago_period", "slice", "slice_value", "value", "numerator", "denominator", "row_count",
)  # fmt: skip

# Columns that only some types have, and what stands for one that is not there.
OPTIONAL = {
    LEAST_ROWS: "row_count",
    "open_rows": "null",
    "open_until": "null",
    "sample_rows": "null",
}


def unusable_tables(
    con: "duckdb.DuckDBPyConnection", project: Project, found: Preflight, errors: Mapping[str, str]
) -> dict[str, str]:
    """KPIs that should have been computed and have no table, or one that cannot be read.

    Returns:
        KPI -> message. KPIs that preflight left out, and known errors, are not repeated.
    """
    columns = columns_in(con, "kpi")
    messages: dict[str, str] = {}
    for name in project.kpis:
        if name in found.kpis_left_out or name in errors:
            continue
        table = columns.get(f"kpi.kpi_{name}")
        if table is None:
            messages[name] = f"table kpi.kpi_{name} is not there"
        elif absent := [c for c in COLUMNS if c not in table]:
            messages[name] = f"table kpi.kpi_{name} lacks {', '.join(absent)}"
    return messages


def gather(
    con: "duckdb.DuckDBPyConnection", project: Project, kpis: Iterable[str]
) -> dict[str, str]:
    """Write the temporary table `kpi_rows`: all rows of the named KPIs' tables.

    Returns:
        KPI -> why its table, which may be a view, could not be read. Of those there are no rows.
    """
    import duckdb

    con.execute(
        "create or replace temp table kpi_rows (kpi varchar, cadence varchar, calendar varchar, "
        "period varchar, period_start date, period_end date, previous_period varchar, "
        "year_ago_period varchar, slice varchar, slice_value varchar, value double, "
        "numerator double, denominator double, row_count bigint, least_rows bigint, "
        "open_rows bigint, open_until date, sample_rows bigint)"
    )
    unreadable: dict[str, str] = {}
    found = columns_in(con, "kpi")
    for name in kpis:
        rows = _rows_of(project.kpis[name], found.get(f"kpi.kpi_{name}", ()))
        try:
            con.execute(f"insert into kpi_rows by name {rows}")
        except duckdb.Error as error:
            unreadable[name] = f"kpi.kpi_{name} cannot be read: {str(error).splitlines()[0]}"
    return unreadable


def forget(con: "duckdb.DuckDBPyConnection", kpis: Iterable[str]) -> None:
    """Remove rows of KPIs that are not to be trusted, such as those computed from a failed one."""
    con.executemany("delete from kpi_rows where kpi = ?", [[""], *([kpi] for kpi in kpis)])


def _rows_of(kpi: Kpi, there: Collection[str]) -> str:
    optional = (f"{one if one in there else other} as {one}" for one, other in OPTIONAL.items())
    columns = ", ".join((*COLUMNS, *optional))
    # A cadence that the spec no longer has may still be in a table of an earlier run.
    cadences = ", ".join(literal(c) for c in kpi.cadence)
    return (
        f"select {literal(kpi.kpi)} as kpi, {columns}\n"
        f"from kpi.{identifier(f'kpi_{kpi.kpi}')} where cadence in ({cadences})"
    )
