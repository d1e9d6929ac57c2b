"""The days of a mart's amounts: where something may have jumped, and what `jumps.py` reads of it.

Sums and numbers of rows by day are one scan of a mart, however many columns and dimensions. Only
what they leave in doubt is read again, for its medians.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.jumps import LEAST_WEEKDAYS, NEAR_ON_AVERAGE, WEEKDAYS, Day
from expectations.sql import identifier, literal
from kpi_specs.language.dataset import Dataset

if TYPE_CHECKING:
    import duckdb

_MOST_VALUES = 50  # of a dimension, roughly; by more, rows are too few to say what is usual


@dataclass(frozen=True)
class Series:
    """One measure of a dataset: all of its rows, or those of one value of a dimension."""

    dataset: str
    column: str
    dimension: str = ""
    value: str = ""


def suspects(
    con: "duckdb.DuckDBPyConnection",
    dataset: Dataset,
    zone: str,
    columns: tuple[str, ...],
    dimensions: tuple[str, ...],
    *,
    everyone: bool,
) -> list[Series]:
    """Measures whose mean lies far from that of the same weekdays before, on some day.

    What jumps for the first time does so in its mean, too; of the days before it none has jumped,
    so that nothing has to be left out of them here.

    Args:
        con: The warehouse.
        dataset: The dataset.
        zone: The project's time zone.
        columns: Columns of numbers.
        dimensions: Dimensions to look at them by; those of many values are passed over.
        everyone: Whether all are, since what is usual begins anew on some day.
    """
    dimensions = _of_few_values(con, dataset, dimensions)
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
        order by all
        """
    ).fetchall()
    return [Series(dataset.dataset, *row) for row in found]


def _of_few_values(
    con: "duckdb.DuckDBPyConnection", dataset: Dataset, dimensions: tuple[str, ...]
) -> tuple[str, ...]:
    if not dimensions:
        return ()
    counts = ", ".join(f"approx_count_distinct({identifier(one)})" for one in dimensions)
    found = con.execute(f"select {counts} from marts.{identifier(dataset.model)}").fetchone()
    assert found is not None, "an aggregate without groups yields one row"
    return tuple(one for one, count in zip(dimensions, found, strict=True) if count <= _MOST_VALUES)


def days_of(
    con: "duckdb.DuckDBPyConnection",
    dataset: Dataset,
    zone: str,
    dimension: str,
    series: list[Series],
) -> Iterator[tuple[Series, list[Day]]]:
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
