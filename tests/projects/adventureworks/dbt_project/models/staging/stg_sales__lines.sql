select
    "OrderNumber" as order_number,
    "OrderLineItem" as line,
    "OrderDate" as ordered_on,
    "ProductKey" as product_key,
    "CustomerKey" as customer_key,
    "TerritoryKey" as territory_key,
    "OrderQuantity" as quantity
from {{ source('raw', 'sales') }}
{{ last_file(['"OrderNumber"', '"OrderLineItem"']) }}
