"""The rows that a dataset's KPIs read: its model, with the dimension tables that slices need.

A join never multiplies rows, whatever the joined table holds: of a key that stands there twice no
row is taken, since which of them is right is not known. Totals and slices come from the same rows,
so they add up, and `expectations` withholds what rests on such a key (DUPLICATE_KEYS).
"""

from collections.abc import Sequence

from kpi_specs.language.dataset import Dataset, Join


def fact(dataset: Dataset, dimensions: Sequence[str]) -> str:
    """What follows FROM: one row per row of the dataset's model.

    Args:
        dataset: The dataset; only its joins that hold one of `dimensions` are made.
        dimensions: Dimensions that are read, each as `dimension_column`.
    """
    joins = dataset.joins_of(tuple(dimensions))
    model = f"{{{{ ref('{dataset.model}') }}}}"
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
            return _joined_name(join, dimension)
    return dimension


def _left_join(join: Join, dimensions: Sequence[str]) -> str:
    keys = [f"{key} as {_joined_name(join, key)}" for key in join.on.values()]
    used = [d for d in join.dimensions if d in dimensions]
    values = [f"if(count(*) = 1, any_value({d}), null) as {_joined_name(join, d)}" for d in used]
    on = [f"{_joined_name(join, key)} = fact.{column}" for column, key in join.on.items()]
    selected = ",\n        ".join((*keys, *values))
    return f"""
left join (
    -- A key that stands twice gives no value: which of its rows is right is not known.
    select
        {selected}
    from {{{{ ref('{join.model}') }}}}
    group by {", ".join(join.on.values())}
) as {join.model}
    on {" and ".join(on)}"""


def _joined_name(join: Join, column: str) -> str:
    return f"{join.model}__{column}"
