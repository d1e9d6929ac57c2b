"""Facts about measures whose amounts jump to another unit: cents for units, micros, toman for rial.

The amounts of each day are looked at by themselves and by each dimension that some KPI slices by,
so that one store or channel in cents among others is seen. Sums and numbers of rows by day say
where something may have jumped, in one scan of a mart; only of those measures medians are taken.
`jumps.py` decides.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.jumps import LEAST_WEEKDAYS, NEAR_ON_AVERAGE, WEEKDAYS, Change, Day, find_jumps
from expectations.spec_sources import followed
from expectations.sql import columns_in, identifier, literal, write_temp
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.expressions import columns_of
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

JUMP_DAYS = "jump_days"
KPI_AMOUNTS = "spec_kpi_amounts"

_AMOUNTS = ("sum", "average", "min", "max", "median", "percentile")  # what has a unit
_MOST_VALUES = 50  # of a dimension; by more, rows are too few to say what is usual
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "UHUGEINT")  # fmt: skip
_FRACTIONAL = ("DECIMAL", "DOUBLE", "FLOAT")


@dataclass(frozen=True)
class _Series:
    """One measure of a dataset: all of its rows, or those of one value of a dimension."""

    dataset: str
    column: str
    dimension: str = ""
    value: str = ""


def write_jump_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `jump_days` and `spec_kpi_amounts`.

    `spec_kpi_amounts`: for each KPI the numeric columns whose amounts it adds up, averages or ranks
    (dataset, column_name), the source that answers for them, whether its events are waited for.
    `jump_days`: one row per such column and day on which its amounts jumped: dataset, column_name,
    business_date, tens (the power of ten, below 0 where they fell), was and now (medians as texts),
    and of_what (`store north`; '' where it is all rows).

    One scan of each dataset with such a column; where amounts may have jumped, one more for all
    rows and one for each such dimension.
    """
    types = _types(con)
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
            for row in _jumps(con, project, dataset_id, tuple(columns), types)
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


def _types(con: "duckdb.DuckDBPyConnection") -> dict[str, dict[str, str]]:
    """Mart -> its columns of numbers -> their type, without its precision."""
    found: dict[str, dict[str, str]] = {}
    for table, column, data_type in con.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = current_database() and table_schema = 'marts'"
    ).fetchall():
        kind = data_type.partition("(")[0]
        if kind in (*_WHOLE, *_FRACTIONAL):
            found.setdefault(table, {})[column] = kind
    return found


def _jumps(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    dataset_id: str,
    columns: tuple[str, ...],
    types: dict[str, dict[str, str]],
) -> Iterator[tuple[object, ...]]:
    """Rows of `jump_days` of one dataset."""
    dataset = project.datasets[dataset_id]
    there = columns_in(con, "marts").get(f"marts.{dataset.model}", ())
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
    suspects = _suspects(con, dataset, zone, columns, dimensions, everyone=bool(changes))
    told: set[tuple[str, dt.date]] = set()
    # All rows first: where they all jumped, nothing is said of each store.
    for dimension, group in groupby(
        sorted(suspects, key=lambda one: (one.dimension != "", one.dimension)),
        key=lambda one: one.dimension,
    ):
        for series, days in _days(con, dataset, zone, dimension, list(group)):
            whole = types[dataset.model][series.column] in _WHOLE
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


def _suspects(
    con: "duckdb.DuckDBPyConnection",
    dataset: Dataset,
    zone: str,
    columns: tuple[str, ...],
    dimensions: tuple[str, ...],
    *,
    everyone: bool,
) -> list[_Series]:
    """Measures whose mean lies far from that of the same weekdays before, on some day.

    What jumps for the first time does so in its mean, too; of the days before it none has jumped,
    so that nothing has to be left out of them here.

    Args:
        con: The warehouse.
        dataset: The dataset.
        zone: The project's time zone.
        columns: Columns of numbers.
        dimensions: Dimensions to look at them by.
        everyone: Whether all are, since what is usual begins anew on some day.
    """
    amounts = _per_column(columns, "total := sum(size)")
    numbers = range(len(dimensions))
    sets = ", ".join(["(business_date)", *(f"(business_date, by_{n})" for n in numbers)])
    named = "".join(
        f"when grouping(by_{n}) = 0 then {literal(dimension)} "
        for n, dimension in enumerate(dimensions)
    )
    values = "".join(f"when grouping(by_{n}) = 0 then by_{n} " for n in numbers)
    all_rows = "when true then ''"
    test = "true" if everyone else f"abs(shift) >= {NEAR_ON_AVERAGE}"
    found = con.execute(
        f"""
        with days as (
            -- One row per day, value of a dimension and measure: its rows, and their mean.
            select business_date, dimension, value, column_name, log10(amounts.total / amounts.rows)
                as mean
            from (
                select
                    business_date,
                    case {named}{all_rows} end as dimension,
                    case {values}{all_rows} end as value,
                    {amounts}
                from ({_read(dataset, zone, columns, dimensions)}
                )
                group by grouping sets ({sets})
            )
            where amounts.rows > 0 and value is not null
        ),
        shifts as (
            select dimension, value, column_name, mean - median(mean) over before as shift
            from days
            window before as (
                partition by dimension, value, column_name, dayofweek(business_date)
                order by business_date rows between {WEEKDAYS} preceding and 1 preceding
            )
            qualify count(*) over before >= {LEAST_WEEKDAYS}
        )
        select distinct column_name, dimension, value
        from shifts
        where {test}
            and dimension not in (
                select dimension from days
                group by dimension having count(distinct value) > {_MOST_VALUES}
            )
        order by all
        """
    ).fetchall()
    return [_Series(dataset.dataset, *row) for row in found]


def _days(
    con: "duckdb.DuckDBPyConnection",
    dataset: Dataset,
    zone: str,
    dimension: str,
    series: list[_Series],
) -> Iterable[tuple[_Series, list[Day]]]:
    """The days of some measures, all of rows or all by one dimension."""
    columns = tuple(dict.fromkeys(one.column for one in series))
    amounts = _per_column(columns, "middle := median(size)", "mean := avg(size)")
    value = "by_0" if dimension else "''"
    rows = con.execute(
        f"""
        select column_name, value, business_date, amounts.rows, amounts.middle, amounts.mean
        from (
            select business_date, {value} as value, {amounts}
            from ({_read(dataset, zone, columns, (dimension,) if dimension else ())}
            )
            group by 1, 2
        )
        where amounts.rows > 0 and value is not null
        order by all
        """
    ).fetchall()
    wanted = {(one.column, one.value): one for one in series}
    for key, group in groupby(rows, key=lambda row: (row[0], row[1])):
        if key in wanted:
            yield wanted[key], [Day(*row[2:]) for row in group]


def _read(
    dataset: Dataset, zone: str, columns: tuple[str, ...], dimensions: tuple[str, ...]
) -> str:
    """SQL of a mart's rows up to the clock: business_date, amount_0, ... and by_0, ..."""
    amounts = "".join(
        f", abs(cast({identifier(column)} as double)) as amount_{n}"
        for n, column in enumerate(columns)
    )
    given = "".join(
        f", cast({identifier(dimension)} as varchar) as by_{n}"
        for n, dimension in enumerate(dimensions)
    )
    return f"""
                    select {dataset_day(dataset, zone)} as business_date{amounts}{given}
                    from marts.{identifier(dataset.model)}
                    where {dataset_day(dataset, zone)} <= (select as_of from spec_clock)"""


def _per_column(columns: tuple[str, ...], *aggregates: str) -> str:
    """SQL of one row per column, column_name and amounts: rows, and aggregates of `size`.

    Rows of 0 are left out, for that is 0 in each unit, and so are those of NaN.
    """
    names = ", ".join(literal(column) for column in columns)
    packed = ", ".join(
        "struct_pack({})".format(
            ", ".join(
                f"{one.replace('size', f'amount_{n}')} filter "
                f"(amount_{n} > 0 and isfinite(amount_{n}))"
                for one in ("rows := count(*)", *aggregates)
            )
        )
        for n in range(len(columns))
    )
    return f"unnest([{names}]) as column_name, unnest([{packed}]) as amounts"
