with lines as (
    select * from {{ ref('stg_sales__lines') }}
),

products as (
    select * from {{ ref('stg_products__products') }}
)

select
    lines.order_number,
    lines.line,
    lines.ordered_on,
    lines.product_key,
    lines.customer_key,
    lines.territory_key,
    lines.quantity,
    -- At the product's one price and cost: the lines' own amounts differ from them.
    lines.quantity * products.price as revenue,
    lines.quantity * products.cost as cost
from lines
left join products on lines.product_key = products.product_key
