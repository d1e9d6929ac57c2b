"""The till: the package's transactions as monthly parquet exports, products beside them."""

from pathlib import Path

import duckdb

from orchestration.demo.calibration import FIRST_DAY, LAST_DAY, ZONE
from orchestration.demo.files import quoted, write, write_monthly
from orchestration.demo.package_data import package_file


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Read the package's sales into the temporary tables `lines`, `products` and `baskets`.

    `lines` has the package's columns and `order_date`, the local business date; `baskets` has one
    row per basket (basket_id, order_date), in order of its id.

    Raises:
        DemoDataMissingError: the package is not installed.
    """
    con.execute(
        f"""create or replace temp table lines as
        select *, timezone('{ZONE}', timezone('UTC', transaction_timestamp))::date as order_date
        from '{quoted(package_file("transactions"))}'"""
    )
    con.execute(
        f"""create or replace temp table products as
        select * from '{quoted(package_file("products"))}'"""
    )
    con.execute(
        f"""create or replace temp table baskets as
        select basket_id, any_value(order_date) as order_date from lines
        where order_date between '{FIRST_DAY}' and '{LAST_DAY}'
        group by basket_id order by basket_id"""
    )


def export(con: duckdb.DuckDBPyConnection, landing: Path) -> dict[str, int]:
    """Write `pos/`: transactions by UTC month, and products. Returns rows by source.

    The till writes UTC, so the last evening of the year lies in the file of January 2018.
    """
    columns = "* exclude (order_date)"
    return {
        "pos_transactions": write_monthly(
            con,
            f"select {columns} from lines order by transaction_timestamp, basket_id, product_id",
            landing / "pos",
            "transactions_{month}.parquet",
            by="transaction_timestamp",
        ),
        "products": write(
            con, "select * from products order by product_id", landing / "pos" / "products.parquet"
        ),
    }
