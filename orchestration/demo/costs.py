"""Finance's price list: what one unit of a product costs the retailer."""

from pathlib import Path

import duckdb
import numpy as np

from orchestration.demo.calibration import COST_SHARE, CURRENCY
from orchestration.demo.files import table, write


def export(
    con: duckdb.DuckDBPyConnection, landing: Path, rng: np.random.Generator
) -> dict[str, int]:
    """Write `finance/product_costs.csv`. Returns rows by source.

    One row per product that was ever sold for money; a product without such a sale has no known
    cost. Six decimals, because fuel is counted in thousandths of a gallon.
    """
    prices = con.execute(
        """select product_id, median(sales_value / quantity) as price from lines
        where quantity > 0 and sales_value > 0 group by product_id order by product_id"""
    ).fetchnumpy()
    share = rng.uniform(*COST_SHARE, len(prices["price"]))
    columns = {"product_id": prices["product_id"], "cost": prices["price"] * share}
    table(con, "costs", columns)
    query = f"""select
        product_id, greatest(cost, 0.000001)::decimal(18, 6) as unit_cost,
        '{CURRENCY}' as currency, true as synthetic
    from costs order by product_id"""
    return {"product_costs": write(con, query, landing / "finance" / "product_costs.csv")}
