select
    household_id,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date,
    count(distinct basket_id) as orders,
    cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
    arg_min(store_id, (is_repeat_order, basket_id)) as first_store_id
from {{ ref('fct_order_lines') }}
group by household_id
