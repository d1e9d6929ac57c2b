with payments as (
    select * from {{ ref('stg_payments__payments') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    payments.order_id,
    payments.payment_sequential,
    orders.purchased_on,
    payments.payment_type,
    payments.payment_value
from payments
left join orders on payments.order_id = orders.order_id
