select
    order_id,
    cast(delivered_at as date) as delivered_on,
    customer_state,
    date_diff('second', purchased_at, delivered_at) / 86400.0 as days_to_deliver,
    -- The promise is a day: any hour of it is in time.
    cast(delivered_at as date) > promised_on as is_late
from {{ ref('fct_orders') }}
where delivered_at is not null
