with items as (
    select * from {{ ref('stg_order_items__items') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    items.order_id,
    items.order_item_id,
    orders.purchased_on,
    orders.customer_state,
    items.product_id,
    items.seller_id,
    items.price,
    items.freight_value
from items
left join orders on items.order_id = orders.order_id
