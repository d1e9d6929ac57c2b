"""Whatever the joined table holds, the total is that of the rows, and slices add up to it."""

import datetime as dt

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.compiled import compute, dataset, kpi
from tests.random_examples import few

KEYS = st.sampled_from(["C1", "C2", "C3", "C4", None])
sales = st.lists(st.tuples(KEYS, st.integers(0, 500)), min_size=1, max_size=25)
customers = st.lists(st.tuples(KEYS, st.sampled_from(["north", "south", "", None])), max_size=8)


def _query(rows: list, columns: str) -> str:
    def literal(value: object) -> str:
        return "null" if value is None else f"'{value}'"

    values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
    names = ", ".join(column.split("::")[0] for column in columns.split(", "))
    if not rows:
        empty = "(" + ", ".join("null" for _ in columns.split(", ")) + ")"
        return f"select {columns} from (values {empty}) as given({names}) where false"
    return f"select {columns} from (values {values}) as given({names})"


def _by_pandas(sold: list, known: list) -> dict[str, float]:
    """Region -> sum; a key that stands twice, or not at all, has no region."""
    dim = pd.DataFrame(known, columns=["key", "region"], dtype=object).dropna(subset="key")
    dim = dim.drop_duplicates("key", keep=False)
    region = dict(zip(dim["key"], dim["region"], strict=True))
    sums: dict[str, float] = {}
    for key, amount in sold:
        name = region.get(key)
        name = "(none)" if pd.isna(name) or name == "" else name
        sums[name] = sums.get(name, 0.0) + amount
    return sums


@few(20)
@given(sales, customers)
def test_a_joined_dimension_neither_multiplies_nor_loses_rows(sold, known):
    con = compute(
        [kpi("revenue", {"dataset": "sales", "simple": {"sum": "amount"}}, grain=[[], ["region"]])],
        [
            dataset(
                "sales",
                joins=[{"model": "people", "on": {"customer": "id"}, "dimensions": ["region"]}],
            )
        ],
        {
            "sales": _query(
                [(dt.date(2024, 1, 5), *row) for row in sold],
                "day::date as day, customer::varchar as customer, amount::bigint as amount",
            ),
            "people": _query(known, "id::varchar as id, region::varchar as region"),
        },
        as_of=dt.date(2024, 1, 31),
    )
    found = con.execute("select slice, slice_value, value from kpi_revenue").fetchall()
    by_region = {value: number for name, value, number in found if name == "region"}
    totals = [number for name, _, number in found if name == "total"]
    assert totals == [float(sum(amount for _, amount in sold))]
    assert by_region == _by_pandas(sold, known)
