"""The rows that a dataset's KPIs read: its model, with the dimension tables that slices need.

A join never multiplies rows, whatever the joined table holds: of a key that stands there twice no
row is taken, since which of them is right is not known. Totals and slices come from the same rows,
so they add up, and `expectations` withholds what rests on such a key (DUPLICATE_KEYS).
"""

from collections.abc import Iterable, Sequence

from kpi_specs.language.dataset import Dataset, Join
from kpi_specs.mart_columns import as_read, in_sql, mart


def fact(dataset: Dataset, dimensions: Sequence[str], columns: Iterable[str]) -> str:
    """What follows FROM: one row per row of the dataset's model.

    Args:
        dataset: The dataset; only its joins that hold one of `dimensions` are made.
        dimensions: Dimensions that are read, each as `dimension_column`.
        columns: Columns of the model that are read, each as `in_sql`.
    """
    joins = dataset.joins_of(tuple(dimensions))
    keys = [column for join in joins for column in join.on]
    model = mart(dataset.model, (*columns, *dataset.own_dimensions, *keys))
    if not joins:
        return model
    return f"{model} as fact" + "".join(_left_join(join, dimensions) for join in joins)


def dimension_column(dataset: Dataset, dimension: str) -> str:
    """SQL of a dimension's value in `fact`.

    Joined columns have a long name: the model may have a column that is called like one of them,
    and measures read the model's.
    """
    for join in dataset.joins:
        if dimension in join.dimensions:
            return f"{in_sql(join.model)}.{_joined_name(join, dimension)}"
    return in_sql(dimension)


def _left_join(join: Join, dimensions: Sequence[str]) -> str:
    keys = [f"{as_read(key)} as {_joined_name(join, key)}" for key in join.on.values()]
    used = [d for d in join.dimensions if d in dimensions]
    values = [
        f"if(count(*) = 1, any_value({as_read(d)}), null) as {_joined_name(join, d)}" for d in used
    ]
    on = [f"{_joined_name(join, key)} = fact.{in_sql(column)}" for column, key in join.on.items()]
    selected = ",\n        ".join((*keys, *values))
    return f"""
left join (
    -- A key that stands twice gives no value: which of its rows is right is not known.
    select
        {selected}
    from {{{{ ref('{join.model}') }}}}
    group by {", ".join(map(as_read, join.on.values()))}
) as {in_sql(join.model)}
    on {" and ".join(on)}"""


def _joined_name(join: Join, column: str) -> str:
    return f"{join.model}__{in_sql(column)}"
