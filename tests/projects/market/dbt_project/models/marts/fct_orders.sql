-- Orders by the day on which they were made, in Berlin; the tills write UTC.
select
    order_id,
    (ordered_at at time zone 'UTC' at time zone 'Europe/Berlin')::date as order_date,
    customer_id,
    store,
    status,
    units,
    amount,
    currency
from {{ ref('stg_orders__orders') }}
