-- Orders as the shop's till exports them; its dates are local already.
select
    order_id,
    ordered_on as order_date,
    customer,
    coalesce(channel, 'unknown') as channel,
    amount
from {{ ref('stg_orders__orders') }}
