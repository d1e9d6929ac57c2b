"""For random data the compiled result equals a slow pandas computation; slices add up."""

import datetime as dt

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.compiled import compute, dataset, kpi
from tests.random_examples import few

FIRST, AS_OF = dt.date(2024, 1, 1), dt.date(2024, 3, 10)
rows = st.lists(
    st.tuples(
        st.dates(FIRST, dt.date(2024, 3, 20)),
        st.sampled_from(["web", "shop", "", None]),
        st.sampled_from(["x", "y"]),
        st.one_of(st.none(), st.integers(-500, 500)),
        st.sampled_from(["anna", "ben", "cem"]),
    ),
    min_size=1,
    max_size=40,
)
GRAIN = [[], ["channel"], ["channel", "region"]]
FREQUENCY = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m", "yearly": "%Y"}


def frame(given_rows: list) -> pd.DataFrame:
    data = pd.DataFrame(given_rows, columns=["day", "channel", "region", "cents", "customer"])
    data["day"] = pd.to_datetime(data["day"])
    data["channel"] = data["channel"].where(data["channel"].notna() & (data["channel"] != ""))
    data["channel"] = data["channel"].fillna("(none)")
    return data


METRICS = {
    "revenue": {"simple": {"sum": "amount"}},
    "customers": {"simple": {"count_distinct": "customer"}},
    "spent": {
        "ratio": {
            "numerator": {"sum": "amount", "where": "region = 'x' and amount is not null"},
            "denominator": {"count_distinct": "customer"},
        }
    },
    "orders": {"simple": {"count": "rows"}},
}


def compiled(given_rows: list) -> dict[str, pd.DataFrame]:
    """The rows of each kpi_<name>."""

    def literal(value: object) -> str:
        return "null" if value is None else f"'{value}'"

    values = ", ".join("(" + ", ".join(literal(v) for v in row) + ")" for row in given_rows)
    query = (
        "select day::date as day, channel::varchar as channel, region::varchar as region, "
        "(cents::bigint / 100)::decimal(10,2) as amount, customer::varchar as customer "
        f"from (values {values}) as given(day, channel, region, cents, customer)"
    )
    con = compute(
        [
            kpi(name, {"dataset": "sales", **metric}, cadence=list(FREQUENCY), grain=GRAIN)
            for name, metric in METRICS.items()
        ],
        [dataset("sales", dimensions=("channel", "region"))],
        {"sales": query},
        as_of=AS_OF,
        history_from=FIRST,
    )
    return {
        name: con.execute(f"select cadence, period, slice, slice_value, value from kpi_{name}").df()
        for name in METRICS
    }


def expected(data: pd.DataFrame, cadence: str, grain: list[str], measure) -> dict:
    """One group after the other, over what the clock lets see."""
    seen = data[data["day"] <= pd.Timestamp(AS_OF)]
    keys = [seen["day"].dt.strftime(FREQUENCY[cadence]), *(seen[d] for d in grain)]
    return {
        (key[0], " | ".join(key[1:]) or "total"): measure(group)
        for key, group in seen.groupby(keys)
    }


def check(found: pd.DataFrame, data: pd.DataFrame, measure, empty: float | None) -> None:
    for cadence in FREQUENCY:
        for grain in GRAIN:
            wanted = expected(data, cadence, grain, measure)
            chosen = found[
                (found["cadence"] == cadence) & (found["slice"] == ("+".join(grain) or "total"))
            ]
            got = {(r.period, r.slice_value): r.value for r in chosen.itertuples()}
            assert len(got) == len(chosen), "a period and slice stands twice"
            assert set(wanted) <= set(got), "a period with data is absent"
            for key, value in got.items():
                right = wanted.get(key, empty)
                if right is None or pd.isna(right):
                    assert pd.isna(value), (cadence, key, value)
                else:
                    assert abs(value - right) < 1e-9, (cadence, key, value, right)


def total(group: pd.DataFrame) -> float | None:
    """A sum that lacks one of its rows is not known."""
    return None if group["cents"].isna().any() else group["cents"].sum() / 100


def spent(group: pd.DataFrame) -> float:
    matched = group[(group["region"] == "x") & group["cents"].notna()]
    return matched["cents"].sum() / 100 / group["customer"].nunique()


@few(12)
@given(rows)
def test_values_equal_pandas_in_every_cadence_and_slice(given_rows):
    found, data = compiled(given_rows), frame(given_rows)
    check(found["revenue"], data, total, 0.0)
    check(found["customers"], data, lambda group: group["customer"].nunique(), 0.0)
    check(found["spent"], data, spent, None)
    check(found["orders"], data, len, 0.0)
    slices_and_days_add_up(found["orders"])


def slices_and_days_add_up(found: pd.DataFrame) -> None:
    for _, group in found.groupby(["cadence", "period"]):
        sums = group.groupby("slice")["value"].sum()
        assert sums.nunique() == 1
    totals = found[found["slice"] == "total"]
    days = totals[totals["cadence"] == "daily"]
    months = totals[totals["cadence"] == "monthly"].set_index("period")["value"]
    by_month = days.groupby(days["period"].str[:7])["value"].sum()
    assert (months.reindex(by_month.index) == by_month).all()
