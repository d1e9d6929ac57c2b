select
    order_id,
    cast(delivered_at as date) as delivered_on,
    customer_state,
    purchased_at,
    delivered_at,
    -- The promise is a day: any hour of it is in time.
    cast(delivered_at as date) > promised_on as is_late
from {{ ref('fct_orders') }}
where delivered_at is not null
