"""Facts about measures whose amounts jump to another unit: cents for units, micros, toman for rial.

The amounts of each day are looked at by themselves and by each dimension that some KPI slices by,
so that one store or channel in cents among others is seen. Sums and numbers of rows by day say
where something may have jumped, in one scan of a mart; only of those measures medians are taken.
`jumps.py` decides.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from expectations.jump_days import days_of, suspects
from expectations.jumps import Change, find_jumps
from expectations.spec_sources import followed
from expectations.sql import types_in, write_temp
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import columns_of
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

JUMP_DAYS = "jump_days"
KPI_AMOUNTS = "spec_kpi_amounts"

_AMOUNTS = ("sum", "average", "min", "max", "median", "percentile")  # what has a unit
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_FRACTIONAL = ("DECIMAL", "DOUBLE", "FLOAT")


def write_jump_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `jump_days` and `spec_kpi_amounts`.

    `spec_kpi_amounts`: for each KPI the numeric columns whose amounts it adds up, averages or ranks
    (dataset, column_name), the source that answers for them, whether its events are waited for.
    `jump_days`: one row per such column and day on which its amounts jumped: dataset, column_name,
    business_date, tens (the power of ten, below 0 where they fell), was and now (medians as texts),
    and of_what (`store north`; '' where it is all rows).

    Two scans of each dataset with such a column, one of them of its dimensions alone; where amounts
    may have jumped, one more for all rows and one for each such dimension.
    """
    tables = types_in(con, "marts")
    types = _numbers(tables)
    rows: list[tuple[object, ...]] = []
    read: dict[str, dict[str, None]] = {}
    for name, kpi in project.kpis.items():
        for dataset_id, column in _amounts(project, kpi):
            dataset = project.datasets[dataset_id]
            is_told_apart = column in (*dataset.key, *dataset.entities)
            if column in types.get(dataset.model, {}) and not is_told_apart:
                is_followed = dataset_id in followed(project, kpi)
                rows.append((name, dataset_id, column, dataset.sources[0], is_followed))
                read.setdefault(dataset_id, {})[column] = None
    write_temp(
        con,
        KPI_AMOUNTS,
        "kpi varchar, dataset varchar, column_name varchar, source varchar, is_followed boolean",
        rows,
    )
    write_temp(
        con,
        JUMP_DAYS,
        "dataset varchar, column_name varchar, business_date date, tens integer, was varchar, "
        "now varchar, of_what varchar",
        (
            row
            for dataset_id, columns in read.items()
            for row in _jumps(con, project, dataset_id, tuple(columns), tables)
        ),
    )


def _amounts(project: Project, kpi: Kpi) -> dict[tuple[str, str], None]:
    """Dataset and name of each column whose amounts a KPI's own measures take; an ordered set."""
    metric = project.taken_over(kpi)[-1].metric
    return {
        (metric.dataset_of(one), column): None
        for one in metric.measures
        for text in (one.expression if one.aggregation in _AMOUNTS else "*", one.where or "*")
        for column in columns_of(text)
    }


def _numbers(tables: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Mart -> its columns of numbers -> their type, without its precision."""
    return {
        table.removeprefix("marts."): {
            column: kind.partition("(")[0]
            for column, kind in types.items()
            if kind.partition("(")[0] in (*_WHOLE, *_FRACTIONAL)
        }
        for table, types in tables.items()
    }


def _jumps(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    dataset_id: str,
    columns: tuple[str, ...],
    tables: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[object, ...]]:
    """Rows of `jump_days` of one dataset."""
    dataset = project.datasets[dataset_id]
    there = tables.get(f"marts.{dataset.model}", {})
    if dataset.time not in there:
        return  # a matter of the model that lacks it
    changes = [
        Change(one.from_, one.to)
        for source in dataset.sources
        if source in project.sources
        for one in project.sources[source].level_changes
    ]
    dimensions = _dimensions(project, dataset, there)
    zone = project.settings.time_zone
    found = suspects(con, dataset, zone, columns, dimensions, everyone=bool(changes))
    told: set[tuple[str, dt.date]] = set()
    # All rows first: where they all jumped, nothing is said of each store.
    for dimension, group in groupby(
        sorted(found, key=lambda one: (one.dimension != "", one.dimension)),
        key=lambda one: one.dimension,
    ):
        for series, days in days_of(con, dataset, zone, dimension, list(group)):
            whole = there[series.column] in _WHOLE
            for jump in find_jumps(days, whole=whole, changes=changes):
                if dimension and (series.column, jump.date) in told:
                    continue
                told.add((series.column, jump.date))
                of_what = f"{dimension} {series.value}" if dimension else ""
                yield (
                    dataset_id, series.column, jump.date, jump.tens, _amount(jump.was),
                    _amount(jump.now), of_what,
                )  # fmt: skip


def _amount(value: float) -> str:
    """`4,210.00`; of what is below 1 so many digits that it can be told."""
    return f"{value:,.2f}" if value >= 1 else f"{value:.3g}"


def _dimensions(project: Project, dataset: Dataset, there: Collection[str]) -> tuple[str, ...]:
    """The dataset's own dimensions that some KPI over it is sliced by."""
    sliced = {
        dimension
        for kpi in project.kpis.values()
        if dataset.dataset in project.read_by(kpi)
        for dimension in kpi.dimensions
    }
    return tuple(d for d in dataset.own_dimensions if d in sliced and d in there)
