with orders as (
    select * from {{ ref('stg_orders__orders') }}
),

customers as (
    select * from {{ ref('stg_customers__customers') }}
)

select
    orders.order_id,
    cast(orders.order_purchase_timestamp as date) as purchased_on,
    orders.order_status,
    orders.order_purchase_timestamp as purchased_at,
    orders.order_delivered_customer_date as delivered_at,
    cast(orders.order_estimated_delivery_date as date) as promised_on,
    customers.customer_unique_id as customer_id,
    customers.customer_state
from orders
left join customers on orders.customer_id = customers.customer_id
