-- Sales count on the day of the order, refunds on the day of the refund: a closed month never
-- changes when a customer brings something back later.
select
    'sale' as entry_type,
    '' as refund_id,
    basket_id,
    product_id,
    order_date as business_date,
    gross_amount as amount
from {{ ref('fct_order_lines') }}

union all

select
    'refund' as entry_type,
    refund_id,
    basket_id,
    product_id,
    refund_date as business_date,
    -refund_amount as amount
from {{ ref('fct_refunds') }}
