-- Sales count on the day of the order, refunds on the day of the refund: a closed month never
-- changes when a customer brings something back later.
select
    'sale' as entry_type,
    '' as refund_id,
    basket_id,
    product_id,
    order_date as business_date,
    department,
    gross_amount as amount,
    gross_amount,
    cast(0 as decimal(12, 2)) as refund_amount
from {{ ref('fct_order_lines') }}

union all

select
    'refund' as entry_type,
    refund_id,
    basket_id,
    product_id,
    refund_date as business_date,
    department,
    -refund_amount as amount,
    cast(0 as decimal(12, 2)) as gross_amount,
    refund_amount
from {{ ref('fct_refunds') }}
