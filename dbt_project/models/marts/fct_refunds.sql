with refunds as (
    select * from {{ ref('stg_refunds__refunds') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
)

select
    refunds.refund_id,
    refunds.refund_date,
    refunds.basket_id,
    refunds.product_id,
    order_lines.household_id,
    order_lines.order_date,
    cast(refunds.refund_date - order_lines.order_date as integer) as days_to_refund,
    coalesce(refunds.reason, 'unknown') as refund_reason,
    refunds.amount as refund_amount
from refunds
left join order_lines
    on refunds.basket_id = order_lines.basket_id
    and refunds.product_id = order_lines.product_id
