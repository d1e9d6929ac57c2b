select
    "Row ID" as row_id,
    "Order ID" as order_id,
    "Order Date" as ordered_on,
    "Ship Date" as shipped_on,
    "Ship Mode" as ship_mode,
    "Customer ID" as customer_id,
    "Segment" as segment,
    "Region" as region,
    "Category" as category,
    "Sales" as sales,
    "Quantity" as quantity,
    "Discount" as discount,
    "Profit" as profit
from {{ source('raw', 'superstore') }}
{{ last_file(['"Row ID"']) }}
