with lines as (
    select * from {{ ref('stg_superstore__lines') }}
)

select
    row_id,
    order_id,
    customer_id,
    ordered_on,
    region,
    category,
    segment,
    sales,
    -- What the line would have cost without its discount, which the source does not tell.
    cast(sales / (1 - discount) as decimal(18, 6)) as list_price,
    quantity,
    discount,
    profit
from lines
