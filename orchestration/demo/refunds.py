"""Refunds: lines of real baskets given back, wholly or in part, never above the line's amount."""

from pathlib import Path

import duckdb
import numpy as np

from orchestration.demo.calibration import LAST_DAY, REFUND_DAYS, REFUNDED_BASKETS, WHOLE_LINE
from orchestration.demo.files import table, write_monthly

REASONS = ("quality", "wrong_item", "damaged", "changed_mind")


def export(
    con: duckdb.DuckDBPyConnection, landing: Path, rng: np.random.Generator
) -> dict[str, int]:
    """Write `refunds/`. Returns rows by source.

    One to three lines of a refunded basket. Fuel (quantities over 100) and free lines are never
    given back. Needs the temporary tables `lines` and `baskets`.
    """
    baskets = con.execute("select basket_id from baskets order by basket_id").fetchnumpy()
    chosen = baskets["basket_id"][rng.random(len(baskets["basket_id"])) < REFUNDED_BASKETS]
    low, high = REFUND_DAYS
    columns = {
        "basket_id": chosen,
        "lag": rng.integers(low, high, len(chosen), endpoint=True),
        "wanted": rng.choice([1, 2, 3], len(chosen), p=[0.7, 0.2, 0.1]),
        "part": np.where(
            rng.random(len(chosen)) < WHOLE_LINE, 1.0, rng.uniform(0.2, 0.9, len(chosen))
        ),
        "salt": rng.integers(1, 2**31, len(chosen)),
        "reason": np.array(REASONS)[rng.integers(0, len(REASONS), len(chosen))].astype(object),
    }
    table(con, "chosen", columns)
    con.execute(
        """create or replace temp table refunded as
        select
            l.basket_id, l.product_id, l.order_date + c.lag::int as refund_date, c.reason,
            greatest(floor(round(l.sales_value * 100) * c.part), 1)::bigint as cents,
            row_number() over (
                partition by l.basket_id order by (l.product_id * c.salt) % 1000003, l.product_id
            ) as place,
            c.wanted
        from lines as l inner join chosen as c using (basket_id)
        where l.quantity between 1 and 100 and l.sales_value > 0
        qualify place <= wanted"""
    )
    query = f"""select
        printf('r%06d', row_number() over (order by refund_date, basket_id, product_id))
            as refund_id,
        refund_date, basket_id, product_id,
        printf('%d.%02d', cents // 100, cents % 100) as amount, reason, true as synthetic
    from refunded where refund_date <= '{LAST_DAY}' order by refund_id"""
    rows = write_monthly(con, query, landing / "refunds", "refunds_{month}.csv", by="refund_date")
    return {"refunds": rows}
