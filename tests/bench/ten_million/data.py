"""The generated shop: 10 million order lines over two years, and what else its KPIs read.

Every value comes from the row's number by a hash, so that the same size gives the same rows on
every machine. An order has one customer, one day, one channel and one country; customers come
back unevenly. The last days hold as many rows as any other: the last one is the increment.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

FIRST = dt.date(2023, 1, 1)
LAST = dt.date(2024, 12, 31)
DAYS = (LAST - FIRST).days + 1
LINES = 10_000_000


@dataclass(frozen=True)
class Size:
    """Rows of each table; all follow from the number of order lines."""

    lines: int = LINES

    @property
    def orders(self) -> int:
        """Two lines and a half to an order."""
        return self.lines * 2 // 5

    @property
    def customers(self) -> int:
        """Eight orders to a customer."""
        return self.lines // 20

    @property
    def sessions(self) -> int:
        """One session for two orders."""
        return self.lines // 5

    @property
    def accounts(self) -> int:
        """Accounts whose balance changes every fifth day."""
        return self.lines // 1000


def _part(of: str, salt: int, below: int) -> str:
    """A number from 0 to `below` - 1 that a row's number decides."""
    return f"cast(hash({of} * 16 + {salt}) % {below} as integer)"


def write_marts(con: "duckdb.DuckDBPyConnection", size: Size) -> None:
    """Create fct_order_lines, fct_sessions and fct_balances."""
    day = f"date '{FIRST}' + cast(order_id::bigint * {DAYS} // {size.orders} as integer)"
    # Squared: a quarter of the customers has half of the orders.
    share = f"({_part('order_id', 1, 2**24)} / {2**24}.0)"
    customer = f"cast({size.customers} * {share} ** 2 as integer)"
    con.execute(f"""
        create or replace table fct_order_lines as
        select
            line_id,
            order_id,
            ordered_on,
            {customer} as customer_id,
            'channel ' || {_part("order_id", 2, 10)} as channel,
            'country ' || {_part("order_id", 3, 20)} as country,
            cast(1 + {_part("line_id", 4, 20000)} / 100 as decimal(12, 2)) as amount,
            cast({_part("line_id", 5, 100)} / 100 as decimal(12, 2)) as discount,
            1 + {_part("line_id", 6, 5)} as quantity,
            {_part("line_id", 7, 20)} = 0 as is_returned,
            ordered_at,
            ordered_at + to_minutes(600 + {_part("line_id", 8, 10000)}) as delivered_at,
            1 as load_id
        from (
            select
                cast(range as integer) as line_id,
                cast(range * 2 // 5 as integer) as order_id,
                {day} as ordered_on,
                cast({day} as timestamp) + to_seconds({_part("order_id", 9, 86400)}) as ordered_at
            from range({size.lines})
        )
    """)
    day = f"date '{FIRST}' + cast(session_id::bigint * {DAYS} // {size.sessions} as integer)"
    con.execute(f"""
        create or replace table fct_sessions as
        select
            session_id,
            {day} as started_on,
            cast({day} as timestamp) + to_seconds({_part("session_id", 10, 86400)}) as started_at,
            {_part("session_id", 11, size.customers)} as customer_id,
            'channel ' || {_part("session_id", 12, 10)} as channel,
            'country ' || {_part("session_id", 13, 20)} as country
        from (select cast(range as integer) as session_id from range({size.sessions}))
    """)
    con.execute(f"""
        create or replace table fct_balances as
        select
            account_id,
            date '{FIRST}' + cast(day as integer) as balance_on,
            cast({_part("account_id * 1000 + day", 14, 100000)} / 100 as decimal(12, 2)) as balance,
            'channel ' || {_part("account_id", 15, 10)} as channel,
            'country ' || {_part("account_id", 16, 20)} as country
        from (select cast(range as integer) as account_id from range({size.accounts}))
        cross join (select range as day from range({DAYS}))
        where {_part("account_id * 1000 + day", 17, 5)} = 0
    """)
